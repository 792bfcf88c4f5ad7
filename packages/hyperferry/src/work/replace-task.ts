/**
 * One task of a table without a key, beside its writers: delete, then read, then copy, in one transaction of the target (docs/design/0009).
 *
 * Why deleting is safe. A row that stands in the range was delivered by a writer (or copied by us), and writers write to the source first: it was committed
 * there before it could be seen here. The source's snapshot is opened after the delete has seen it, so it is read again and comes back, once.
 * That holds for rows of any age and any writer; nothing has to be known about T. The other order would lose rows: read, then delivered, then deleted.
 *
 * What can go wrong is a row that is committed in the source before the snapshot and delivered after the delete: it is copied and delivered. Such a row is a
 * late op, in the transaction of its rows, with a number above the one that was remembered before the delete: numbers are given out after the rows
 * were written, so that who holds a smaller one has the table locked and is waited for, and what he wrote is deleted. A barrier after the last
 * task brings out every record that was pending; receipts whose range got a late op after their number are done again. Rows that are committed
 * in the source after the snapshot and come late as well lead to the same, for nothing: they cannot be told apart here.
 */
import { booked, gaps } from '../control/coverage.ts'
import { isTouched, lastLateOp, oldestWatermark, takeAllBack, takeBack } from '../control/late.ts'
import { insertReceipt } from '../control/ledger.ts'
import { HyperferryError } from '../errors.ts'
import { failpoint } from '../failpoints.ts'
import { MAIN_LANE } from '../model.ts'
import type { Receipt, Span } from '../model.ts'
import type { Session } from '../target/connect.ts'
import { isHypertable } from '../target/ddl.ts'
import { deleteRange } from '../target/delete-range.ts'
import { ident } from '../target/sql.ts'
import { transaction } from '../target/transaction.ts'
import { waitForWriters } from '../target/wait-for-writers.ts'
import { instantLiteral } from '../values/axis-instant.ts'
import { Patience } from './attempts.ts'
import type { CopyRun } from './attempts.ts'
import { isDataError } from './bisect.ts'
import { writeCarefully } from './careful.ts'
import { bookRest, keeper } from './copy-task.ts'
import type { BookWatcher } from './copy-task.ts'
import type { ChunkMaker } from './make-chunks.ts'
import type { Part } from './part.ts'
import { readSlice } from './read-slice.ts'
import type { SessionSlot } from './session-slot.ts'
import { settingsOf, taskSettings } from './task-settings.ts'
import type { TableWork } from './table-work.ts'
import { sliceOf } from './tasks.ts'
import type { Task } from './tasks.ts'
import { writeRows } from './write-rows.ts'
import type { Written } from './write-rows.ts'

export interface ReplaceJob extends Task {
  watcher: BookWatcher
  makeChunks: ChunkMaker
  /** The receipt that this one takes the place of; null for a range that was not done yet. */
  again: bigint | null
  /** What to remember instead of the newest late op: when the rows were deleted before, with the whole part. */
  deletedAt: bigint | null
}

/** When this returns, all of the span is on the books, by whomever. Errors that pass by themselves are waited out; then the receipts are read before anything else. */
// eslint-disable-next-line max-params -- as copyTask
export async function replaceTask(run: CopyRun, slot: SessionSlot, work: TableWork, job: ReplaceJob): Promise<void> {
  const patience = new Patience(run, work.table.name)
  let left: Span[] = [job.span]
  let { again } = job
  for (;;) {
    try {
      const session = await slot.get()
      run.copying?.add(session.pid)
      if (patience.failures > 0) {
        if (again !== null && !(await isThere(session, again))) again = null
        if (again === null) left = await gaps(session, work.tableId, job.lane, [job.span])
        job.watcher.reread(await booked(session, work.tableId))
      }
      const [first] = left
      if (first === undefined) return
      const receipt = await replaceOnce(run, session, work, { ...job, span: first, again })
      if (receipt !== null) job.watcher.copied(receipt)
      again = null
      left = left.slice(1)
      if (left.length === 0) return
    } catch (error) {
      await patience.after(error)
    }
  }
}

async function isThere(session: Session, receipt: bigint): Promise<boolean> {
  const { rows } = await session.query('select from hyperferry.receipt where id = $1', [String(receipt)])
  return rows.length > 0
}

