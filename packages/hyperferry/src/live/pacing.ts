/** Commands `backfill pause`, `resume` and `set`: a word into the control schema, which a running backfill hears within two seconds. */
import { parseLimit } from '../config/pause-limit.ts'
import { parseSlowdown } from '../config/slowdown.ts'
import { parseWindow } from '../config/window.ts'
import { installControl } from '../control/install.ts'
import { forgetPace, liftPause, putPause, setPace } from '../control/pacing.ts'
import type { PaceChange } from '../control/pacing.ts'
import { HyperferryError } from '../errors.ts'
import type { Previewed } from '../mutate.ts'
import type { PlanOptions } from '../open-migration.ts'
import { readPaceDocument } from '../report/pace.ts'
import type { PaceDocument } from '../report/pace.ts'
import type { Session } from '../target/connect.ts'
import { onTarget, started } from '../target-only.ts'
import { withSession } from '../target/with-session.ts'
import { nameOfPerson } from '../work/person.ts'

export type { PaceDocument } from '../report/pace.ts'

/** They touch no data and can be taken back at once, so nobody is asked; they need neither the source nor the migration's lock. */
export interface PacingOptions extends PlanOptions {
  dryRun?: boolean
}

/** No further task starts, in this run and in later ones, until somebody resumes. Throws HF-B014 before `schema`. */
export async function backfillPause(options: PacingOptions & { reason?: string }): Promise<PaceDocument | Previewed> {
  const reason = options.reason?.trim() || null
  return change(options, 'Pauses the backfill: running tasks end, no other starts.', (session, id, by) =>
    putPause(session, id, { by, reason }),
  )
}

/** Lifts the pause; limits and the window still hold. */
export async function backfillResume(options: PacingOptions): Promise<PaceDocument | Previewed> {
  return change(options, 'Lifts the pause of the backfill.', liftPause)
}

export interface PaceRequest {
  workers?: number
  /** `name=value` or `name=off`. */
  pauseWhen?: readonly string[]
  /** `22:00-06:00`, with a zone if it is not UTC, or `off`. */
  window?: string
  /** How many times slower the application's writes may be, such as `5`, or `off`. */
  writerSlowdown?: string
  /** First of all back to the plan's word. */
  reset?: boolean
}

/** What is said here holds instead of the plan's word, in this run and in later ones. Throws HF-U001 for what is not understood. */
export async function backfillSet(options: PacingOptions & PaceRequest): Promise<PaceDocument | Previewed> {
  const { workers, pauseWhen = [], window, writerSlowdown, reset = false } = options
  const said: PaceChange = {
    ...(workers === undefined ? {} : { workers }),
    pauseWhen: Object.fromEntries(pauseWhen.map(parseLimit).map(({ name, value }) => [name, value])),
    ...(window === undefined ? {} : { window: window === 'off' ? null : parseWindow(window) }),
    ...(writerSlowdown === undefined ? {} : { writerSlowdown: parseSlowdown(writerSlowdown) }),
  }
  const nothing =
    workers === undefined && pauseWhen.length === 0 && window === undefined && writerSlowdown === undefined
  if (nothing && !reset) {
    throw new HyperferryError('HF-U001', {
      what: 'backfill set: nothing to set',
      hint: 'Give --workers, --pause-when name=value, --window, --writer-slowdown or --reset.',
    })
  }
  return change(options, 'Sets the pace of the backfill.', async (session, id, by) => {
    if (reset) await forgetPace(session, id, by)
    if (!nothing) await setPace(session, id, { ...said, by })
  })
}

type Say = (session: Session, migrationId: number, by: string) => Promise<void>

async function change(options: PacingOptions, title: string, say: Say): Promise<PaceDocument | Previewed> {
  return onTarget(options, async (opened) => {
    const { migrationId, plan } = await started(opened)
    if (options.dryRun === true) return { preview: { title, lines: [], sql: [] } }
    return withSession(opened.target, async (session) => {
      await installControl(session)
      await say(session, migrationId, nameOfPerson())
      return readPaceDocument(session, migrationId, plan)
    })
  })
}
