/** What is against going on, from what was seen last. */
import type { PaceWord } from '../control/pacing.ts'
import type { PauseLimit } from '../model.ts'
import { Hysteresis } from './hysteresis.ts'
import type { PaceState } from './pace.ts'
import { gauge, halfOf } from './reason.ts'
import type { Reason } from './reason.ts'
import type { PaceSettings } from './settings.ts'
import type { SparedWrites } from './spare.ts'
import { clockText, isInside, minuteOfDay, windowText } from './window.ts'

/** What is known at a moment. */
export interface Known {
  settings: PaceSettings
  paused: PaceWord['paused']
  /** Last readings; absent and null: not known. */
  values: ReadonlyMap<PauseLimit, number | null>
  /** What the application's writes bear; null: there is nobody to be spared. */
  spared: SparedWrites | null
  /** Of a clock that never goes back. */
  nowMs: number
  /** Of the wall clock, for the window. */
  epochMs: number
}

/** Remembers which limits were exceeded and are not below half yet. */
export class Judge {
  readonly #limits = new Map<PauseLimit, Hysteresis>()

  /** Any reason is enough; the word of a person stands first. */
  judge({ settings, paused, values, spared, nowMs, epochMs }: Known): PaceState {
    const { limits, window, workers: most } = settings
    const reasons: Reason[] = []
    const gauges: Reason[] = []
    if (paused !== null) reasons.push(pauseReason(paused))
    const minute = window === null ? 0 : minuteOfDay(epochMs, window.zone)
    if (window !== null && !isInside(window, minute)) reasons.push(windowReason(windowText(window), minute))
    for (const [name, limit] of limits) {
      const value = values.get(name) ?? null
      const now = gauge(name, value, limit)
      gauges.push(now)
      if (this.#of(name).judge(value, { limit, below: halfOf(name, limit) }, nowMs)) reasons.push(now)
    }
    for (const name of this.#limits.keys()) if (!limits.has(name)) this.#limits.delete(name)
    const workers = Math.min(most, spared?.workers ?? most)
    return {
      reasons,
      workers,
      spared: spared === null ? null : { ...spared, most },
      limits: gauges,
      window: window === null ? null : windowText(window),
    }
  }

  #of(name: PauseLimit): Hysteresis {
    const known = this.#limits.get(name) ?? new Hysteresis()
    this.#limits.set(name, known)
    return known
  }
}

function pauseReason({ by, at, reason }: NonNullable<PaceWord['paused']>): Reason {
  const what = `by ${by} since ${at}${reason === null ? '' : `: ${reason}`}`
  return { code: 'pause', what, now: null, limit: null, resumesBelow: null }
}

function windowReason(window: string, minute: number): Reason {
  const what = `outside of ${window}, it is ${clockText(minute)}`
  return { code: 'window', what, now: clockText(minute), limit: window, resumesBelow: null }
}
