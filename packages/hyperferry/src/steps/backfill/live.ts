/** What a backfill needs when the application goes on writing. */
import { completionPoints } from '../../control/completion.ts'
import { dualState, isLive } from '../../control/dual-write.ts'
import { writersOf } from '../../control/writers.ts'
import { HyperferryError } from '../../errors.ts'
import type { CompletionPoint, PlannedTable } from '../../model.ts'
import type { Session } from '../../target/connect.ts'
import { readJobs } from '../../target/jobs.ts'
import { withSession } from '../../target/with-session.ts'
import type { StepContext } from '../context.ts'

/**
 * The completion points by source table; null when nobody writes to both databases. Throws HF-W010 after a change of roles, HF-T010 without a point, HF-G014
 * when policies run on the tables, HF-T011 when a writer whose lateness is not known writes to a table without a key. Only reads.
 */
export async function livePoints(
  ctx: Pick<StepContext, 'plan' | 'target' | 'migrationId'>,
  tables: readonly PlannedTable[],
): Promise<ReadonlyMap<string, CompletionPoint> | null> {
  return withSession(ctx.target, async (session) => {
    const state = await dualState(session, ctx.migrationId)
    if (state === null || !isLive(state)) return null
    if (state.stage !== 'dualwrite') {
      throw new HyperferryError('HF-W010', {
        what: `the stage is ${state.stage}: the backfill runs in stage dualwrite, while the source is the primary store`,
        hint: 'After a cutover the target is ahead; `hyperferry rollback` goes back.',
      })
    }
    const points = await completionPoints(session, ctx.migrationId)
    const missing = tables.filter(({ source }) => !points.has(source)).map(({ source }) => source)
    if (missing.length > 0)
      throw new HyperferryError('HF-T010', {
        what: `no completion point for ${missing.join(', ')}`,
        details: { tables: missing },
      })
    await jobsMustRest(session, ctx, tables)
    if (tables.some(({ mode }) => mode === 'replace')) await latenessMustBeKnown(session, ctx.migrationId)
    return points
  })
}

/** A policy that compresses or drops chunks while their rows are copied costs locks at best, rows at worst. */
async function jobsMustRest(
  session: Session,
  { plan, target }: Pick<StepContext, 'plan' | 'target'>,
  tables: readonly PlannedTable[],
): Promise<void> {
  const names = tables.map(({ name }) => name)
  const jobs = await readJobs(session, target.capabilities, plan.target.schema, names)
  const running = jobs.filter(({ scheduled }) => scheduled)
  if (running.length === 0) return
  throw new HyperferryError('HF-G014', {
    what: `scheduled: ${running.map(({ id, kind, object }) => `job ${id} (${kind}${object === null ? '' : ` of ${object}`})`).join(', ')}`,
    details: { jobs: running.map(({ id }) => id) },
  })
}

/** Writers with the library tell of each late row; of others only the word of a person is to be had. */
async function latenessMustBeKnown(session: Session, migrationId: number): Promise<void> {
  const writers = await writersOf(session, migrationId)
  const unknown = writers.filter(({ kind, facts }) => kind === 'external' && typeof facts['maxLateness'] !== 'string')
  if (unknown.length === 0) return
  throw new HyperferryError('HF-T011', {
    what: `${unknown.map(({ name }) => name).join(', ')}: it is not known how late its rows come, and tables of mode replace depend on it`,
    hint: 'Declare it: `hyperferry writers declare NAME --max-lateness "6 hours"`.',
    details: { writers: unknown.map(({ name }) => name) },
  })
}
