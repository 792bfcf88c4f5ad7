/** One exported file as one task: its rows, its receipt and its quarantine in one transaction. */
import { insertReceipt } from '../../control/ledger.ts'
import { HyperferryError } from '../../errors.ts'
import { failpoint } from '../../failpoints.ts'
import type { Receipt } from '../../model.ts'
import type { Session } from '../../target/connect.ts'
import { csvCopySql } from '../../target/copy.ts'
import { transaction } from '../../target/transaction.ts'
import type { CopyRun } from '../attempts.ts'
import { isDataError } from '../bisect.ts'
import { writeCarefully } from '../careful.ts'
import { bookRest, keeper, writeUntilBooked } from '../copy-task.ts'
import type { Read, TaskJob } from '../copy-task.ts'
import { deleteSpan } from '../replace-task.ts'
import type { SessionSlot } from '../session-slot.ts'
import { settingsOf } from '../task-settings.ts'
import type { TableWork } from '../table-work.ts'
import { rowsDropped } from '../write-rows.ts'
import type { Written } from '../write-rows.ts'
import type { ExportedFile } from './manifest.ts'
import { mustBeWhole, rejectedRowsOf, textOf } from './read-file.ts'
import { stagedRows } from './staged-rows.ts'

export interface LoadJob extends TaskJob {
  folder: string
  file: ExportedFile
  /** Beside live writers, of a table without a key: the newest late op when the export began. */
  lateSince: bigint | null
}

/**
 * When this returns, the file's span is on the books, or somebody else has booked a part of it (then nothing of the file was loaded). Throws HF-E012 and HF-E013
 * when the file is not what was exported, HF-E021 when its text gives other rows.
 */
// eslint-disable-next-line max-params -- as copyTask
export async function loadFile(run: CopyRun, slot: SessionSlot, work: TableWork, job: LoadJob): Promise<void> {
  await mustBeWhole(job.folder, job.file)
  const hasRows = job.file.rows > 0
  await writeUntilBooked(run, slot, work, { ...job, hasRows }, (session) => loadOnce(run, session, work, job))
}

// eslint-disable-next-line max-params -- as above
async function loadOnce(run: CopyRun, session: Session, work: TableWork, job: LoadJob): Promise<Receipt> {
  const attempt = (write: (receipt: bigint) => Promise<Written>): Promise<Receipt> =>
    transaction(session, async () => {
      await session.query(settingsOf(work))
      const id = await insertReceipt(session, work.tableId, job)
      failpoint('backfill.after-receipt')
      if (job.lateSince !== null) await deleteSpan(run, session, work, job)
      failpoint('backfill.after-delete')
      const written = await write(id)
      const receipt = await bookRest(session, work, { id, task: job, read: readOf(job), written })
      failpoint('backfill.before-commit')
      return receipt
    })
  const receipt = await attempt(() => loadStraight(session, work, job)).catch((error: unknown) => {
    if (!isDataError(error)) throw error
    return attempt((id) => loadCarefully(run, session, work, { job, id }))
  })
  failpoint('backfill.after-commit')
  return receipt
}

/** One COPY; the server counts the rows. The digest is that of the rows as they left the source, so that `verify` compares the target with the source and not with this text. */
async function loadStraight(session: Session, work: TableWork, { folder, file }: LoadJob): Promise<Written> {
  const taken = await session.copyIn(csvCopySql(work.target, work.columns), midway(textOf(folder, file)))
  if (taken !== file.rows) throw rowsDropped(work, file.rows, taken)
  return { rows: file.rows, digest: file.digest, refused: 0, losses: [] }
}

async function* midway(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of chunks) {
    yield chunk
    failpoint('backfill.mid-copy')
  }
}

/** Some row does not fit: from here on it is the task of a direct copy, with the rows as the server has read them. */
// eslint-disable-next-line max-params -- as above
async function loadCarefully(
  run: CopyRun,
  session: Session,
  work: TableWork,
  { job, id }: { job: LoadJob; id: bigint },
): Promise<Written> {
  const read = await stagedRows(session, work, run.budget, textOf(job.folder, job.file))
  try {
    if (read.digest.toString() !== job.file.digest)
      throw new HyperferryError('HF-E021', {
        what: `${job.file.file}: the rows of its text are not those that were exported`,
        details: { table: work.table.source, file: job.file.file },
      })
    return await writeCarefully(session, work, read, keeper(session, work, id))
  } finally {
    await read.spool.dispose()
  }
}

function readOf({ folder, file }: LoadJob): Read {
  return {
    spool: {
      rejected: file.rejected?.rows ?? 0,
      losses: file.losses,
      bytes: file.tupleBytes,
      rejectedRows: () => rejectedRowsOf(folder, file),
    },
  }
}
