/** Before the first task of a table: what stands in the target already. */
import { isStarted } from '../control/coverage.ts'
import { HyperferryError } from '../errors.ts'
import type { Session } from '../target/connect.ts'
import { transaction } from '../target/transaction.ts'
import type { TableWork } from './table-work.ts'

/**
 * Does nothing once a receipt exists. Mode `replace`: empties the table, once, in a transaction of its own that no task of any tool can overlap.
 * Mode `merge`: rows may stand there only if a key tells which ones are the same, else HF-S011.
 *
 * The whole table and not each task's range: rules may send a row of one range into the span of another in the target (time rounded down, a date
 * in place of a zero date), so deleting range by range could delete what another task has just copied.
 */
export async function prepareTable(session: Session, work: TableWork): Promise<{ deleted: number }> {
  // Rows first: those that a task of another tool commits between the two looks have a receipt by the second.
  if (!(await hasRows(session, work)) || (await isStarted(session, work.tableId))) return { deleted: 0 }
  if (work.table.mode === 'merge') {
    mustHaveKey(work)
    return { deleted: 0 }
  }
  return transaction(session, async () => {
    // Tasks insert receipts; this lock waits for those that run and keeps new ones out until the delete is committed.
    await session.query('lock table hyperferry.receipt in share row exclusive mode')
    if (await isStarted(session, work.tableId)) return { deleted: 0 }
    return { deleted: await emptyTable(session, work) }
  })
}

/** The same inside a transaction that is open and holds the table's receipt already. */
export async function prepareInside(session: Session, work: TableWork): Promise<{ deleted: number }> {
  if (!(await hasRows(session, work))) return { deleted: 0 }
  if (work.table.mode === 'replace') return { deleted: await emptyTable(session, work) }
  mustHaveKey(work)
  return { deleted: 0 }
}

async function hasRows(session: Session, work: TableWork): Promise<boolean> {
  const { rows } = await session.query<{ present: boolean }>(`select exists (select from ${work.target}) as present`)
  return rows[0]?.present === true
}

async function emptyTable(session: Session, work: TableWork): Promise<number> {
  const { rowCount } = await session.query(`delete from ${work.target}`)
  return rowCount ?? 0
}

function mustHaveKey(work: TableWork): void {
  if (work.table.keys.length > 0) return
  throw new HyperferryError('HF-S011', {
    what: `table "${work.table.name}" holds rows and has no key by which they could be told from those to come`,
    details: { table: work.table.name },
  })
}
