/** Whether an application feels a backfill, by how long its writes take beside it and by themselves. */
import { percentile, writesIn } from '../control/write-counts.ts'
import type { WriteCounts } from '../control/write-counts.ts'
import type { QuietTimes, WriteTimes } from '../control/write-times.ts'
import { LONGEST_MS } from './write-window.ts'
import type { WriteWindow } from './write-window.ts'

/** `badly`: the usual write is slower than it may be, or none ends at all. `felt`: one in a hundred is. `hardly`: there may be more. `unknown`: too little is seen. */
export type Feeling = 'badly' | 'felt' | 'borne' | 'hardly' | 'unknown'

export interface Sight {
  quiet: QuietTimes
  /** How many times slower writes may be. */
  slowdown: number
  /** Since when what is seen is the doing of the workers of now. */
  sinceMs: number
  nowMs: number
}

/** Of so many writes a half says something, and of so many a hundredth. */
const LEAST_WRITES = 30
const LEAST_FOR_P99 = 100
/** A few milliseconds are felt by nobody. */
const UNFELT_MS = 5
/** Writes that are under way, and none that has ended for so long. */
const STUCK_MS = 3000
/** Nobody has written for so long. */
const IDLE_MS = 30_000
/** A process that lives is heard twice a second. */
const HEARD_MS = 5000

export function feelingOf(writers: readonly WriteTimes[], window: WriteWindow, sight: Sight): Feeling {
  const { slowdown, sinceMs, nowMs } = sight
  const lookedMs = nowMs - sinceMs
  if (lookedMs >= STUCK_MS && window.isStuck(nowMs - STUCK_MS)) return 'badly'
  const { p50, p99 } = slownessOf(window, sight)
  if (p50 !== null && p50 > slowdown) return 'badly'
  if (p99 !== null && p99 > slowdown) return 'felt'
  if (writers.some(({ ageMs }) => ageMs > HEARD_MS)) return 'unknown'
  if (lookedMs >= IDLE_MS && window.isIdle(nowMs - IDLE_MS)) return 'hardly'
  if (p50 === null || p99 === null) return 'unknown'
  // Another worker costs more than the last one.
  const room = slowdown - 1
  return p50 <= 1 + room / 4 && p99 <= 1 + room / 2 ? 'hardly' : 'borne'
}

/** How many times slower than by themselves; null where there are too few writes to tell. */
function slownessOf(window: WriteWindow, { quiet, sinceMs, nowMs }: Sight): { p50: number | null; p99: number | null } {
  // Of a long time few have to do.
  const { p50Ms, p99Ms } = seenNow(window, { sinceMs, nowMs }, nowMs - sinceMs >= LONGEST_MS)
  const times = (ms: number | null, usualMs: number): number | null =>
    ms === null ? null : feltMs(ms) / feltMs(usualMs)
  // With few writes the usual one has to speak for all.
  return { p50: times(p50Ms, quiet.p50Ms), p99: quiet.p99Ms === null ? 1 : times(p99Ms, quiet.p99Ms) }
}

/** What is seen now, in milliseconds; null where there are too few writes to tell, unless `few` are enough. */
export function seenNow(window: WriteWindow, { sinceMs, nowMs }: Pick<Sight, 'sinceMs' | 'nowMs'>, few = false) {
  const of = (share: number, least: number): number | null =>
    percentileOf(window.after(sinceMs, nowMs, least), share, few ? 1 : least)
  return { p50Ms: of(0.5, LEAST_WRITES), p99Ms: of(0.99, LEAST_FOR_P99) }
}

/** Of the half minute that the writers tell of; null when it was less than a write a second. */
export function quietOf(counts: WriteCounts): QuietTimes | null {
  const p50Ms = percentileOf(counts, 0.5, LEAST_WRITES)
  return p50Ms === null ? null : { p50Ms, p99Ms: percentileOf(counts, 0.99, LEAST_FOR_P99) }
}

export function feltMs(ms: number): number {
  return Math.max(UNFELT_MS, ms)
}

function percentileOf(counts: WriteCounts, share: number, least: number): number | null {
  return writesIn(counts) < least ? null : percentile(counts, share)
}
