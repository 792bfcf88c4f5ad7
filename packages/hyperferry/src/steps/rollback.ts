/** Step 10, the way back: the source becomes primary again, with everything that was written to the target since. */
import { noteAccepted } from '../control/accepted.ts'
import { requireDualState } from '../control/dual-write.ts'
import { registerTables, totals } from '../control/ledger.ts'
import { countOutbox } from '../control/outbox.ts'
import { writersOf } from '../control/writers.ts'
import { CATALOGUE, HyperferryError } from '../errors.ts'
import type { DualState, Gate } from '../model.ts'
import { accepted, backlog, gate, mustBeOpen, writerGates } from '../report/live-gates.ts'
import type { Session } from '../target/connect.ts'
import { withSession } from '../target/with-session.ts'
import { changeRoles, clearLeftover } from '../work/hold.ts'
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
    // Before a cutover there is no way back, and the relational tables are nobody's business.
    if (state.stage !== 'live') return { state, gates: [] }
    const writers = await writersOf(session, migrationId)
    const series = plan.tables.filter(({ kind }) => kind === 'timeseries')
    const gates = [
      backlog(await countOutbox(session, migrationId)),
      ...(await writerGates(session, plan, { migrationId, state, writers, series })),
      await unchanged(session, ctx),
    ]
    return { state, gates }
  })
}

/**
 * When the source is primary already it says so and changes nothing. Throws HF-K012 when the migration is complete, HF-K011 with the gates, HF-K010 when
 * the hold was too short, HF-K013 when a relational table was changed meanwhile; the roles are as before then.
 */
export async function rollback(
  ctx: StepContext,
  options: { hold?: number; accept?: readonly string[]; reason?: string },
): Promise<RollbackResult> {
  const { target, migrationId } = ctx
  await clearLeftover(target, migrationId)
  const { state, gates: found } = await rollbackGates(ctx)
  if (state.stage === 'complete')
    throw new HyperferryError('HF-K012', { what: 'the migration is complete: the source is not written any more' })
  if (state.primary === 'source') {
    const { epoch, primary } = state
    return { epoch, primary, pauseMs: 0, gates: [], notes: ['The source is primary already; nothing changed.'] }
  }
  const codes = options.accept ?? []
  const gates = accepted(found, codes, options.reason)
  mustBeOpen(gates)
  await withSession(target, (session) => noteAccepted(session, migrationId, found, options))
  const { epoch, pauseMs } = await changeRoles(target, migrationId, {
    to: 'dualwrite',
    seconds: options.hold ?? 5,
    signal: ctx.signal,
    // Writers deliver them while they stand still.
    drained: async () => (await withSession(target, (session) => countOutbox(session, migrationId))) === 0,
    failpoints: { held: 'rollback.in-hold' },
    inside: async () => {
      if (codes.includes('HF-G020')) return
      const { ok, reason } = await withSession(target, (session) => unchanged(session, ctx))
      if (!ok) throw new HyperferryError('HF-K013', { what: reason, hint: CATALOGUE['HF-G020'].hint })
    },
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

/** Relational tables of the target are what the last final copy has left there: nothing carries changes of them back. */
async function unchanged(session: Session, { plan, migrationId }: StepContext): Promise<Gate> {
  const ids = await registerTables(session, migrationId, plan.tables)
  const changed: string[] = []
  for (const table of plan.tables.filter(({ kind }) => kind === 'relational')) {
    const { digest } = await totals(session, ids.get(table.source) ?? 0)
    const held = await digestOfTarget(session, plan.target.schema, table)
    if (!held.equals(digest)) changed.push(table.name)
  }
  return changed.length === 0
    ? gate('HF-G020', true, 'no relational table was changed in the target')
    : gate('HF-G020', false, `changed in the target: ${changed.join(', ')}`)
}
