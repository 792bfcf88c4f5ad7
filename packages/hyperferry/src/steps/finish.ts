/** The end: the source is not written any more; with `drop` nothing of ours is left in the target. */
import { noteAccepted } from '../control/accepted.ts'
import { moveStage, requireDualState } from '../control/dual-write.ts'
import { indexesOwedAtAll } from '../control/import-indexes.ts'
import { countOutbox } from '../control/outbox.ts'
import { countParked } from '../control/parked.ts'
import { writersOf } from '../control/writers.ts'
import { HyperferryError } from '../errors.ts'
import type { Gate } from '../model.ts'
import { accepted, gate, mustBeOpen } from '../report/live-gates.ts'
import { openQuarantine } from '../report/open-quarantine.ts'
import type { Session } from '../target/connect.ts'
import { transaction } from '../target/transaction.ts'

export interface FinishResult {
  /** null when nothing is left that could know it. */
  epoch: number | null
  primary: 'target'
  pauseMs: 0
  gates: Gate[]
  notes: string[]
}

/**
 * Stage live → complete. A second time it changes nothing. Throws HF-K012 before a cutover, HF-K011 while records wait for the source (`--accept HF-G012`
 * gives them up), or, with `drop`, while writers with the library are alive (they would fail) or another migration has its books in the same schema.
 */
export async function finish(
  session: Session,
  migrationId: number,
  options: { drop?: boolean; accept?: readonly string[]; reason?: string },
): Promise<FinishResult> {
  const state = await requireDualState(session, migrationId)
  if (state.stage !== 'live' && state.stage !== 'complete') {
    throw new HyperferryError('HF-K012', { what: `the stage is ${state.stage}: there was no cutover yet` })
  }
  const found = await finishGates(session, migrationId, options.drop === true)
  const gates = accepted(found, options.accept ?? [], options.reason)
  mustBeOpen(gates)
  await noteAccepted(session, migrationId, found, options)
  const notes = state.stage === 'complete' ? ['The migration was complete already.'] : []
  if (state.stage === 'live') {
    await transaction(session, async () => {
      await session.query('set local synchronous_commit = on')
      if (!(await moveStage(session, migrationId, 'live', 'complete'))) {
        throw new HyperferryError('HF-K010', { what: 'a change of roles is under way' })
      }
    })
    notes.push('The source is not written any more. The library can be taken out of the application.')
  }
  const { epoch } = await requireDualState(session, migrationId)
  if (options.drop === true) {
    await session.query('drop schema hyperferry cascade')
    notes.push('Schema hyperferry is gone, with everything it knew.')
  }
  return { epoch, primary: 'target', pauseMs: 0, gates, notes }
}

/** The gates as they are now. */
export async function finishGates(session: Session, migrationId: number, drop: boolean): Promise<Gate[]> {
  const waiting = (await countOutbox(session, migrationId)) + (await countParked(session, migrationId))
  const gates = [
    gate(
      'HF-G012',
      waiting === 0,
      waiting === 0
        ? 'the source has everything'
        : `${waiting} records wait for the source; without them there is no way back`,
    ),
    await quarantineGate(session, migrationId),
  ]
  if (!drop) return gates
  const alive = (await writersOf(session, migrationId)).filter(({ state }) => state === 'alive').map(({ name }) => name)
  const { rows: others } = await session.query<{ name: string }>(
    'select name from hyperferry.migration where id <> $1 order by id',
    [migrationId],
  )
  const owed = await indexesOwedAtAll(session)
  return [
    ...gates,
    gate(
      'HF-G021',
      owed.length === 0,
      owed.length === 0 ? 'no index is owed to a table' : `${owed.join(', ')}: dropped by a copy that did not end`,
    ),
    gate(
      'HF-G013',
      alive.length === 0,
      alive.length === 0
        ? 'no writer uses the library any more'
        : `${alive.join(', ')} would fail: take the library out first`,
    ),
    gate(
      'HF-B023',
      others.length === 0,
      others.length === 0
        ? 'schema hyperferry holds this migration alone'
        : `schema hyperferry also holds the books of ${others.map(({ name }) => name).join(', ')}: finish without --drop`,
    ),
  ]
}

/** Rows that are in the source alone, and that nobody has decided about. */
async function quarantineGate(session: Session, migrationId: number): Promise<Gate> {
  const { open, accepted: may } = await openQuarantine(session, migrationId)
  const ok = open <= may
  const state =
    open === 0
      ? 'no rows in quarantine'
      : `${open} rows in quarantine${ok ? ', accepted' : ': hyperferry quarantine list'}`
  return gate('HF-B012', ok, state)
}
