/** What the driver and the server throw, as errors of the catalogue. By SQLSTATE and driver code, never by message. */
import { codeOf, HyperferryError, messageOf } from '../errors.ts'
import type { ErrorCode } from '../errors.ts'

/**
 * Any error of the target as a HyperferryError; one that is so already is returned as it is. `context` says what was being done
 * (`copying into "reading"`). Values of rows are left out: PostgreSQL's DETAIL is not carried over.
 */
export function targetError(error: unknown, context: string): HyperferryError {
  if (error instanceof HyperferryError) return error
  const code = codeOf(error)
  const sqlstate = code !== null && isSqlstate(error, code) ? code : null
  const entry = sqlstate === null ? codeOfDriver(code) : codeOfState(sqlstate)
  const suffix = code === null ? '' : ` (${code})`
  const facts = { what: `${context}: ${messageOf(error)}${suffix}`, cause: error, details: detailsOf(error) }
  return new HyperferryError(entry, sqlstate === null ? facts : { ...facts, sqlstate })
}

/** The connection is gone; whatever was running has an unknown outcome. */
export function connectionLost(context: string, cause: unknown): HyperferryError {
  const what = `${context}: the connection to the target was lost (${messageOf(cause)})`
  const code = codeOf(cause)
  return new HyperferryError('HF-C019', { what, cause, ...(code === null ? {} : { sqlstate: code }) })
}

/** The run's signal was aborted. */
export function interrupted(context: string): HyperferryError {
  return new HyperferryError('HF-B022', { what: `${context}: interrupted` })
}

/** Whether the session cannot be used again after this SQLSTATE: the server has closed it or is about to. */
export function endsSession(sqlstate: string): boolean {
  return sqlstate.startsWith('08') || /^57P0[1-5]$/.test(sqlstate)
}

const exact: Record<string, ErrorCode> = {
  '25006': 'HF-C019', // the server became a standby while we worked; a new connection tells HF-C016 if it stays one
  '3D000': 'HF-C012',
  '40001': 'HF-S015',
  '40P01': 'HF-S015',
  '42501': 'HF-C013',
  '53100': 'HF-S014',
  '54000': 'HF-S016', // an index entry too large: the row's fault
  '55P03': 'HF-S015',
  '57014': 'HF-S015',
  '57P04': 'HF-C012',
}

const families: Record<string, ErrorCode> = {
  '08': 'HF-C019',
  '22': 'HF-S016',
  '23': 'HF-S016',
  '28': 'HF-C011',
  '40': 'HF-S015',
  '53': 'HF-C021',
}

function codeOfState(sqlstate: string): ErrorCode {
  if (endsSession(sqlstate)) return exact[sqlstate] ?? 'HF-C019'
  return exact[sqlstate] ?? families[sqlstate.slice(0, 2)] ?? 'HF-S012'
}

const networkCodes = new Set(
  'ECONNREFUSED ECONNRESET EPIPE ETIMEDOUT EHOSTUNREACH ENETUNREACH ENOTFOUND EAI_AGAIN ENOENT EADDRNOTAVAIL'.split(
    ' ',
  ),
)

function codeOfDriver(code: string | null): ErrorCode {
  return code !== null && networkCodes.has(code) ? 'HF-C019' : 'HF-X001'
}

/** Errors of the server carry a severity; errors of Node with a five-letter code (EPIPE) do not. */
function isSqlstate(error: unknown, code: string): boolean {
  return /^[0-9A-Z]{5}$/.test(code) && typeof error === 'object' && error !== null && 'severity' in error
}

/** Names and places only, never values. */
function detailsOf(error: unknown): Record<string, unknown> {
  const details: Record<string, unknown> = {}
  if (typeof error !== 'object' || error === null) return details
  for (const key of ['schema', 'table', 'column', 'constraint', 'where', 'position'] as const) {
    const value: unknown = (error as Record<string, unknown>)[key]
    const text = key === 'where' && typeof value === 'string' ? placeInCopy(value) : value
    if (typeof text === 'string' && text !== '') details[key] = text
  }
  return details
}

/** `COPY reading, line 7, column note`: what follows a colon, and all other lines (JSON data, statements of triggers), may quote the row. */
function placeInCopy(where: string): string | null {
  const line = where.split('\n').find((each) => each.startsWith('COPY '))
  return line?.split(':', 1)[0] ?? null
}
