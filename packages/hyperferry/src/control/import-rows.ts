/** Rows of a file that the target refused, kept as they are with the reason. Written in the transaction of their range. */
import type { Session } from '../target/connect.ts'

export interface RefusedRow {
  /** Where it begins in the file, in bytes after decompression. */
  position: number
  /** Line of the file, the first one is 1. */
  line: number
  /** Name in the target; null when it is the row as a whole. */
  column: string | null
  sqlstate: string | null
  reason: string
  content: Uint8Array
}

export async function putRefused(
  session: Session,
  { importId, rangeId }: { importId: number; rangeId: string },
  row: RefusedRow,
): Promise<void> {
  await session.query(
    `insert into hyperferry.import_row (import_id, range_id, position, line, column_name, sqlstate, reason, content)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      importId,
      rangeId,
      row.position,
      row.line,
      row.column,
      row.sqlstate,
      row.reason.replaceAll('\0', '\u{fffd}'),
      row.content,
    ],
  )
}

const ROWS_AT_ONCE = 200

/** All refused rows of an import in the order of the file, some at a time. */
export async function* refusedRows(session: Session, importId: number): AsyncGenerator<RefusedRow, void, undefined> {
  let after = -1
  for (;;) {
    const { rows } = await session.query<Omit<RefusedRow, 'position' | 'line'> & { position: string; line: string }>(
      `select r.position::text, r.line::text, r.column_name as column, r.sqlstate, r.reason, r.content from hyperferry.import_row r
       where r.import_id = $1 and r.position > $2 order by r.position limit ${ROWS_AT_ONCE}`,
      [importId, after],
    )
    for (const row of rows) {
      after = Number(row.position)
      yield { ...row, position: after, line: Number(row.line) }
    }
    if (rows.length < ROWS_AT_ONCE) return
  }
}
