/** One snapshot in, one transaction out. */
import { isComplete, lanesOf } from '../../control/coverage.ts'
import { completeReceipt, insertReceipt } from '../../control/ledger.ts'
import { failpoint } from '../../failpoints.ts'
import { MAIN_LANE, RESIDUAL_LANE } from '../../model.ts'
import type { PlannedTable } from '../../model.ts'
import type { Session } from '../../target/connect.ts'
import { inSavepoint } from '../../target/savepoint.ts'
import { transaction } from '../../target/transaction.ts'
import { Digest } from '../../values/digest.ts'
import { patiently, withSession } from '../../work/attempts.ts'
import type { CopyRun } from '../../work/attempts.ts'
import { interrupted } from '../../work/backoff.ts'
import { isDataError } from '../../work/bisect.ts'
import { writeCarefully } from '../../work/careful.ts'
import { mustMatch } from '../../work/close-books.ts'
import { bookRest, keeper } from '../../work/copy-task.ts'
import { prepareInside } from '../../work/prepare-table.ts'
import { readSlice } from '../../work/read-slice.ts'
import type { SliceRows } from '../../work/read-slice.ts'
import { tableWork } from '../../work/table-work.ts'
import type { TableWork } from '../../work/table-work.ts'
import { taskSettings } from '../../work/task-settings.ts'
import type { Task } from '../../work/tasks.ts'
import { writeRows } from '../../work/write-rows.ts'
import type { StepContext } from '../context.ts'

/** Copies `tables`, all or none; returns notes for people. */
// eslint-disable-next-line max-params -- run, step, tables and their numbers
export async function copyTogether(
  run: CopyRun,
  ctx: StepContext,
  tables: readonly PlannedTable[],
  ids: ReadonlyMap<string, number>,
): Promise<string[]> {
  if (tables.length === 0) return []
  const loads = await patiently(run, '', () => readAll(run, ctx, tables, ids))
  try {
    return await withSession(run, '', async (session) => {
      // Only after a doubtful commit is there something to find here.
      const left: Load[] = []
      for (const load of loads) {
        if (!(await isComplete(session, load.work.tableId, load.work.table))) left.push(load)
      }
      const notes = await transaction(session, () => writeAll(run, session, left))
      failpoint('relational.after-commit')
      return notes
    })
  } finally {
    for (const { read } of loads) await read.spool.dispose()
  }
}

interface Load {
  work: TableWork
  read: SliceRows
}

interface Begun extends Load {
  /** Of the receipt. */
  id: bigint
}

const WHOLE: Task = { lane: MAIN_LANE, span: { from: null, to: null } }

/** All tables as they are in one snapshot, which is closed when this returns: a slow target must not hold it open. */
// eslint-disable-next-line max-params -- as above
async function readAll(
  run: CopyRun,
  ctx: StepContext,
  tables: readonly PlannedTable[],
  ids: ReadonlyMap<string, number>,
): Promise<Load[]> {
  const loads: Load[] = []
  try {
    await ctx.source.snapshot(async (view) => {
      for (const table of tables) {
        if (ctx.signal.aborted) throw interrupted()
        const work = tableWork(ctx.plan.target.schema, table, ids.get(table.source) ?? 0, view.reader(table))
        run.events.emit({
          kind: 'table-start',
          table: table.name,
          rows: 0,
          bytes: 0,
          estimatedRows: table.estimatedRows,
        })
        const read = await readSlice(work, { kind: 'all' }, run.budget, run.stop)
        loads.push({ work, read })
        const counted = await work.reader.count({ kind: 'all' })
        mustMatch(work, counted, { rows: BigInt(read.spool.rows), quarantined: BigInt(read.spool.rejected) })
      }
    })
    return loads
  } catch (error) {
    for (const { read } of loads) await read.spool.dispose()
    throw error
  }
}

async function writeAll(run: CopyRun, session: Session, loads: readonly Load[]): Promise<string[]> {
  const notes: string[] = []
  await session.query(taskSettings)
  const begun: Begun[] = []
  for (const load of loads) begun.push({ ...load, id: await insertReceipt(session, load.work.tableId, WHOLE) })
  const works = loads.map(({ work }) => work)
  for (const { work, deleted } of await prepareInside(session, works)) {
    notes.push(`${work.table.name}: ${deleted} rows stood there and were deleted (existingRows: delete)`)
  }
  for (const load of begun) {
    const { work, read } = load
    await writeTable(session, load)
    const { name, estimatedRows } = work.table
    run.events.emit({
      kind: 'table-progress',
      table: name,
      rows: read.spool.rows,
      bytes: read.spool.bytes,
      estimatedRows,
    })
    failpoint('relational.after-table')
  }
  failpoint('relational.before-commit')
  // There is one commit and nobody looks again: it waits for the disk.
  await session.query('set local synchronous_commit = on')
  return notes
}

/** The receipt was first, as in a backfill. The rows are in one lane; the other gets an empty receipt, so that "complete" means the same for every table. */
async function writeTable(session: Session, { work, read, id }: Begun): Promise<void> {
  const { result } = await inSavepoint(session, () => writeRows(session, work, read, null), isDataError)
  const written = result ?? (await writeCarefully(session, work, read, keeper(session, work, id)))
  await bookRest(session, work, { id, task: WHOLE, read, written })
  if (lanesOf(work.table).includes(RESIDUAL_LANE)) await bookEmptyLane(session, work)
}

async function bookEmptyLane(session: Session, work: TableWork): Promise<void> {
  const task: Task = { lane: RESIDUAL_LANE, span: { from: null, to: null } }
  const id = await insertReceipt(session, work.tableId, task)
  const nothing = { rows: 0, quarantined: 0, digest: new Digest().toString(), losses: [], bytes: 0 }
  await completeReceipt(session, id, { ...task, ...nothing })
}
