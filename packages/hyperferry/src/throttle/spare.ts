/** How many workers the application's writes bear: one at first, more while it does not feel them, fewer when it does (docs/design/0014). */
import { sumOf } from '../control/write-counts.ts'
import type { QuietTimes, WriteTimes } from '../control/write-times.ts'
import { feelingOf, feltMs, quietOf, seenNow } from './felt.ts'
import { WriteWindow } from './write-window.ts'

/** What is seen of the writes; milliseconds, null where too few are seen. */
export interface SparedWrites {
  /** Workers that the application bears now. */
  workers: number
  /** Workers that a person or the plan wants. */
  most: number
  p50Ms: number | null
  p99Ms: number | null
  /** Above one of them there will be fewer workers; null while it is not known how long writes take by themselves. */
  limits: QuietTimes | null
  /** Until more are tried; 0: as soon as the writes allow it. */
  moreInMs: number
}

export interface SpareRules {
  /** Workers that a person or the plan wants. */
  most: number
  /** How many times slower writes may be; null: it does not matter. */
  slowdown: number | null
  /** Most tasks that were under way at the same time since the last look. */
  busy: number
  /** Of a clock that never goes back. */
  nowMs: number
}

/** After workers became fewer the tasks that run have to end first. */
const SETTLE_MS = 3000
/** So long is looked before there are fewer, and before there are more. */
const FEWER_MS = 2000
const MORE_MS = 5000
/** So long without a task is before the half minute that writers tell of is all their own. */
const QUIET_AFTER_MS = 40_000
/** After workers that were felt: the next attempt. Each one in vain doubles it. */
const AGAIN_MS = 30_000
const LONGEST_AGAIN_MS = 1_800_000
/** What has been borne for so long counts as borne. */
const BORNE_MS = 300_000

export class Spare {
  readonly #window = new WriteWindow()
  #quiet: QuietTimes | null = null
  #workers = 1
  /** Since when what is seen is the doing of so many, and since when so many have really been at work. */
  #sinceMs = 0
  #busySinceMs = 0
  /** Since when no task runs, or no more than one because nobody knows how long writes take by themselves. */
  #restingSince: number | null = null
  #learningSince: number | null = null
  /** So many were felt the last time, after how many attempts in vain, and whether the last change was such an attempt. */
  #felt = Infinity
  #inVain = 0
  #attempt = true
  #againMs = 0

  /** How long writes take by themselves; null while it is not known. */
  get quiet(): QuietTimes | null {
    return this.#quiet
  }

  /**
   * The first look. `before`: what a run knew that ended a moment ago; null when there was none. What the writers tell now is the usual only if `clean`: no task has run
   * within the half minute that they tell of.
   */
  begin(writers: readonly WriteTimes[], before: { quiet: QuietTimes | null } | null, clean: boolean): void {
    this.#quiet = before === null ? (clean ? latelyOf(writers) : null) : before.quiet
  }

  /** After each look at the writers. null: nobody has to be spared. */
  look(writers: readonly WriteTimes[], { most, slowdown, busy, nowMs }: SpareRules): SparedWrites | null {
    if (this.#sinceMs === 0) this.#sinceMs = this.#busySinceMs = nowMs
    this.#window.note(writers, nowMs)
    this.#rest(writers, busy, nowMs)
    if (slowdown === null) return null
    if (this.#quiet === null) return this.#learn(writers, { most, nowMs })
    if (busy > 0) this.#judge(writers, { quiet: this.#quiet, most, slowdown, busy, nowMs })
    const { p50Ms, p99Ms } = this.#quiet
    return {
      workers: Math.min(most, this.#workers),
      most,
      ...seenNow(this.#window, { sinceMs: this.#sinceMs, nowMs }),
      limits: { p50Ms: feltMs(p50Ms) * slowdown, p99Ms: p99Ms === null ? null : feltMs(p99Ms) * slowdown },
      moreInMs: Math.max(0, this.#againMs - nowMs),
    }
  }

  #judge(
    writers: readonly WriteTimes[],
    rules: { quiet: QuietTimes; most: number; slowdown: number; busy: number; nowMs: number },
  ): void {
    const { quiet, most, slowdown, busy, nowMs } = rules
    const now = Math.min(most, this.#workers)
    if (busy < now) this.#busySinceMs = nowMs
    const feeling = feelingOf(writers, this.#window, { quiet, slowdown, sinceMs: this.#sinceMs, nowMs })
    if (feeling === 'badly' || feeling === 'felt') {
      if (now > 1 && nowMs - this.#sinceMs >= FEWER_MS) this.#fewer(now, feeling, nowMs)
      return
    }
    const borneMs = nowMs - Math.max(this.#sinceMs, this.#busySinceMs)
    if (borneMs >= BORNE_MS && now >= Math.min(most, this.#felt)) this.#inVain = 0
    if (feeling !== 'hardly' || now >= most || borneMs < MORE_MS || nowMs < this.#againMs) return
    this.#workers = this.#inVain === 0 ? Math.min(most, now * 2) : now + 1
    this.#attempt = true
    this.#sinceMs = nowMs
  }

  #fewer(now: number, feeling: 'badly' | 'felt', nowMs: number): void {
    // Further steps down belong to the same attempt.
    if (this.#attempt) this.#inVain += 1
    this.#attempt = false
    this.#felt = now
    this.#workers = feeling === 'badly' ? Math.max(1, Math.floor(now / 2)) : now - 1
    this.#sinceMs = nowMs + SETTLE_MS
    this.#againMs = nowMs + Math.min(LONGEST_AGAIN_MS, AGAIN_MS * 2 ** (this.#inVain - 1))
  }

  /** Without knowing how long writes take by themselves: how long they take beside one worker is the next best. */
  #learn(writers: readonly WriteTimes[], { most, nowMs }: { most: number; nowMs: number }): SparedWrites | null {
    const lately = latelyOf(writers)
    if (lately === null) {
      this.#learningSince = null
      return null
    }
    this.#learningSince ??= nowMs
    if (nowMs - this.#learningSince >= QUIET_AFTER_MS) {
      this.#quiet = lately
      this.#sinceMs = nowMs
    }
    this.#workers = 1
    return { workers: 1, most, p50Ms: null, p99Ms: null, limits: null, moreInMs: 0 }
  }

  /** A long rest shows anew how long writes take by themselves: by day and by night that is not the same. */
  #rest(writers: readonly WriteTimes[], busy: number, nowMs: number): void {
    if (busy > 0) {
      if (this.#restingSince !== null) this.#sinceMs = this.#busySinceMs = nowMs
      this.#restingSince = null
      return
    }
    this.#restingSince ??= nowMs
    if (nowMs - this.#restingSince < QUIET_AFTER_MS) return
    const quiet = latelyOf(writers)
    if (quiet === null) return
    this.#quiet = quiet
    this.#workers = 1
    this.#felt = Infinity
    this.#inVain = 0
    this.#againMs = 0
  }
}

function latelyOf(writers: readonly WriteTimes[]): QuietTimes | null {
  return quietOf(sumOf(writers.map(({ lately }) => lately)))
}
