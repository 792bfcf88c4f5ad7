/** How much time one chunk covers: little enough to stay in memory, long enough not to make thousands. */
import { daysFromCivil } from '../../values/time.ts'
import type { TimeCandidate } from '../../source/source.ts'

/** Named lengths, in days, shortest first. */
const STEPS: readonly (readonly [days: number, text: string])[] = [
  [1 / 24, '1 hour'],
  [1 / 4, '6 hours'],
  [1 / 2, '12 hours'],
  [1, '1 day'],
  [7, '7 days'],
  [30, '30 days'],
  [90, '90 days'],
  [365, '365 days'],
]
/** Without a reason to go further, chunks stay within a month. */
const LONGEST_BY_SIZE = 30
/** Planning and locks grow with every chunk: past this the interval grows instead, whatever memory says. */
const MOST_CHUNKS = 2000

export interface IntervalFacts {
  candidate: TimeCandidate
  rows: number
  /** Bytes of a row in the target, indexes included. */
  bytesPerRow: number
  /** Memory that the newest chunks of all series share; null if unknown. */
  cacheBytes: number | null
  /** How many series are written to at the same time. */
  series: number
}

export interface IntervalChoice {
  text: string
  days: number
  /** Chunks the history will make, as far as the extent tells. */
  chunks: number
  /** Part of the extent lies outside 1971–2100. */
  stray: boolean
  /** Bytes of one chunk when they are far more than its share of memory, since shorter chunks would be too many; else null. */
  oversized: number | null
  reason: string
}

/** A quarter of the cache holds the newest chunk of every series; then at most 2000 chunks over the plausible extent. */
export function chooseInterval(facts: IntervalFacts): IntervalChoice {
  const { candidate, rows, bytesPerRow, series } = facts
  const extent = extentOf(candidate)
  const rowsPerDay = candidate.rowsPerDay ?? (extent === null || rows === 0 ? null : rows / Math.max(1, extent.days))
  const cache = facts.cacheBytes ?? 1024 ** 3
  const bytesPerDay = rowsPerDay === null ? null : rowsPerDay * bytesPerRow
  const share = (0.25 * cache) / Math.max(1, series)
  const fitting = bytesPerDay === null || bytesPerDay === 0 ? 7 : share / bytesPerDay
  const bySize = STEPS.findLastIndex(([days]) => days <= Math.min(fitting, LONGEST_BY_SIZE))
  // A few stray rows make a few chunks, not a chunk for every interval up to them.
  const dense = rowsPerDay === null || rowsPerDay === 0 ? Infinity : Math.ceil((4 * rows) / rowsPerDay)
  const days = extent === null ? 0 : extent.stray ? Math.min(extent.days, dense) : extent.days
  const byCount = STEPS.findIndex(([length]) => days / length <= MOST_CHUNKS)
  const index = Math.max(0, bySize, byCount < 0 ? STEPS.length - 1 : byCount)
  const [length, text] = STEPS[index] ?? [7, '7 days']
  const chunks = Math.ceil(days / length)
  const rate =
    rowsPerDay === null
      ? 'no rows to measure'
      : `${Math.max(1, Math.round(rowsPerDay))} rows/day x ${Math.round(bytesPerRow)} B`
  const chunkBytes = (bytesPerDay ?? 0) * length
  return {
    text,
    days: length,
    chunks,
    stray: extent?.stray ?? false,
    oversized: byCount > bySize && chunkBytes > 4 * share ? chunkBytes : null,
    reason: `${text}: ${rate}, ${chunks} chunks of history`,
  }
}

/** The extent within 1971–2100 in days, and whether there is more outside. */
function extentOf(candidate: TimeCandidate): { days: number; stray: boolean } | null {
  if (candidate.min === null || candidate.max === null) return null
  const [low, high] = [dayOf(candidate.min), dayOf(candidate.max)]
  const [first, last] = [daysFromCivil(1971, 1, 1), daysFromCivil(2101, 1, 1)]
  const clamp = (at: number): number => Math.min(Math.max(at, first), last)
  return { days: clamp(high) - clamp(low) + 1, stray: low < first || high >= last }
}

/** Day number of an ISO text whose year may be signed and long. */
function dayOf(iso: string): number {
  const match = /^([+-]?\d+)-(\d\d)-(\d\d)/.exec(iso)
  return match ? daysFromCivil(Number(match[1]), Number(match[2]), Number(match[3])) : 0
}
