/** The plan's pace and what people have said since: the newer word holds. */
import type { PaceWord } from '../control/pacing.ts'
import type { PauseLimit, TimeWindow } from '../model.ts'

export interface PaceSettings {
  workers: number
  /** Milliseconds, bytes, bytes per second, counts. */
  limits: ReadonlyMap<PauseLimit, number>
  window: TimeWindow | null
  /** How many times slower the application's writes may be; null: however slow. */
  writerSlowdown: number | null
}

export function settled(plan: PaceSettings, word: PaceWord): PaceSettings {
  const limits = new Map(plan.limits)
  for (const [name, value] of Object.entries(word.pauseWhen)) {
    if (value === null) limits.delete(name as PauseLimit)
    else limits.set(name as PauseLimit, value)
  }
  return {
    workers: word.workers ?? plan.workers,
    limits,
    window: word.window === undefined ? plan.window : word.window,
    writerSlowdown: word.writerSlowdown === undefined ? plan.writerSlowdown : word.writerSlowdown,
  }
}
