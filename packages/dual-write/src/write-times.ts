/** How long the application's writes take, so that a backfill beside them can spare them (docs/design/0014). */

/** Writes by bucket: bucket i has those that took longer than 2^((i-1)/4) ms, and not longer than 2^(i/4); 0 those of at most a millisecond. Empty ones are left out. */
export type WriteCounts = Record<string, number>

/** As it stands in the control schema. */
export interface WriteTimesReport {
  /** Of this process, since it has begun. */
  total: WriteCounts
  /** Those that ended in the last half minute. */
  lately: WriteCounts
}

/** 2^20 ms are a quarter of an hour. */
const BUCKETS = 81
const PER_DOUBLING = 4
const LATELY_MS = 30_000
const SLOT_MS = 1000

export class WriteTimes {
  readonly #total = newCounts()
  #slots: { from: number; counts: number[] }[] = []

  /** A write took `ms` and has ended at `nowMs`, by a clock that never goes back. */
  note(ms: number, nowMs: number): void {
    const bucket = ms <= 1 ? 0 : Math.min(BUCKETS - 1, Math.ceil(Math.log2(ms) * PER_DOUBLING))
    add(this.#total, bucket)
    add(this.#slotOf(nowMs), bucket)
  }

  report(nowMs: number): WriteTimesReport {
    this.#forget(nowMs)
    const lately = newCounts()
    for (const { counts } of this.#slots) for (const [bucket, count] of counts.entries()) add(lately, bucket, count)
    return { total: filled(this.#total), lately: filled(lately) }
  }

  #slotOf(nowMs: number): number[] {
    const last = this.#slots.at(-1)
    if (last !== undefined && nowMs < last.from + SLOT_MS) return last.counts
    this.#forget(nowMs)
    const slot = { from: nowMs, counts: newCounts() }
    this.#slots.push(slot)
    return slot.counts
  }

  #forget(nowMs: number): void {
    this.#slots = this.#slots.filter(({ from }) => from > nowMs - LATELY_MS)
  }
}

function newCounts(): number[] {
  return Array.from({ length: BUCKETS }, () => 0)
}

function add(counts: number[], bucket: number, count = 1): void {
  counts[bucket] = (counts[bucket] ?? 0) + count
}

function filled(counts: readonly number[]): WriteCounts {
  return Object.fromEntries([...counts.entries()].filter(([, count]) => count > 0))
}
