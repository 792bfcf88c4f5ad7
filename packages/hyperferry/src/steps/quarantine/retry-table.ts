/** Rows of one table read again: some hundred at a time, each lot in one transaction with what becomes of it. */
import { bookDelivered, bookGone, keepOpen, lockOpen, settle } from '../../control/settle-quarantine.ts'
import type { KeptRow } from '../../control/settle-quarantine.ts'
import type { HyperferryError } from '../../errors.ts'
import { failpoint } from '../../failpoints.ts'
import type { Loss, PlannedTable, RejectedRow } from '../../model.ts'
import type { Session } from '../../target/connect.ts'
import { withSession } from '../../target/with-session.ts'
import { COPY_HEADER, COPY_TRAILER } from '../../values/copy-stream.ts'
import { Digest, digestBatch, rowHash } from '../../values/digest.ts'
import { fieldText, tupleFields } from '../../values/field-text.ts'
import { bisect } from '../../work/bisect.ts'
import type { TableWork } from '../../work/table-work.ts'
import { batchOf } from '../../work/tuples.ts'
import { rowsDropped } from '../../work/write-rows.ts'
import type { StepContext } from '../context.ts'
import { byReceipt } from './by-receipt.ts'
import { saidOf } from './outcome.ts'
import type { Outcome } from './outcome.ts'
import { settling, workOf } from './place.ts'
import { readAgain } from './read-again.ts'
import type { ReadAgain } from './now.ts'

/** Rows of one transaction. */
const ROWS_AT_ONCE = 200

/** Settles what fits now, and says in `outcome` why the others do not. */
export async function retryTable(
  ctx: StepContext,
  table: PlannedTable,
  { ids, outcome, mayGoOn }: { ids: readonly string[]; outcome: Outcome; mayGoOn: () => void },
): Promise<void> {
  for (let at = 0; at < ids.length; at += ROWS_AT_ONCE) {
    mayGoOn()
    const some = ids.slice(at, at + ROWS_AT_ONCE)
    const kept = await withSession(ctx.target, (session) => lockOpen(session, some))
    const [first] = kept
    if (first === undefined) continue
    const work = workOf(ctx, table, first.tableId)
    // The source is read before the target is made to wait.
    const found = await readAgain(ctx, work, kept)
    const lot = await settling(ctx, async (session) => {
      const open = new Set((await lockOpen(session, some)).map(({ id }) => id))
      const result = await settleLot(
        session,
        work,
        found.filter(({ row }) => open.has(row.id)),
      )
      failpoint('quarantine.before-commit')
      return result
    })
    failpoint('quarantine.after-commit')
    for (const say of lot) say(outcome)
  }
}

/** Told once it is committed. */
type Say = (outcome: Outcome) => void

async function settleLot(session: Session, work: TableWork, found: readonly ReadAgain[]): Promise<Say[]> {
  const said: Say[] = []
  const leave = async (row: KeptRow, why: Omit<RejectedRow, 'key'> & { key?: RejectedRow['key'] }): Promise<void> => {
    await keepOpen(session, row.id, why)
    const { code, column, sqlstate, reason } = why
    said.push((outcome) => outcome.left({ id: row.id, table: row.table, code, column, sqlstate, reason }))
  }
  const fitting: Fitting[] = []
  const gone: KeptRow[] = []
  for (const { row, now } of found) {
    if (now.kind === 'row') fitting.push({ row, ...now })
    else if (now.kind === 'gone') gone.push(row)
    else if (now.kind === 'rejected') await leave(row, now.rejected)
    else {
      const { code, reason } = now
      said.push((outcome) => outcome.left({ id: row.id, table: row.table, code, column: null, sqlstate: null, reason }))
    }
  }
  const delivered = await deliver(session, work, fitting, (one, error) => leave(one.row, refused(work, one, error)))
  failpoint('quarantine.after-insert')
  await book(session, work, delivered)
  await take(session, gone)
  for (const { id, table } of gone) said.push((outcome) => outcome.settled(id, table, 'gone'))
  for (const { row } of delivered) said.push((outcome) => outcome.settled(row.id, row.table, 'delivered'))
  return said
}

interface Fitting {
  row: KeptRow
  tuple: Uint8Array
  losses: readonly Loss[]
}

/** Straight into the table; a row that is refused is found by bisection. Returns those that are in. */
// eslint-disable-next-line max-params -- where, what, the rows, and a place for those that stay out
async function deliver(
  session: Session,
  work: TableWork,
  rows: readonly Fitting[],
  refuse: (one: Fitting, error: HyperferryError) => Promise<void>,
): Promise<Fitting[]> {
  const out = new Set<Fitting>()
  await bisect(session, 0, rows.length, {
    async attempt(from, to) {
      const tuples = rows.slice(from, to).map(({ tuple }) => tuple)
      const taken = await session.copyIn(work.copySql, [COPY_HEADER, ...tuples, COPY_TRAILER])
      if (taken !== tuples.length) throw rowsDropped(work, tuples.length, taken)
    },
    async refuse(index, error) {
      const one = rows[index]
      if (one === undefined) return
      out.add(one)
      await refuse(one, error)
    },
  })
  return rows.filter((one) => !out.has(one))
}

/** As PostgreSQL would print it: it was encoded. The key stays the one that finds the row in the source. */
function refused(work: TableWork, { tuple }: Fitting, error: HyperferryError): Omit<RejectedRow, 'key'> {
  const fields = tupleFields(tuple, 0)
  const column = error.details['column']
  return {
    code: error.sqlstate === '23505' ? 'HF-D020' : 'HF-D021',
    column: typeof column === 'string' ? (work.columns.find(({ name }) => name === column)?.source ?? null) : null,
    reason: saidOf(error),
    sqlstate: error.sqlstate,
    values: Object.fromEntries(
      work.columns.map(({ source }, index) => {
        const type = work.types[index]
        return [source, type === undefined ? null : fieldText(type, fields[index] ?? null)]
      }),
    ),
    hash: rowHash(work.normaliser, tuple, 0, tuple.byteLength),
  }
}

async function book(session: Session, work: TableWork, delivered: readonly Fitting[]): Promise<void> {
  for (const [receiptId, rows] of byReceipt(delivered, ({ row }) => row.receiptId)) {
    const digest = new Digest()
    const batch = batchOf(rows.map(({ tuple }) => tuple))
    digestBatch(digest, work.normaliser, batch.bytes, batch.ends)
    const losses = rows.flatMap((one) => one.losses)
    await bookDelivered(session, receiptId, { digest, bytes: batch.bytes.byteLength, losses })
  }
  await settle(
    session,
    delivered.map(({ row }) => row.id),
    { status: 'delivered', how: 'retry' },
  )
}

async function take(session: Session, gone: readonly KeptRow[]): Promise<void> {
  for (const [receiptId, rows] of byReceipt(gone, (row) => row.receiptId)) {
    await bookGone(session, receiptId, rows.length)
  }
  await settle(
    session,
    gone.map(({ id }) => id),
    { status: 'gone', how: 'gone' },
  )
}
