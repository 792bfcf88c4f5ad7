/** A number that only grows, over time. */

/** More than any lag that a person would wait for, at one reading a second. */
const KEPT = 7200

export class Track {
  readonly #points: { ms: number; value: number }[] = []

  /** Readings come in order. A smaller value than the last one (statistics were reset, the server fell back) begins anew. */
  put(ms: number, value: number): void {
    if (value < (this.#points.at(-1)?.value ?? value)) this.#points.length = 0
    this.#points.push({ ms, value })
    if (this.#points.length > KEPT) this.#points.shift()
  }

  /** Growth over the last `withinMs`, or since the first reading; null before the second. */
  growth(nowMs: number, withinMs: number): { value: number; ms: number } | null {
    const first = this.#points.find(({ ms }) => ms >= nowMs - withinMs)
    const last = this.#points.at(-1)
    if (first === undefined || last === undefined || first === last) return null
    return { value: last.value - first.value, ms: last.ms - first.ms }
  }

  perSecond(nowMs: number, withinMs: number): number | null {
    const growth = this.growth(nowMs, withinMs)
    return growth === null || growth.ms === 0 ? null : (growth.value / growth.ms) * 1000
  }

  /** For how long it has been known to be beyond `value`, in milliseconds; 0 when it is not. */
  sinceBeyond(value: number, nowMs: number): number {
    const first = this.#points.find((point) => point.value > value)
    return first === undefined ? 0 : nowMs - first.ms
  }
}
