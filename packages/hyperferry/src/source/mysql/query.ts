/** A person's own statement: read-only transaction, bound parameters, values as text. */
import { HyperferryError } from '../../errors.ts'
import { QUERY_ROWS } from '../source.ts'
import type { QueryParameter, QueryResult } from '../source.ts'
import type { ResultField } from './session.ts'
import type { Sessions } from './sessions.ts'

/** Runs one statement. A session on which anything but a query ran is not used again: it may have other settings now. */
export async function runQuery(
  sessions: Sessions,
  sql: string,
  params: readonly QueryParameter[],
): Promise<QueryResult> {
  const lease = await sessions.begin()
  let clean = false
  try {
    const began = performance.now()
    const result = await lease.session.execute(sql, params.map(bound), QUERY_ROWS)
    const ms = performance.now() - began
    if (result === null)
      throw new HyperferryError('HF-R001', { what: `query: more than ${QUERY_ROWS} rows`, hint: 'Give it a limit.' })
    const { fields, rows } = result
    clean = fields.length > 0
    const texts = rows.map((row) => fields.map((field, i) => textOf(row[i], field)))
    return { columns: fields.map(({ name }) => name), rows: texts, ms }
  } finally {
    await lease.end(!clean)
  }
}

/** Numbers as text: the driver would send them as doubles, which LIMIT refuses. */
function bound(value: QueryParameter): string | null {
  if (value === null) return null
  return typeof value === 'boolean' ? (value ? '1' : '0') : String(value)
}

const FLOAT = 4
/** Digits that a FLOAT surely has, as the server prints it. */
const FLOAT_DIGITS = 6

function textOf(value: unknown, field: ResultField): string | null {
  if (value === null || value === undefined) return null
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`
  if (typeof value === 'number' && field.columnType === FLOAT) return String(Number(value.toPrecision(FLOAT_DIGITS)))
  if (typeof value === 'string') return value
  return typeof value === 'bigint' ? value.toString() : JSON.stringify(value)
}
