/** The pace that the plan asks for. */
import { limitNumbers } from '../config/pause-limit.ts'
import { parseWindow } from '../config/window.ts'
import type { Plan } from '../model.ts'
import type { PaceSettings } from '../throttle/settings.ts'

/** `workers` takes the place of the plan's. */
export function paceOf({ backfill }: Plan, workers: number = backfill.workers): PaceSettings {
  const { pauseWhen = {}, window } = backfill
  return { workers, limits: limitNumbers(pauseWhen), window: window === undefined ? null : parseWindow(window) }
}
