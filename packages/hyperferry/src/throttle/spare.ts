/** How many workers the application's writes bear: one at first, more while it does not feel them, fewer when it does (docs/design/0014). */
import { growthOf, percentile, sumOf, writesIn } from '../control/write-counts.ts'
import type { WriteCounts } from '../control/write-counts.ts'
import type { QuietTimes, WriteTimes } from '../control/write-times.ts'

/** What is seen of the writes; milliseconds. */
export interface SparedWrites {
  /** Workers that the application bears now. */
  workers: number
  /** Workers that a person or the plan wants. */
  most: number
  p99Ms: number | null
  /** Above it there will be fewer workers. */
  limitMs: number
}

export interface SpareRules {
  /** Workers that a person or the plan wants. */
  most: number
  /** How many times slower writes may be; null: it does not matter. */
  slowdown: number | null
  /** No task may start now. */
  waiting: boolean
  /** Of a clock that never goes back. */
  nowMs: number
}

/** Of so many writes a half says something, and of so many a hundredth. */
const LEAST_WRITES = 30
const LEAST_FOR_P99 = 100
/** A few milliseconds are felt by nobody. */
const UNFELT_MS = 5
/** After workers became fewer the tasks that run have to end first. */
const SETTLE_MS = 3000
/** So long is looked before there are fewer, and before there are more. */
const FEWER_MS = 2000
const MORE_MS = 5000
const WINDOW_MS = 10_000
/** So long a pause is before the half minute that writers tell of is all its own. */
const QUIET_AFTER_MS = 40_000
/** After workers that were felt: the next attempt. Each one in vain doubles it. */
const AGAIN_MS = 30_000
const LONGEST_AGAIN_MS = 1_800_000
/** What has been borne for so long counts as borne. */
const BORNE_MS = 300_000

export class Spare {
  readonly #totals = new Map<string, WriteCounts>()
  #seen: { ms: number; counts: WriteCounts }[] = []
  #quiet: QuietTimes | null = null
  #workers = 1
  /** Since when what is seen is the doing of so many. */
  #sinceMs = 0
  #waitingSince: number | null = null
  /** So many were felt the last time, and so often in vain. */
  #felt = Infinity
  #inVain = 0
  #againMs = 0

  /** How slow writes are without a backfill; null while it is not known, and then nobody is spared. */
  get quiet(): QuietTimes | null {
    return this.#quiet
  }

  /** Before the first task: `known` by an earlier run that ended a moment ago. */
  begin(writers: readonly WriteTimes[], known: QuietTimes | null, nowMs: number): void {
    this.#quiet = known ?? quietOf(writers)
    this.#sinceMs = nowMs
    this.#note(writers, nowMs)
  }

  /** After each look at the writers. null: nobody has to be spared. */
  look(writers: readonly WriteTimes[], rules: SpareRules): SparedWrites | null {
    const { most, slowdown, waiting, nowMs } = rules
    this.#note(writers, nowMs)
    this.#wait(writers, waiting, nowMs)
    if (this.#quiet === null || slowdown === null) return null
    const counts = sumOf(this.#seen.filter(({ ms }) => ms > this.#sinceMs).map((one) => one.counts))
    const p99Ms = writesIn(counts) < LEAST_FOR_P99 ? null : percentile(counts, 0.99)
    if (!waiting) this.#judge(counts, { most, slowdown, nowMs })
    return { workers: Math.min(most, this.#workers), most, p99Ms, limitMs: felt(this.#quiet.p99Ms) * slowdown }
  }

  #judge(counts: WriteCounts, { most, slowdown, nowMs }: { most: number; slowdown: number; nowMs: number }): void {
    const half = this.#times(counts, 'p50Ms')
    const hundredth = this.#times(counts, 'p99Ms')
    const sinceMs = nowMs - this.#sinceMs
    if (Math.max(half, hundredth) > slowdown) {
      if (this.#workers === 1 || sinceMs < FEWER_MS) return
      // When the usual write is that slow it is no chance.
      const fewer = half > slowdown ? Math.floor(Math.min(most, this.#workers) / 2) : Math.min(most, this.#workers) - 1
      this.#felt = this.#workers
      this.#workers = Math.max(1, fewer)
      this.#sinceMs = nowMs + SETTLE_MS
      this.#againMs = nowMs + Math.min(LONGEST_AGAIN_MS, AGAIN_MS * 2 ** this.#inVain)
      this.#inVain += 1
      return
    }
    if (sinceMs >= BORNE_MS && this.#workers >= this.#felt) this.#inVain = 0
    // More only while it is hardly felt: another worker costs more than the last one.
    const room = slowdown - 1
    const hardlyFelt = half <= 1 + room / 4 && hundredth <= 1 + room / 2
    if (!hardlyFelt || this.#workers >= most || sinceMs < MORE_MS || nowMs < this.#againMs) return
    this.#workers = this.#inVain === 0 ? Math.min(most, this.#workers * 2) : this.#workers + 1
    this.#sinceMs = nowMs
  }

  /** How many times slower than without a backfill; 1 when there are too few writes to tell. */
  #times(counts: WriteCounts, which: keyof QuietTimes): number {
    const [share, least] = which === 'p50Ms' ? [0.5, LEAST_WRITES] : [0.99, LEAST_FOR_P99]
    if (this.#quiet === null || writesIn(counts) < least) return 1
    return felt(percentile(counts, share) ?? 0) / felt(this.#quiet[which])
  }

  /** Writers that are new bring what they did before they were seen: that is not of now. */
  #note(writers: readonly WriteTimes[], nowMs: number): void {
    const grown = writers.flatMap(({ writer, total }) => {
      const before = this.#totals.get(writer)
      this.#totals.set(writer, total)
      return before === undefined ? [] : [growthOf(before, total)]
    })
    this.#seen = [...this.#seen.filter(({ ms }) => ms > nowMs - WINDOW_MS), { ms: nowMs, counts: sumOf(grown) }]
  }

  /** A long pause shows anew how fast writes are without us: by day and by night they are not the same. */
  #wait(writers: readonly WriteTimes[], waiting: boolean, nowMs: number): void {
    if (!waiting) {
      if (this.#waitingSince !== null) this.#sinceMs = nowMs
      this.#waitingSince = null
      return
    }
    this.#waitingSince ??= nowMs
    if (nowMs - this.#waitingSince < QUIET_AFTER_MS) return
    const quiet = quietOf(writers)
    if (quiet === null) return
    this.#quiet = quiet
    this.#workers = 1
    this.#inVain = 0
    this.#againMs = 0
  }
}

function quietOf(writers: readonly WriteTimes[]): QuietTimes | null {
  const counts = sumOf(writers.map(({ lately }) => lately))
  const [p50Ms, p99Ms] = [percentile(counts, 0.5), percentile(counts, 0.99)]
  return p50Ms === null || p99Ms === null || writesIn(counts) < LEAST_WRITES ? null : { p50Ms, p99Ms }
}

function felt(ms: number): number {
  return Math.max(UNFELT_MS, ms)
}
