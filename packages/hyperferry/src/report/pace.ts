/** The pace of the backfill as it stands in the books: what holds, who has paused it, and why a running one waits. */
import { heardPace, readPace } from '../control/pacing.ts'
import type { Plan } from '../model.ts'
import type { Session } from '../target/connect.ts'
import { gauge } from '../throttle/reason.ts'
import type { Reason } from '../throttle/reason.ts'
import type { SparedWrites } from '../throttle/spare.ts'
import { settled } from '../throttle/settings.ts'
import { windowText } from '../throttle/window.ts'
import { paceOf } from '../work/pace-settings.ts'

export interface PaceDocument {
  /** Whether a backfill runs and has been heard of within a quarter of a minute. */
  running: boolean
  /** A person has said so; also before a backfill runs. */
  paused: { by: string; at: string; reason: string | null } | null
  /** Why no task starts now: the word of a person, the time of the day, limits. */
  reasons: Reason[]
  /** Most of them. */
  workers: number
  /** What a running backfill sees of the application's writes, and how many workers they bear; null: nobody is spared. */
  spared: SparedWrites | null
  /** Limits in force, by name, in words. */
  pauseWhen: Record<string, string>
  window: string | null
  /** How many times slower the application's writes may be; null: however slow. */
  writerSlowdown: number | null
  /** Who has said something else than the plan last; null: the plan holds. */
  setBy: string | null
}

/** The control schema must be up to date. */
export async function readPaceDocument(session: Session, migrationId: number, plan: Plan): Promise<PaceDocument> {
  const word = await readPace(session, migrationId)
  const heard = await heardPace(session, migrationId)
  const { workers, limits, window, writerSlowdown } = settled(paceOf(plan), word)
  const spared = (heard?.spared ?? null) as unknown as SparedWrites | null
  return {
    running: heard !== null,
    paused: word.paused,
    reasons: (heard?.reasons ?? []) as unknown as Reason[],
    // What was set is heard in a moment; what a command line said is known to the run alone.
    workers: word.workers ?? spared?.most ?? heard?.workers ?? workers,
    spared,
    pauseWhen: Object.fromEntries([...limits].map(([name, limit]) => [name, gauge(name, null, limit).limit ?? ''])),
    window: window === null ? null : windowText(window),
    writerSlowdown,
    setBy: word.setBy,
  }
}
