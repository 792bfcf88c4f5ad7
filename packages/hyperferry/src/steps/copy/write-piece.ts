/** One piece of the file into the table, in one transaction with its place in the books. */
import { completeRange, insertRange } from '../../control/imports.ts'
import type { RangeResult } from '../../control/imports.ts'
import { failpoint } from '../../failpoints.ts'
import type { Session } from '../../target/connect.ts'
import { transaction } from '../../target/transaction.ts'
import { isDataError } from '../../work/bisect.ts'
import { rowsDropped } from './dropped.ts'
import { copySqlOf } from './job.ts'
import type { ImportJob } from './job.ts'
import { Passing } from './passing.ts'
import type { PieceBytes } from './piece-bytes.ts'
import { writeRowsCarefully } from './careful.ts'
import { insertFromStage, makeStage } from './stage.ts'

/**
 * Exactly once or not at all: as one COPY, and when a row is at fault once more with care. null, and nothing was written, when a row of a large piece is at fault: it is for smaller
 * ones then. Throws HF-F002 and the like when that row ends the copy.
 */
export async function writePiece(session: Session, job: ImportJob, piece: PieceBytes): Promise<RangeResult | null> {
  const attempt = (write: (rangeId: string) => Promise<RangeResult>): Promise<RangeResult> =>
    transaction(session, async () => {
      await session.query(job.settings)
      const rangeId = await insertRange(session, job.importId, piece)
      failpoint('copy.after-range')
      const done = await write(rangeId)
      await completeRange(session, rangeId, done)
      failpoint('copy.before-commit')
      return done
    })
  const done = await attempt(() => writeAtOnce(session, job, piece)).catch((error: unknown) => {
    if (!isDataError(error)) throw error
    if (piece.smaller !== null) return null
    return attempt((rangeId) => writeRowsCarefully(session, job, piece, rangeId))
  })
  failpoint('copy.after-commit')
  return done
}

async function writeAtOnce(session: Session, job: ImportJob, piece: PieceBytes): Promise<RangeResult> {
  if (job.staged) return writeStaged(session, job, piece)
  if (job.compress !== '') await session.query(job.compress)
  const { taken, checksum } = await send(session, job, piece)
  return { rows: taken, skipped: 0, refused: 0, checksum }
}

async function writeStaged(session: Session, job: ImportJob, piece: PieceBytes): Promise<RangeResult> {
  const stage = await makeStage(session, job)
  const { taken, checksum } = await send(session, job, piece, stage)
  const rows = await insertFromStage(session, job)
  return { rows, skipped: taken - rows, refused: 0, checksum }
}

async function send(
  session: Session,
  job: ImportJob,
  piece: PieceBytes,
  into?: string,
): Promise<{ taken: number; checksum: number }> {
  const passing = new Passing(job, piece)
  const options = (piece.plain ? job.plainOptions : null) ?? job.options
  const taken = await session.copyIn(copySqlOf(job, into, options), passing.chunks())
  if (taken !== piece.rows) throw rowsDropped(job.table, piece.rows, taken)
  return { taken, checksum: passing.checksum }
}