/** null: another tool has done the range again meanwhile. */
// eslint-disable-next-line max-params -- as above
async function replaceOnce(run: CopyRun, session: Session, work: TableWork, job: ReplaceJob): Promise<Receipt | null> {
  if (job.lane === MAIN_LANE && job.again === null) await job.makeChunks(session, job)
  const lateSince = job.deletedAt ?? (await remember(run, session, work))
  const attempt = (carefully: boolean): Promise<Receipt | null> =>
    transaction(session, async () => {
      await session.query(settingsOf(work))
      if (job.again !== null && !(await takeBack(session, job.again))) return null
      const id = await insertReceipt(session, work.tableId, { ...job, lateSince })
      failpoint('backfill.after-receipt')
      if (job.deletedAt === null) await deleteSpan(run, session, work, job)
      failpoint('backfill.after-delete')
      if (job.again !== null) failpoint('backfill.mid-redo')
      return copyInto(run, session, work, { job, id, carefully })
    })
  const receipt = await attempt(false).catch((error: unknown) => {
    if (!isDataError(error)) throw error
    return attempt(true)
  })
  failpoint('backfill.after-commit')
  return receipt
}

/** The number of the newest late op; all up to here are visible when this returns. */
export async function remember(
  run: Pick<CopyRun, 'events' | 'stop' | 'copying'>,
  session: Session,
  work: Pick<TableWork, 'table' | 'target'>,
): Promise<bigint> {
  const since = await lastLateOp(session)
  await waitForWriters(session, work.target, {
    except: run.copying ?? new Set(),
    signal: run.stop ?? new AbortController().signal,
    onWait(pids) {
      const message = `${work.table.name}: waits for transactions of the target that have written to it (process ${pids.join(', ')})`
      run.events.emit({ kind: 'note', table: work.table.name, code: null, message })
    },
  })
  return since
}

interface Copying {
  job: ReplaceJob
  id: bigint
  carefully: boolean
}

/** Only now is the source's snapshot opened: see above. It is closed again before the target is waited for. */
// eslint-disable-next-line max-params -- as above
async function copyInto(
  run: CopyRun,
  session: Session,
  work: TableWork,
  { job, id, carefully }: Copying,
): Promise<Receipt> {
  const read = await readSlice(work, sliceOf(work.table, job), run.budget, run.stop)
  try {
    failpoint('backfill.after-read')
    const written: Written = carefully
      ? await writeCarefully(session, work, read, keeper(session, work, id))
      : await writeRows(session, work, read, 'backfill.mid-copy')
    const receipt = await bookRest(session, work, { id, task: job, read, written })
    failpoint('backfill.before-commit')
    return receipt
  } finally {
    await read.spool.dispose()
  }
}

/** Rows of a task's span that stand in the target. */
// eslint-disable-next-line max-params -- as above
export async function deleteSpan(run: CopyRun, session: Session, work: TableWork, { lane, span }: Task): Promise<void> {
  const { table } = work
  const column = table.time?.column ?? ''
  if (lane !== MAIN_LANE) return deleteTimeless(run, session, work)
  const instants = partOf(work).instantsOf(span)
  const literal = (instant: bigint | null): string | null => (instant === null ? null : instantLiteral(table, instant))
  await deleteRange(session, run.target.capabilities, {
    schema: work.schema,
    table: table.name,
    column,
    from: literal(instants.from),
    to: literal(instants.to),
    instants,
  })
}

/** Rows of the residual have no time; a hypertable takes none. */
async function deleteTimeless(run: CopyRun, session: Session, { table, target }: TableWork): Promise<void> {
  const column = table.columns.find(({ name }) => name === table.time?.column)
  if (column?.nullable !== true || isHypertable(table, run.target.capabilities)) return
  await session.query(`delete from ${target} where ${ident(column.name)} is null`)
}

/**
 * Of a table whose part cannot be deleted by ranges: all of it at once, in a transaction that no task of any tool overlaps. Returns what its receipts have to
 * remember. Does nothing when there are receipts; with `again` it takes them back, if late rows have come since.
 */
// eslint-disable-next-line max-params -- as above
export async function clearPart(run: CopyRun, session: Session, work: TableWork, again: boolean): Promise<bigint> {
  const since = await remember(run, session, work)
  return transaction(session, async () => {
    await session.query(taskSettings)
    // Tasks insert their receipts first and read afterwards: what is read after this lock is read after this delete.
    await session.query('lock table hyperferry.receipt in share row exclusive mode')
    await session.query(settingsOf(work))
    const oldest = await oldestWatermark(session, work.tableId)
    if (oldest !== null && !(again && (await isTouched(session, work.tableId)))) return oldest
    await takeAllBack(session, work.tableId)
    for (const span of [
      { from: null, to: partOf(work).position },
      { from: partOf(work).beyondPosition, to: null },
    ]) {
      await deleteSpan(run, session, work, { lane: MAIN_LANE, span })
    }
    await deleteTimeless(run, session, work)
    failpoint('backfill.after-delete')
    return since
  })
}

export function partOf({ part, table }: TableWork): Part {
  if (part !== null) return part
  throw new HyperferryError('HF-X001', { what: `${table.name}: nobody writes to it, so it has no part` })
}
