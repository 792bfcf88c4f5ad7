/** Rows to look at: all of them, or windows spread evenly over the table's own order. */
import type { DatabaseSync } from 'node:sqlite'
import { setImmediate as turn } from 'node:timers/promises'
import type { SourceTable } from '../../model.ts'
import { exactReader, keySql, suspicion } from './exact.ts'
import type { Encoding } from './exact.ts'
import { interrupted } from './interrupted.ts'
import { ident } from './names.ts'
import { prepare, rowOf } from './open.ts'
import type { SqliteRow, SqliteValue } from './value.ts'
import { rowKey } from './shape.ts'
import type { ExactText } from './value.ts'

/** Tables of up to so many rows are looked at completely. */
export const COMPLETE_ROWS = 1_000_000
/** Windows of a sample. */
const WINDOWS = 64
/** Rows between two looks at the clock and the abort signal. */
const TURN_ROWS = 4096

export interface SampleContext {
  table: SourceTable
  rows: number
  full: boolean
  sampleRows: number
  encoding: Encoding
  signal: AbortSignal
}

export interface Sample {
  /** Every row was seen. */
  exact: boolean
  rows: number
}

/** Calls `see` with the values of each row, columns in the table's order; `window` changes where neighbours are no longer neighbours. */
export async function sample(
  database: DatabaseSync,
  context: SampleContext,
  see: (values: (SqliteValue | ExactText)[], window: number) => void,
): Promise<Sample> {
  const { table, encoding, signal } = context
  const key = rowKey(table)
  const names = table.columns.map((column) => column.name)
  const keys = keySql(key)
  const keyWidth = key.rowid ? keys.length : keys.length * 2
  const exact = exactReader(database, { table, columns: names, key, encoding })
  const suspect = suspicion(encoding)
  const select = `SELECT ${[...keys, ...names.map(ident)].join(', ')} FROM main.${ident(table.name)}`
  const { complete, windows } = plan(database, context)
  let rows = 0
  for (const [number, window] of windows.entries()) {
    const statement = prepare(database, `${select} ${window.sql}`)
    for (const row of statement.iterate(...window.values) as unknown as Iterable<SqliteRow>) {
      let values: (SqliteValue | ExactText)[] = row.slice(keyWidth)
      if (values.some((value) => typeof value === 'string' && suspect(value))) {
        values = exact.values(row.slice(0, keyWidth)) ?? values
      }
      see(values, number)
      rows += 1
      if (rows % TURN_ROWS === 0) {
        await turn()
        interrupted(signal)
      }
    }
  }
  return { exact: complete, rows }
}

interface Window {
  sql: string
  values: SqliteValue[]
}

function plan(
  database: DatabaseSync,
  { table, rows, full, sampleRows }: SampleContext,
): { complete: boolean; windows: Window[] } {
  const everything = { complete: true, windows: [{ sql: '', values: [] }] }
  if (full || rows <= COMPLETE_ROWS) return everything
  const key = rowKey(table)
  const [first] = key.parts
  const each = Math.max(1, Math.ceil(sampleRows / WINDOWS))
  if (!first) return { complete: false, windows: [{ sql: 'LIMIT ?', values: [BigInt(sampleRows)] }] }
  const name = `main.${ident(table.name)}`
  const [low, high] =
    rowOf(database, `SELECT (SELECT min(${first.sql}) FROM ${name}), (SELECT max(${first.sql}) FROM ${name})`) ?? []
  if (typeof low !== 'bigint' || typeof high !== 'bigint') {
    // No number to divide: the offsets walk the b-tree, which SQLite does without looking at the rows.
    const step = Math.max(each, Math.floor(rows / WINDOWS))
    const windows = Array.from({ length: WINDOWS }, (_, i) => ({
      sql: 'LIMIT ? OFFSET ?',
      values: [BigInt(each), BigInt(i * step)],
    }))
    return { complete: false, windows }
  }
  // A few keys far from all others would leave all but one window empty: what lies between the outermost rows is divided.
  const [inner, outer] =
    rowOf(
      database,
      `SELECT (SELECT ${first.sql} FROM ${name} ORDER BY ${first.sql} LIMIT 1 OFFSET ?),
         (SELECT ${first.sql} FROM ${name} ORDER BY ${first.sql} DESC LIMIT 1 OFFSET ?)`,
      BigInt(each),
      BigInt(each - 1),
    ) ?? []
  const from = typeof inner === 'bigint' ? inner : low
  const to = typeof outer === 'bigint' && outer > from ? outer : high
  const order = `ORDER BY ${first.sql} LIMIT ?`
  const windows: Window[] = [{ sql: `WHERE ${first.sql} < ? ${order}`, values: [from, BigInt(each)] }]
  const cut = (i: number): bigint => from + ((to - from) * BigInt(i)) / BigInt(WINDOWS - 2)
  for (let i = 0; i < WINDOWS - 2; i += 1) {
    windows.push({
      sql: `WHERE ${first.sql} >= ? AND ${first.sql} < ? ${order}`,
      values: [cut(i), cut(i + 1), BigInt(each)],
    })
  }
  windows.push({ sql: `WHERE ${first.sql} >= ? ${order}`, values: [to, BigInt(each)] })
  return { complete: false, windows }
}
