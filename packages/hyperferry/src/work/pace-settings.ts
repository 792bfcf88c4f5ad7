/** The pace that the plan asks for. */
import { limitNumbers } from '../config/pause-limit.ts'
import { parseWindow } from '../config/window.ts'
import type { Plan } from '../model.ts'
import type { PaceSettings } from '../throttle/settings.ts'

/** Times that the application's writes may be slower beside a backfill, unless the plan says otherwise. */
const WRITER_SLOWDOWN = 3

/** `workers` takes the place of the plan's. */
export function paceOf({ backfill }: Plan, workers: number = backfill.workers): PaceSettings {
  const { pauseWhen = {}, window, writerSlowdown = WRITER_SLOWDOWN } = backfill
  return {
    workers,
    limits: limitNumbers(pauseWhen),
    window: window === undefined ? null : parseWindow(window),
    writerSlowdown: writerSlowdown === 'off' ? null : writerSlowdown,
  }
}
