/** A piece of work that is done again and again: at once while it has something to do, else when woken or after a while; slower when it fails. */

export interface LoopOptions {
  /** Milliseconds between two turns that found nothing to do; asked each time. */
  idleMs: () => number
  /** Longest pause after failures in a row. */
  longestMs: number
  /** Does one turn; true: there is more to do now. */
  turn: () => Promise<boolean>
  onError: (error: unknown) => void
}

const FIRST_PAUSE_MS = 100

export class Loop {
  readonly #options: LoopOptions
  #wake: () => void = () => {}
  #woken = false
  #stopped = false
  #failures = 0
  #running: Promise<void> | null = null

  constructor(options: LoopOptions) {
    this.#options = options
  }

  start(): void {
    this.#running ??= this.#run()
  }

  /** Ends the pause. */
  wake(): void {
    this.#woken = true
    this.#wake()
  }

  /** Resolves when the turn that runs has ended. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#wake()
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.#woken = false
      let more = false
      try {
        more = await this.#options.turn()
        this.#failures = 0
      } catch (error) {
        this.#failures += 1
        this.#options.onError(error)
      }
      if (!more && !this.#stopped) await this.#pause()
    }
  }

  #pause(): Promise<void> {
    const { longestMs } = this.#options
    // A failing turn is not hurried by new work: half the pause is fixed, half is chance, so that many writers do not come back at once.
    const failing = this.#failures > 0
    if (this.#woken && !failing) return Promise.resolve()
    const backoff = Math.min(longestMs, FIRST_PAUSE_MS * 2 ** Math.min(this.#failures - 1, 20))
    const ms = failing ? backoff * (0.5 + Math.random() / 2) : this.#options.idleMs()
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        this.#wake = () => {}
        resolve()
      }
      const timer = setTimeout(done, ms)
      this.#wake = () => {
        if (!failing || this.#stopped) done()
      }
    })
  }
}
