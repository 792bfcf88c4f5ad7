/** A person's own statement: the read-only connection, bound parameters, values as text. */
import type { DatabaseSync } from 'node:sqlite'
import { HyperferryError } from '../../errors.ts'
import { QUERY_ROWS } from '../source.ts'
import type { QueryParameter, QueryResult } from '../source.ts'
import { prepare } from './open.ts'
import type { SqliteRow, SqliteValue } from './value.ts'

/** Runs one statement. Throws HF-R001 for more than `QUERY_ROWS` rows, else what SQLite throws. */
export function runQuery(database: DatabaseSync, sql: string, params: readonly QueryParameter[]): QueryResult {
  const began = performance.now()
  const statement = prepare(database, sql)
  const rows: (string | null)[][] = []
  for (const row of statement.iterate(...params.map(bound)) as unknown as Iterable<SqliteRow>) {
    if (rows.length >= QUERY_ROWS)
      throw new HyperferryError('HF-R001', { what: `query: more than ${QUERY_ROWS} rows`, hint: 'Give it a limit.' })
    rows.push(row.map(textOf))
  }
  return { columns: statement.columns().map(({ name }) => name), rows, ms: performance.now() - began }
}

/** SQLite has no booleans, and compares an integer only with an integer. */
function bound(value: QueryParameter): SqliteValue {
  if (typeof value === 'boolean') return value ? 1n : 0n
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value
}

function textOf(value: SqliteValue): string | null {
  if (value === null) return null
  return value instanceof Uint8Array ? `\\x${Buffer.from(value).toString('hex')}` : String(value)
}
