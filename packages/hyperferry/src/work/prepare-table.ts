/** Before the first task of a table: what stands in the target already. */
import { isStarted } from '../control/coverage.ts'
import { foreignRows } from '../control/occupied.ts'
import { HyperferryError } from '../errors.ts'
import type { Session } from '../target/connect.ts'
import { transaction } from '../target/transaction.ts'
import type { TableWork } from './table-work.ts'
import { taskSettings } from './task-settings.ts'

/**
 * Does nothing once a receipt exists. Rows that stand there before are refused with HF-S011, unless the plan says `existingRows: delete`: then the table
 * is emptied, once, in a transaction of its own that no task of any tool can overlap.
 *
 * The whole table and not each task's range: rules may send a row of one range into the span of another in the target (time rounded down, a date
 * in place of a zero date), so deleting range by range could delete what another task has just copied.
 */
export async function prepareTable(session: Session, work: TableWork): Promise<{ deleted: number }> {
  // Rows first: those that a task of another tool commits between the two looks have a receipt by the second.
  if (!(await hasRows(session, work)) || (await isStarted(session, work.tableId))) return { deleted: 0 }
  mustBeGiven(work)
  return transaction(session, async () => {
    await session.query(taskSettings)
    // Tasks insert receipts; this lock waits for those that run and keeps new ones out until the delete is committed.
    await session.query('lock table hyperferry.receipt in share row exclusive mode')
    if (await isStarted(session, work.tableId)) return { deleted: 0 }
    return { deleted: (await emptyTables(session, [work]))[0]?.deleted ?? 0 }
  })
}

/** The same for several tables, inside a transaction that is open and holds their receipts already. Returns what was deleted, tables without rows left out. */
export async function prepareInside(
  session: Session,
  works: readonly TableWork[],
): Promise<{ work: TableWork; deleted: number }[]> {
  const holding: TableWork[] = []
  for (const work of works) if (await hasRows(session, work)) holding.push(work)
  for (const work of holding) mustBeGiven(work)
  return emptyTables(session, holding)
}

async function hasRows(session: Session, work: TableWork): Promise<boolean> {
  const { rows } = await session.query<{ present: boolean }>(`select exists (select from ${work.target}) as present`)
  return rows[0]?.present === true
}

/** In one statement: foreign keys from an earlier run are checked at its end, whichever way they point. */
async function emptyTables(
  session: Session,
  works: readonly TableWork[],
): Promise<{ work: TableWork; deleted: number }[]> {
  const [only] = works
  if (only === undefined) return []
  const parts = works.map((work, index) => `t${index} as (delete from ${work.target} returning 1)`)
  const counts = works.map(
    (_work, index) => `select ${index} as place, pg_catalog.count(*)::pg_catalog.text as rows from t${index}`,
  )
  try {
    if (works.length === 1) {
      const { rowCount } = await session.query(`delete from ${only.target}`)
      return [{ work: only, deleted: rowCount ?? 0 }]
    }
    const { rows } = await session.query<{ place: number; rows: string }>(
      `with ${parts.join(', ')} ${counts.join(' union all ')} order by place`,
    )
    return works.map((work, index) => ({ work, deleted: Number(rows[index]?.rows ?? 0) }))
  } catch (error) {
    if (!(error instanceof HyperferryError) || error.sqlstate !== '23503') throw error
    const { table, constraint } = error.details
    throw new HyperferryError('HF-S011', {
      what: `${works.map((work) => work.table.name).join(', ')} cannot be emptied (existingRows: delete): rows of "${String(table)}" refer to them`,
      hint: `Empty "${String(table)}" first, or drop its foreign key "${String(constraint)}"; it is made again afterwards.`,
      details: error.details,
      sqlstate: error.sqlstate,
      cause: error,
    })
  }
}

/** Throws unless the plan gives the rows away. */
function mustBeGiven({ table, target }: TableWork): void {
  if (table.existingRows !== 'delete') throw foreignRows([target])
}
