/** Text in another encoding than UTF-8, as the server reads it: no other opinion on it can be wrong. */
import { splitRow } from '../../csv/fields.ts'
import { withoutEnd } from '../../csv/rows.ts'
import { HyperferryError } from '../../errors.ts'
import type { Session } from '../../target/connect.ts'
import { inSavepoint } from '../../target/savepoint.ts'
import type { ImportJob } from './job.ts'

/** Whether the server has met bytes that are not of their encoding, or have no counterpart in its own. */
export function isNoCharacter(error: unknown): error is HyperferryError {
  return error instanceof HyperferryError && (error.sqlstate === '22021' || error.sqlstate === '22P05')
}

/** Throws what `isNoCharacter` tells when the bytes are not of that encoding. */
export async function decoded(session: Session, bytes: Buffer, encoding: string): Promise<string> {
  const { rows } = await session.query<{ text: string }>(`select pg_catalog.convert_from($1, $2) as text`, [
    bytes,
    encoding,
  ])
  return rows[0]?.text ?? ''
}

/** The column whose field is not of the file's encoding, in the transaction that is open; null when none is. */
export async function columnNotDecoded(session: Session, job: ImportJob, row: Buffer): Promise<string | null> {
  const body = withoutEnd(row)
  if (await canBeDecoded(session, body, job.encoding)) return null
  const fields = splitRow(body, job.dialect)
  // The first field up to whose end the row cannot be read.
  let [low, high] = [0, fields.length - 1]
  while (low < high) {
    const middle = (low + high) >>> 1
    const end = (fields[middle + 1]?.at ?? body.length + 1) - 1
    if (await canBeDecoded(session, body.subarray(0, end), job.encoding)) low = middle + 1
    else high = middle
  }
  return job.columns[low] ?? null
}

async function canBeDecoded(session: Session, bytes: Buffer, encoding: string): Promise<boolean> {
  const { error } = await inSavepoint(session, () => decoded(session, bytes, encoding), isNoCharacter)
  return error === null
}
