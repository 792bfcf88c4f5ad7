/** One row, with values that a person gave in place of those that did not fit. */
import { bookDelivered, lockOpen, settle } from '../../control/settle-quarantine.ts'
import type { KeptRow } from '../../control/settle-quarantine.ts'
import { HyperferryError, messageOf } from '../../errors.ts'
import { failpoint } from '../../failpoints.ts'
import type { PlannedColumn, PlannedTable } from '../../model.ts'
import type { Session } from '../../target/connect.ts'
import { identList } from '../../target/sql.ts'
import { withSession } from '../../target/with-session.ts'
import { Digest, digestBatch } from '../../values/digest.ts'
import { isDataError } from '../../work/bisect.ts'
import { makeStage } from '../../work/stage.ts'
import type { TableWork } from '../../work/table-work.ts'
import { batchOf } from '../../work/tuples.ts'
import { rowsDropped } from '../../work/write-rows.ts'
import type { StepContext } from '../context.ts'
import { fillIn, stagedTuple } from './fill-in.ts'
import type { GivenValue } from './given.ts'
import { saidOf } from './outcome.ts'
import type { Outcome } from './outcome.ts'
import { settling, workOf } from './place.ts'
import { restOfRow } from './rest-of-row.ts'

export interface FixCase {
  id: string
  table: PlannedTable
  /** By target name. */
  given: ReadonlyMap<string, GivenValue>
}

/** Settles it, or says in `outcome` why not. A row that somebody has settled meanwhile is left alone. */
export async function fixOne(ctx: StepContext, one: FixCase, outcome: Outcome): Promise<void> {
  const { id, table, given } = one
  const columns = [...given.values()].map(({ column }) => column.source)
  try {
    // Looked at first without a lock: the source is read before the target is made to wait.
    const [kept] = await withSession(ctx.target, (session) => lockOpen(session, [id]))
    if (kept === undefined) return
    const work = workOf(ctx, table, kept.tableId)
    const rest = await restOfRow(ctx, work, kept, unset(work, given))
    const done = await settling(ctx, async (session) => {
      const [row] = await lockOpen(session, [id])
      if (row !== undefined) await put(session, work, row, { given, rest })
      return row !== undefined
    })
    failpoint('quarantine.after-commit')
    if (done) outcome.settled(id, table.source, 'fixed', columns)
  } catch (error) {
    // What passes by itself is no answer about the row.
    if (!(error instanceof HyperferryError) || !error.code.startsWith('HF-Q')) throw error
    const column = error.details['column']
    outcome.left({
      id,
      table: table.source,
      code: error.code,
      column: typeof column === 'string' ? column : null,
      sqlstate: error.sqlstate,
      reason: messageOf(error),
    })
  }
}

function unset(work: TableWork, given: FixCase['given']): PlannedColumn[] {
  return work.columns.filter(({ name }) => !given.has(name))
}

type Values = Pick<FixCase, 'given'> & { rest: Awaited<ReturnType<typeof restOfRow>> }

// eslint-disable-next-line max-params -- where, what, which row, and its values
async function put(session: Session, work: TableWork, row: KeptRow, { given, rest }: Values): Promise<void> {
  const stage = await makeStage(session, work)
  await fillIn(session, stage, { work, given, rest })
  const tuple = await stagedTuple(session, stage, work)
  const names = identList(work.columns.map(({ name }) => name))
  const inserted = await session
    .query(`insert into ${work.target} (${names}) select ${names} from ${stage.name}`)
    .catch((error: unknown) => {
      if (!isDataError(error)) throw error
      throw new HyperferryError('HF-Q004', { what: saidOf(error), ...stateOf(error), cause: error })
    })
  if (inserted.rowCount !== 1) throw rowsDropped(work, 1, inserted.rowCount ?? 0)
  await stage.drop()
  failpoint('quarantine.after-insert')
  const digest = new Digest()
  const batch = batchOf([tuple])
  digestBatch(digest, work.normaliser, batch.bytes, batch.ends)
  await bookDelivered(session, row.receiptId, { digest, bytes: tuple.byteLength, losses: [] })
  const values = Object.fromEntries([...given.values()].map(({ column, text }) => [column.source, text]))
  await settle(session, [row.id], { status: 'delivered', how: 'fix', values, tuple })
  failpoint('quarantine.before-commit')
}

function stateOf({ sqlstate }: HyperferryError): { sqlstate?: string } {
  return sqlstate === null ? {} : { sqlstate }
}
