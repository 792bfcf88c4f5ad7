/** Sums, differences and percentiles of how long writes took. */
import type { WriteCounts } from '../control/write-times.ts'

export function sumOf(all: readonly WriteCounts[]): WriteCounts {
  const sum = new Map<number, number>()
  for (const counts of all) for (const [bucket, count] of counts) sum.set(bucket, (sum.get(bucket) ?? 0) + count)
  return sum
}

/** What came since `before`. */
export function growthOf(before: WriteCounts, now: WriteCounts): WriteCounts {
  return new Map(
    [...now].map(([bucket, count]): [number, number] => [bucket, Math.max(0, count - (before.get(bucket) ?? 0))]),
  )
}

export function writesIn(counts: WriteCounts): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0)
}

/** Milliseconds that so large a share of the writes did not take longer than, to a fifth; null when there are none. */
export function percentile(counts: WriteCounts, share: number): number | null {
  const rank = writesIn(counts) * share
  let seen = 0
  for (const [bucket, count] of [...counts].toSorted(([a], [b]) => a - b)) {
    seen += count
    if (count > 0 && seen >= rank) return 2 ** (bucket / 4)
  }
  return null
}
