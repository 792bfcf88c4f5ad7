import type { PaceDocument } from '../index.ts'
import { pausedText } from './paused-text.ts'
import { workersText } from './workers-text.ts'

/** The pace of the backfill for people: nothing when nothing is special about it. */
export function paceLines(pace: PaceDocument | null): string[] {
  if (pace === null) return []
  const { running, paused, setBy } = pace
  const pausedBy =
    paused === null
      ? []
      : [`  backfill paused by ${paused.by} since ${paused.at}${paused.reason === null ? '' : `: ${paused.reason}`}`]
  const others = pace.reasons.filter(({ code }) => code !== 'pause')
  const waits = running && others.length > 0 ? [`  backfill ${pausedText({ reasons: others })}`] : []
  const { spared } = pace
  const few =
    spared !== null && spared.workers < spared.most ? [`  backfill: ${workersText({ ...spared, spared })}`] : []
  return [...pausedBy, ...waits, ...few, ...(setBy === null ? [] : settingLines(pace))]
}

/** What holds now. */
export function settingLines({ workers, pauseWhen, window, writerSlowdown, setBy }: PaceDocument): string[] {
  const limits = Object.entries(pauseWhen).map(([name, limit]) => `${name} ${limit}`)
  const slowdown = writerSlowdown === null ? 'writers are not spared' : `writers at most ${writerSlowdown} times slower`
  const parts = [workersText({ workers, spared: null }), ...limits, ...(window === null ? [] : [window]), slowdown]
  return [`  pace: ${parts.join(' · ')}${setBy === null ? '' : ` (set by ${setBy})`}`]
}
