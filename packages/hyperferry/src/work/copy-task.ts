/** One task from source to target: read, write with its receipt, and after any doubt believe the receipts only. */
import { booked, gaps } from '../control/coverage.ts'
import { insertReceipt, completeReceipt } from '../control/ledger.ts'
import { putQuarantine } from '../control/quarantine.ts'
import { addLosses } from '../control/totals.ts'
import { failpoint } from '../failpoints.ts'
import type { Receipt, Span } from '../model.ts'
import type { Session } from '../target/connect.ts'
import { IN_ORDER } from '../target/direct-compress.ts'
import { transaction } from '../target/transaction.ts'
import { patiently, Patience } from './attempts.ts'
import type { CopyRun } from './attempts.ts'
import { isDataError } from './bisect.ts'
import { writeCarefully } from './careful.ts'
import type { Keep } from './careful.ts'
import { arrangedRows, directTask } from './direct-load.ts'
import type { ChunkMaker } from './make-chunks.ts'
import { openColumnstore } from './open-columnstore.ts'
import { readSlice } from './read-slice.ts'
import type { SliceRows } from './read-slice.ts'
import type { SessionSlot } from './session-slot.ts'
import type { SessionSlots } from './session-slots.ts'
import type { TableWork } from './table-work.ts'
import { sliceOf } from './tasks.ts'
import type { Task } from './tasks.ts'
import { settingsOf } from './task-settings.ts'
import { writeRows } from './write-rows.ts'
import type { Written } from './write-rows.ts'

/** A task on its way: who hears of it, and what makes its chunk. */
export interface TaskJob extends Task {
  watcher: BookWatcher
  /** Called before the task's transaction, on the same session. */
  makeChunks: ChunkMaker
}

/** Hears what is on the books. */
export interface BookWatcher {
  /** A task was committed. */
  copied(receipt: Receipt): void
  /** The receipts of the table were summed up anew. */
  reread(sums: { rows: number; bytes: number }): void
}

/**
 * When this returns, all of the task's span is on the books: by this call, by an earlier commit whose acknowledgement was lost, or by another
 * tool. A session is taken once all is read. Transient errors are waited out; then the receipts are read again, and what is left of the span is copied.
 */
// eslint-disable-next-line max-params -- run, place, table, span: nothing of it belongs together for longer
export async function copyTask(run: CopyRun, slots: SessionSlots, work: TableWork, task: TaskJob): Promise<void> {
  const read = await patiently(run, work.table.name, () =>
    readSlice(work, sliceOf(work.table, task), run.budget, run.stop),
  )
  let left: Span[]
  try {
    failpoint('backfill.after-read')
    const hasRows = read.spool.rows > 0
    const direct = await directTask(work, task, read)
    left = await slots.use((slot) =>
      writeUntilBooked(run, slot, work, { ...task, hasRows }, (session) =>
        writeOnce(run, session, work, { task, read, direct }),
      ),
    )
  } finally {
    await read.spool.dispose()
  }
  for (const span of left) await copyTask(run, slots, work, { ...task, span })
}

interface Once {
  task: TaskJob
  read: SliceRows
  direct: Awaited<ReturnType<typeof directTask>>
}

/** Straight into the columnstore where that is the way of this task's rows. */
// eslint-disable-next-line max-params -- as above
async function writeOnce(
  run: CopyRun,
  session: Session,
  work: TableWork,
  { task, read, direct }: Once,
): Promise<Receipt> {
  if (direct === null) return writeTask(session, { ...work, direct: null }, task, read)
  await openColumnstore(session, work, run.target.capabilities, direct)
  const receipt = await writeTask(session, work, task, arrangedRows(read, direct))
  if (work.direct !== null) work.direct.rows += receipt.rows
  return receipt
}

/** Writes the task until it is on the books. Returns the parts of the span that are still to be copied because somebody else has booked the others. */
// eslint-disable-next-line max-params -- as above
export async function writeUntilBooked(
  run: CopyRun,
  slot: SessionSlot,
  work: TableWork,
  job: TaskJob & { hasRows: boolean },
  write: (session: Session) => Promise<Receipt>,
): Promise<Span[]> {
  const patience = new Patience(run, work.table.name)
  for (;;) {
    try {
      const session = await slot.get()
      run.copying?.add(session.pid)
      if (patience.failures > 0) {
        const left = await gaps(session, work.tableId, job.lane, [job.span])
        job.watcher.reread(await booked(session, work.tableId))
        const [first] = left
        if (left.length !== 1 || first?.from !== job.span.from || first.to !== job.span.to) return left
      }
      if (job.hasRows) await job.makeChunks(session, job)
      job.watcher.copied(await write(session))
      return []
    } catch (error) {
      await patience.after(error)
    }
  }
}

/** Writes a task that was read, in one transaction: as one COPY (compressed on its way if `work.direct` says how), and when a row is at fault once more with care. Exactly once or not at all. */
// eslint-disable-next-line max-params -- as above
export async function writeTask(session: Session, work: TableWork, task: Task, read: SliceRows): Promise<Receipt> {
  const attempt = (write: (receipt: bigint) => Promise<Written>): Promise<Receipt> =>
    transaction(session, async () => {
      await session.query(settingsOf(work))
      const id = await insertReceipt(session, work.tableId, task)
      failpoint('backfill.after-receipt')
      const written = await write(id)
      const receipt = await bookRest(session, work, { id, task, read, written })
      failpoint('backfill.before-commit')
      return receipt
    })
  const copy = async (): Promise<Written> => {
    if (work.direct !== null) await session.query(work.direct.settings)
    if (read.arranged !== undefined) await session.query(IN_ORDER)
    return writeRows(session, work, read, 'backfill.mid-copy')
  }
  const receipt = await attempt(copy).catch((error: unknown) => {
    if (!isDataError(error)) throw error
    return attempt((id) => writeCarefully(session, work, read, keeper(session, work, id)))
  })
  failpoint('backfill.after-commit')
  return receipt
}

/** Puts rows the target refused in quarantine, under the receipt of their task. */
export function keeper(session: Session, work: TableWork, receipt: bigint): Keep {
  return (rows) => putQuarantine(session, work.tableId, receipt, rows)
}

/** What a receipt takes from the rows as they were read. */
export type Read = { spool: Pick<SliceRows['spool'], 'rejected' | 'losses' | 'bytes' | 'rejectedRows'> }

/** Completes the receipt and puts the rows the transcoder refused in quarantine, in the same transaction. */
export async function bookRest(
  session: Session,
  work: TableWork,
  done: { id: bigint; task: Task; read: Read; written: Written },
): Promise<Receipt> {
  const { id, task, read, written } = done
  const receipt: Receipt = {
    lane: task.lane,
    span: task.span,
    rows: written.rows,
    quarantined: read.spool.rejected + written.refused,
    digest: written.digest,
    losses: addLosses([...read.spool.losses, ...written.losses]),
    bytes: read.spool.bytes,
  }
  await completeReceipt(session, id, receipt)
  for await (const rows of read.spool.rejectedRows()) await putQuarantine(session, work.tableId, id, rows)
  return receipt
}
