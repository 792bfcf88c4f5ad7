/** Step 4: tells the writers to write to both databases, or to stop doing so. */
import { barrier } from '../control/barrier.ts'
import { dropCompletionPoints } from '../control/completion.ts'
import { contractHash, contractOf, mustCompile } from '../control/contract.ts'
import { dualState, hasWriters, moveStage, putContract } from '../control/dual-write.ts'
import { occupied } from '../control/occupied.ts'
import { writersOf } from '../control/writers.ts'
import { HyperferryError } from '../errors.ts'
import type { DualState, Stage, WriterInfo } from '../model.ts'
import type { Session, Target } from '../target/connect.ts'
import { missingTables } from '../target/tables-present.ts'
import { transaction } from '../target/transaction.ts'
import { withSession } from '../target/with-session.ts'
import type { StepContext } from './context.ts'

export interface StageResult {
  stage: Stage
  epoch: number
  primary: 'source' | 'target'
  writers: WriterInfo[]
  notes: string[]
}

/** How it stands; changes nothing. */
export async function readStage(target: Target, migrationId: number): Promise<StageResult> {
  return withSession(target, async (session) => {
    if (!(await hasWriters(session))) return result(null, [], [])
    const state = await dualState(session, migrationId)
    return result(state, await writersOf(session, migrationId), [])
  })
}

/**
 * `off → dualwrite` and, before there are receipts of time series, back. Twice the same changes nothing. Throws HF-W010 for any other change, HF-S013
 * when tables are missing, HF-S011 when they hold rows of somebody else, HF-W012 for columns without a rule, HF-W013 when `off` would leave records behind.
 */
export async function stage(ctx: StepContext, to: Stage): Promise<StageResult> {
  const state = await withSession(ctx.target, (session) => dualState(session, ctx.migrationId))
  const from = state?.stage ?? 'off'
  if (from === to && (state !== null || to === 'off'))
    return told(ctx, [`The stage is ${to} already; nothing changed.`])
  if (from === 'off' && to === 'dualwrite') return begin(ctx)
  if (from === 'dualwrite' && to === 'off') return end(ctx)
  throw refused(from, to)
}

async function begin(ctx: StepContext): Promise<StageResult> {
  const { plan, source, target, migrationId } = ctx
  const series = plan.tables.filter(({ kind }) => kind === 'timeseries')
  const missing = await missingTables(target, plan.target.schema, series)
  if (missing.length > 0) {
    throw new HyperferryError('HF-S013', { what: `${missing.slice(0, 5).join(', ')}: not in the target yet` })
  }
  const contract = contractOf(plan, source.info.engine, await source.inventory())
  mustCompile(contract)
  await withSession(target, async (session) => {
    // From the first dual-write on nobody can tell rows of somebody else from the application's.
    await occupied(
      session,
      { ...plan, tables: series.map((table) => ({ ...table, existingRows: 'refuse' as const })) },
      series,
    )
    await transaction(session, async () => {
      await session.query('set local synchronous_commit = on')
      await putContract(session, migrationId, contract, contractHash(contract))
      if (!(await moveStage(session, migrationId, 'off', 'dualwrite'))) throw refused('off', 'dualwrite')
    })
  })
  return told(ctx, ['Writers write to both databases as soon as they hear of it, within a second.'])
}

async function end(ctx: StepContext): Promise<StageResult> {
  const { target, migrationId, signal } = ctx
  await withSession(target, (session) => mustBeUncopied(session, migrationId))
  // Asked before and not after: a writer in stage off tells the source alone.
  const writers = await barrier(target, migrationId, { signal, enough: ({ inDoubt }) => inDoubt === 0 })
  const silent = writers.filter(({ kind, state }) => kind === 'library' && state !== 'alive')
  if (silent.length > 0) {
    throw new HyperferryError('HF-W013', {
      what: `${silent.map(({ name }) => name).join(', ')}: silent, and may hold records`,
    })
  }
  await withSession(target, (session) =>
    transaction(session, async () => {
      await session.query('set local synchronous_commit = on')
      if (!(await moveStage(session, migrationId, 'dualwrite', 'off'))) throw refused('dualwrite', 'off')
      await dropCompletionPoints(session, migrationId)
      await session.query('update hyperferry.writer set dual_since = null where migration_id = $1 and closed is null', [
        migrationId,
      ])
    }),
  )
  return told(ctx, [
    'Writers write to the source alone. What they have delivered stays in the target; to go on, empty the time series there and begin again.',
  ])
}

/** Rows that are written while the stage is off would be missing between the history that was copied and the next point. */
async function mustBeUncopied(session: Session, migrationId: number): Promise<void> {
  const { rows } = await session.query<{ source: string }>(
    `select t.source from hyperferry.migrated_table t where t.migration_id = $1 and t.kind = 'timeseries'
       and exists (select from hyperferry.receipt r where r.table_id = t.id) order by t.id`,
    [migrationId],
  )
  if (rows.length === 0) return
  throw new HyperferryError('HF-W010', {
    what: `history of ${rows.map(({ source }) => source).join(', ')} was copied for a completion point that would be lost`,
    hint: 'Leave the stage as it is, or start over: drop schema hyperferry and the tables in the target.',
  })
}

function refused(from: Stage, to: Stage): HyperferryError {
  const hints: Partial<Record<Stage, string>> = {
    live: 'The roles change with `hyperferry cutover`.',
    complete: 'The migration ends with `hyperferry finish`.',
    shadow: 'Stage shadow is reserved for a later version.',
    dualwrite: 'The way back from live is `hyperferry rollback`.',
  }
  const hint = hints[to]
  return new HyperferryError('HF-W010', {
    what: `the stage is ${from}, it cannot become ${to} by this command`,
    ...(hint === undefined ? {} : { hint }),
  })
}

async function told(ctx: StepContext, notes: string[]): Promise<StageResult> {
  return { ...(await readStage(ctx.target, ctx.migrationId)), notes }
}

function result(state: DualState | null, writers: WriterInfo[], notes: string[]): StageResult {
  const { stage: now, epoch, primary } = state ?? { stage: 'off' as const, epoch: 0, primary: 'source' as const }
  return { stage: now, epoch, primary, writers, notes }
}
