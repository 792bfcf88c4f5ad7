/** Why a row was refused, and which of its columns is at fault. */
import { CR } from '../../csv/dialect.ts'
import { splitRow } from '../../csv/fields.ts'
import { withoutItsEnd } from '../../csv/rows.ts'
import { firstInvalid } from '../../csv/utf8.ts'
import type { ErrorCode, HyperferryError } from '../../errors.ts'
import type { ImportJob } from './job.ts'

export interface Reason {
  code: ErrorCode
  /** Name in the target; null when no single one is at fault. */
  column: string | null
  sqlstate: string | null
  reason: string
}

type Reader = Pick<ImportJob, 'columns' | 'dialect' | 'syntax' | 'utf8'>

/** `error` null: the row was not sent, because it is not of its encoding. */
export function reasonOf(job: Reader, row: Buffer, error: HyperferryError | null): Reason {
  const code = error === null ? 'HF-F004' : 'HF-F002'
  const sqlstate = error === null ? '22021' : error.sqlstate
  return { code, sqlstate, column: columnAtFault(job, row, error), reason: textOf(job, row, error) }
}

/** By the server's own word where it gives one, else by looking at the row. */
function columnAtFault(
  { columns, dialect, syntax }: Reader,
  row: Buffer,
  error: HyperferryError | null,
): string | null {
  const told = error?.details['column'] ?? placeOf(error)?.column
  if (typeof told === 'string') return told
  const malformed = error?.sqlstate === '22P04'
  const fields = splitRow(withoutItsEnd(row, syntax.rowEnd), dialect)
  const bad = fields.findIndex(
    ({ bytes, open, bare }) =>
      open || bytes.includes(0) || (malformed && bare !== null) || (error === null && firstInvalid(bytes) !== null),
  )
  if (bad >= 0) return columns[bad] ?? null
  return malformed && fields.length < columns.length ? (columns[fields.length] ?? null) : null
}

function textOf({ columns, dialect, syntax }: Reader, row: Buffer, error: HyperferryError | null): string {
  if (error === null) return 'a byte that is not UTF-8'
  const bytes = withoutItsEnd(row, syntax.rowEnd)
  if (bytes.includes(0)) return 'a NUL byte, which PostgreSQL cannot store in a text'
  const fields = splitRow(bytes, dialect)
  const bare = fields.find((field) => field.bare !== null)?.bare
  if (error.sqlstate === '22P04' && bare != null)
    return `${bare === CR ? 'a CR' : 'an LF'} without quotes in a file whose rows end with ${syntax.rowEnd.toUpperCase()}`
  if (error.sqlstate === '22P04' && fields.at(-1)?.open === true) return 'a quote that is opened here and never closed'
  if (error.sqlstate === '22P04' && fields.length !== columns.length) {
    return `${fields.length} ${fields.length === 1 ? 'field' : 'fields'} instead of ${columns.length}`
  }
  // The statement is in front of the server's own words.
  return error.message.replace(/^.*?: /s, '').replace(/ \(\w{5}\)$/, '')
}

/** What the context of a COPY error says: `COPY reading, line 7, column temp`. Only a hint: the words are in the server's language. */
export function placeOf(error: HyperferryError | null): { line: number; column: string | null } | null {
  const where = error?.details['where']
  const found = typeof where === 'string' ? /, \D*(\d+)(?:, \S+ (.+))?$/.exec(where) : null
  return found === null ? null : { line: Number(found[1]), column: found[2] ?? null }
}
