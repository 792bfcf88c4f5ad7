/** The slow and exact way, taken when one COPY failed on a row: every row ends up in the table, or is named and kept aside. */
import { crc32 } from 'node:zlib'
import type { RangeResult } from '../../control/imports.ts'
import { putRefused } from '../../control/import-rows.ts'
import { lineEnds, rowBytes, rowTable, withoutEnd } from '../../csv/rows.ts'
import type { RowTable } from '../../csv/rows.ts'
import { firstInvalid } from '../../csv/utf8.ts'
import { HyperferryError } from '../../errors.ts'
import { rowsDropped } from './dropped.ts'
import { copySqlOf } from './job.ts'
import type { ImportJob } from './job.ts'
import { beginsWithLf, lfFirst } from './lf-first.ts'
import type { PieceBytes } from './piece-bytes.ts'
import { reasonOf } from './reason.ts'
import type { Reason } from './reason.ts'
import { separate } from './separate.ts'
import { insertFromStage, makeStage } from './stage.ts'
import type { Session } from '../../target/connect.ts'

const MARK = Buffer.from('\\.')

/** Works in the transaction that is open. Without `keepAside` the first row that is refused is thrown: HF-F002, HF-F004, HF-F011. */
export async function writeRowsCarefully(
  session: Session,
  job: ImportJob,
  piece: PieceBytes,
  rangeId: string,
): Promise<RangeResult> {
  const bytes = await piece.whole()
  const table = rowTable(bytes, job.syntax)
  const rows = table.starts.length - 1
  const done = { rows: 0, skipped: 0, refused: 0, checksum: crc32(bytes) }
  const refuse = async (row: number, reason: Reason): Promise<void> => {
    const line = await lineOf(job, piece, table, row)
    if (!job.keepAside) throw refusal(job, { ...reason, line })
    const content = rowBytes(table, row)
    const position = piece.from + (table.starts[row] ?? 0)
    await putRefused(session, { importId: job.importId, rangeId }, { position, line, content, ...reason })
    done.refused += 1
  }
  const load = async (from: number, to: number): Promise<void> => {
    const stage = job.staged ? await makeStage(session, job) : undefined
    const taken = await session.copyIn(copySqlOf(job, stage), [job.prefix, rowBytes(table, from, to)])
    if (taken !== to - from) throw rowsDropped(job.table, to - from, taken)
    const inserted = job.staged ? await insertFromStage(session, job) : taken
    done.rows += inserted
    done.skipped += taken - inserted
  }
  // Runs of rows that need not be asked about; between them those that no server may see.
  let from = 0
  for (const row of hopeless(job, piece, table)) {
    await separate(session, from, row.index, { job, table, load, refuse })
    if (row.reason !== null) await refuse(row.index, row.reason)
    from = row.index + 1
  }
  await separate(session, from, rows, { job, table, load, refuse })
  return done
}

/** Rows that are refused here: not of the encoding, an end-of-data mark, or an LF where only CR may be. The mark at the very end of the text means nothing and is left out (`reason` null). */
function* hopeless(
  job: ImportJob,
  piece: PieceBytes,
  table: RowTable,
): Generator<{ index: number; reason: Reason | null }, void, undefined> {
  const rows = table.starts.length - 1
  const sound = !job.utf8 || firstInvalid(table.bytes) === null
  if (sound && !table.bytes.includes(MARK) && job.syntax.rowEnd !== 'cr') return
  for (let index = 0; index < rows; index += 1) {
    const row = rowBytes(table, index)
    if (row[0] === MARK[0] && withoutEnd(row).equals(MARK)) {
      const reason = { column: null, sqlstate: null, code: 'HF-F011' as const, reason: 'the end-of-data mark \\.' }
      yield { index, reason: piece.last && index === rows - 1 ? null : reason }
    } else if (beginsWithLf(job, row)) yield { index, reason: reasonOf(job, row, lfFirst()) }
    else if (!sound && firstInvalid(row) !== null) yield { index, reason: reasonOf(job, row, null) }
  }
}

async function lineOf(job: ImportJob, piece: PieceBytes, { bytes, starts }: RowTable, row: number): Promise<number> {
  return (await piece.line()) + lineEnds(bytes.subarray(0, starts[row]), job.syntax.rowEnd)
}

function refusal(job: ImportJob, { line, column, sqlstate, code, reason }: Reason & { line: number }): HyperferryError {
  const where = column === null ? `line ${line}` : `line ${line}, column ${column}`
  return new HyperferryError(code, {
    what: `${where} of the file: ${reason}${sqlstate === null ? '' : ` (${sqlstate})`}`,
    details: { table: job.table, line, column },
    ...(sqlstate === null ? {} : { sqlstate }),
  })
}
