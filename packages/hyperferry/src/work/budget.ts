/** Bytes that all workers together may hold in memory; what does not fit goes to disk. Never waits, so it cannot deadlock. */
export class MemoryBudget {
  readonly limit: number
  #used = 0

  /** `limit` in bytes; default 128 MB, whatever the number of workers. */
  constructor(limit: number = 128 * 1024 * 1024) {
    this.limit = limit
  }

  get used(): number {
    return this.#used
  }

  /** Reserves `bytes` and says true, or changes nothing and says false. */
  tryTake(bytes: number): boolean {
    if (this.#used + bytes > this.limit) return false
    this.#used += bytes
    return true
  }

  /** Gives back what `tryTake` had reserved. */
  giveBack(bytes: number): void {
    this.#used -= bytes
  }
}
