/** Counts of how long writes took: sums, differences and percentiles. */
import type { Json } from '../model.ts'

/** Writes by bucket; bucket i has those that took at most 2^(i/4) milliseconds (packages/dual-write/src/write-times.ts). */
export type WriteCounts = ReadonlyMap<number, number>

/** The library has no more: a quarter of an hour. */
const LAST_BUCKET = 80

/** The word of another program: what is no count is left out. */
export function countsOf(json: Json | undefined): WriteCounts {
  if (typeof json !== 'object' || json === null) return new Map()
  return new Map(
    Object.entries(json)
      .map(([bucket, count]): [number, number] => [Number(bucket), Number(count)])
      .filter(
        ([bucket, count]) =>
          Number.isSafeInteger(bucket) &&
          bucket >= 0 &&
          bucket <= LAST_BUCKET &&
          Number.isSafeInteger(count) &&
          count > 0,
      ),
  )
}

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
