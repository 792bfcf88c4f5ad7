/** Step 10, the way back: the source becomes primary again, with everything that was written to the target since. */
import { requireDualState } from '../control/dual-write.ts'
import { registerTables, totals } from '../control/ledger.ts'
import { writersOf } from '../control/writers.ts'
import { HyperferryError } from '../errors.ts'
import type { DualState, Gate } from '../model.ts'
import { accepted, gate, writerGates } from '../report/live-gates.ts'
import type { Session } from '../target/connect.ts'
import { withSession } from '../target/with-session.ts'
import { changeRoles } from '../work/hold.ts'
import { digestOfTarget } from '../work/target-digest.ts'
import type { StepContext } from './context.ts'

export interface RollbackResult {
  epoch: number
  primary: 'source' | 'target'
  pauseMs: number
  gates: Gate[]
  notes: string[]
}

/** The gates of the way back as they are now. */
export async function rollbackGates(ctx: StepContext): Promise<{ state: DualState; gates: Gate[] }> {
  return withSession(ctx.target, async (session) => {
    const { plan, migrationId } = ctx
    const state = await requireDualState(session, migrationId)
    const writers = await writersOf(session, migrationId)
    const series = plan.tables.filter(({ kind }) => kind === 'timeseries')
    const changed = await changedTables(session, ctx)
    const gates = await writerGates(session, plan, { migrationId, state, writers, series })
    gates.push(
      gate(
        'HF-G020',
        changed.length === 0,
        changed.length === 0
          ? 'no relational table was changed in the target'
          : `changed in the target: ${changed.join(', ')}`,
      ),
    )
    return { state, gates }
  })
}

/**
 * When the source is primary already it says so and changes nothing. Throws HF-K012 when there was no cutover or the migration is complete, HF-K011 with the
 * gates, HF-K010 when the hold was too short; everything is as before then.
 */
export async function rollback(
  ctx: StepContext,
  options: { hold?: number; accept?: readonly string[]; reason?: string },
): Promise<RollbackResult> {
  const { state, gates: found } = await rollbackGates(ctx)
  if (state.stage === 'complete')
    throw new HyperferryError('HF-K012', { what: 'the migration is complete: the source is not written any more' })
  if (state.primary === 'source') {
    const { epoch, primary } = state
    return { epoch, primary, pauseMs: 0, gates: [], notes: ['The source is primary already; nothing changed.'] }
  }
  const gates = accepted(found, options.accept ?? [], options.reason)
  const closed = gates.filter(({ ok }) => !ok)
  if (closed.length > 0) {
    throw new HyperferryError('HF-K011', {
      what: closed.map(({ code, reason }) => `${code} ${reason}`).join('; '),
      details: { gates },
    })
  }
  const { epoch, pauseMs } = await changeRoles(ctx.target, ctx.migrationId, {
    to: 'dualwrite',
    seconds: options.hold ?? 5,
    signal: ctx.signal,
    drained: () => withSession(ctx.target, (session) => outboxIsEmpty(session, ctx.migrationId)),
    failpoints: { held: 'rollback.in-hold' },
    inside: async () => {},
  })
  return {
    epoch,
    primary: 'source',
    pauseMs,
    gates,
    notes: [
      'The source decides again and has all that was written to the target. Its own numbering goes on behind the numbers it was given.',
      'Before the next cutover: hyperferry verify.',
    ],
  }
}

/** Writers deliver it while they stand still; a record that is being delivered is locked and still there. */
export async function outboxIsEmpty(session: Session, migrationId: number): Promise<boolean> {
  const { rows } = await session.query<{ some: boolean }>(
    'select exists (select from hyperferry.outbox where migration_id = $1) as some',
    [migrationId],
  )
  return rows[0]?.some === false
}

/** Relational tables of the target that are not what the last final copy has left there: nothing carries that back. */
async function changedTables(session: Session, { plan, migrationId }: StepContext): Promise<string[]> {
  const ids = await registerTables(session, migrationId, plan.tables)
  const changed: string[] = []
  for (const table of plan.tables.filter(({ kind }) => kind === 'relational')) {
    const { digest } = await totals(session, ids.get(table.source) ?? 0)
    const held = await digestOfTarget(session, plan.target.schema, table)
    if (!held.equals(digest)) changed.push(table.name)
  }
  return changed
}
