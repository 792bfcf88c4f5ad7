// PostgreSQL's own COPY of a file in one piece, to compare with.
import { HyperferryError } from '../../../src/errors.ts'
import type { Session } from '../../../src/target/connect.ts'

/** Rows, or that the text was refused. */
export async function plainCopy(session: Session, sql: string, text: Uint8Array): Promise<'refused' | number> {
  try {
    return await session.copyIn(sql, text.length === 0 ? [] : [text])
  } catch (error) {
    if (error instanceof HyperferryError && error.retry === 'data') return 'refused'
    throw error
  }
}

/** What COPY writes of a table, in an order of its own. */
export async function copyOut(session: Session, table: string): Promise<string> {
  const chunks: Uint8Array[] = []
  await session.copyOut(
    `copy (select * from ${table} each order by each::text collate "C") to stdout (format csv)`,
    (chunk) => chunks.push(chunk),
  )
  return Buffer.concat(chunks).toString('latin1')
}

interface RefusedRow {
  /** In bytes. */
  position: number
  line: number
  column: string | null
  reason: string
  content: Buffer
}

/** Rows that an import has left out, in the order of the file. */
export async function refusedRows(session: Session, importId: string): Promise<RefusedRow[]> {
  const { rows } = await session.query<RefusedRow>(
    `select r.position::int4, r.line::int4, r.column_name as column, r.reason, r.content
     from hyperferry.import_row r join hyperferry.import i on i.id = r.import_id where i.name = $1 order by r.position`,
    [importId],
  )
  return rows
}

/** The file without them. */
export function without(text: Buffer, refused: readonly RefusedRow[]): Buffer {
  const kept: Buffer[] = []
  let at = 0
  for (const { position, content } of refused) {
    kept.push(text.subarray(at, position))
    at = position + content.length
  }
  return Buffer.concat([...kept, text.subarray(at)])
}
