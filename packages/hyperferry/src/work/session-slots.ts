/** The target's sessions for the tasks of one table: as many as may write at the same time. */
import type { Target } from '../target/connect.ts'
import { interrupted } from './backoff.ts'
import { SessionSlot } from './session-slot.ts'

export class SessionSlots {
  readonly #target: Target
  readonly #most: () => number
  readonly #free: SessionSlot[] = []
  readonly #waiting: (() => void)[] = []
  #used = 0
  #closed = false

  /** `most` may change meanwhile; call `look` when it has grown. */
  constructor(target: Target, most: () => number) {
    this.#target = target
    this.#most = most
  }

  /** Waits for one that is free, in the order of asking. What `use` throws closes all. */
  async use<T>(use: (slot: SessionSlot) => Promise<T>): Promise<T> {
    if (this.#used >= this.#most() || this.#waiting.length > 0)
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#used += 1
    if (this.#closed) {
      this.#leave()
      throw interrupted()
    }
    const slot = this.#free.pop() ?? new SessionSlot(this.#target)
    try {
      return await use(slot)
    } catch (error) {
      // Before the next one is let in.
      this.close()
      throw error
    } finally {
      this.#free.push(slot)
      this.#leave()
    }
  }

  /** Who waits, or asks from now on, gets HF-B022: something else has failed, and is told. */
  close(): void {
    this.#closed = true
  }

  /** Lets in who waits, if there is room. */
  look(): void {
    while (this.#used < this.#most()) {
      const next = this.#waiting.shift()
      if (next === undefined) return
      this.#used += 1
      next()
    }
  }

  #leave(): void {
    this.#used -= 1
    this.look()
  }

  /** When nobody uses one any more. */
  async release(): Promise<void> {
    for (const slot of this.#free.splice(0)) await slot.release()
  }
}
