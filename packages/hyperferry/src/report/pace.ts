/** The pace of the backfill as it stands in the books: what holds, who has paused it, and why a running one waits. */
import { heardPace, readPace } from '../control/pacing.ts'
import type { Plan } from '../model.ts'
import type { Session } from '../target/connect.ts'
import { gauge } from '../throttle/reason.ts'
import type { Reason } from '../throttle/reason.ts'
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
  workers: number
  /** Limits in force, by name, in words. */
  pauseWhen: Record<string, string>
  window: string | null
  /** Who has said something else than the plan last; null: the plan holds. */
  setBy: string | null
}

/** The control schema must be up to date. */
export async function readPaceDocument(session: Session, migrationId: number, plan: Plan): Promise<PaceDocument> {
  const word = await readPace(session, migrationId)
  const heard = await heardPace(session, migrationId)
  const { workers, limits, window } = settled(paceOf(plan), word)
  return {
    running: heard !== null,
    paused: word.paused,
    reasons: (heard?.reasons ?? []) as unknown as Reason[],
    // What was set is heard in a moment; what a command line said is known to the run alone.
    workers: word.workers ?? heard?.workers ?? workers,
    pauseWhen: Object.fromEntries([...limits].map(([name, limit]) => [name, gauge(name, null, limit).limit ?? ''])),
    window: window === null ? null : windowText(window),
    setBy: word.setBy,
  }
}
