/** A limit that holds once it was exceeded, until what is measured is below half of it. */

/** How long the last reading is believed when there is none: longer than a restart's first moments, shorter than anybody's patience. */
const BELIEVED_MS = 10_000

export class Hysteresis {
  #holds = false
  #readAt = Number.NEGATIVE_INFINITY

  /** Whether work must wait. `value` null: it cannot be told; after a while of that it no longer holds, so that nothing waits for ever for a number that does not come. */
  judge(value: number | null, bounds: { limit: number; below: number }, nowMs: number): boolean {
    if (value === null) {
      if (nowMs - this.#readAt > BELIEVED_MS) this.#holds = false
      return this.#holds
    }
    this.#readAt = nowMs
    if (value > bounds.limit) this.#holds = true
    else if (value < bounds.below) this.#holds = false
    return this.#holds
  }
}
