/**
 * The second opinion: rows as canonical text (docs/design/0007) rendered by SQLite's own functions.
 * Shares no code with the transcoder: no encoder, no time arithmetic and no text decoding of `values/` or of this folder's read path.
 */
import type { DatabaseSync } from 'node:sqlite'
import type { PlannedColumn, PlannedTable, Slice, SourceTable } from '../../model.ts'
import { parsePgType } from '../../values/pgtype.ts'
import type { CanonicalRow, SecondReader } from '../source.ts'
import { whereOf } from './axis.ts'
import type { Axis, Where } from './axis.ts'
import type { Encoding } from './exact.ts'
import { interrupted } from './interrupted.ts'
import { ident } from './names.ts'
import { rowOf } from './open.ts'
import type { SqliteValue } from './value.ts'
import { inTransaction } from './pool.ts'
import type { Transactions } from './pool.ts'
import { canonicalBytes, canonicalJson, canonicalText, canonicalUuid } from './second-bytes.ts'
import { canonicalBool, canonicalFloat, canonicalInteger, canonicalNumeric } from './second-numbers.ts'
import { canonicalTime } from './second-times.ts'
import { LEFT_OUT } from './second-rendering.ts'
import type { Rendering, SecondColumn } from './second-rendering.ts'
import { trapsOf } from './second-traps.ts'

export interface SecondContext {
  table: PlannedTable
  live: SourceTable
  axis: Axis | null
  encoding: Encoding
  timezone: string
  transactions: Transactions
  signal: AbortSignal
}

/** Compiles the statements of both questions. */
export function secondReader(context: SecondContext): SecondReader {
  const { table, live, axis, transactions, signal, timezone, encoding } = context
  const columns = table.columns
    .filter((column) => column.generated === null)
    .map((column) => ({
      column,
      sql: ident(column.source),
      type: parsePgType(column.type),
      encoding,
      timezone: column.rules.timezone ?? timezone,
    }))
  const rendered = columns.map((column) => ({ required: isRequired(table, column.column), ...renderingOf(column) }))
  const select = rendered.flatMap(({ sql }) => sql).join(', ')
  const from = `FROM main.${ident(live.name)}`
  const what = `cannot read table ${table.source} a second time`
  const read = (database: DatabaseSync, where: Where, limit: number): CanonicalRow[] => {
    const rows: CanonicalRow[] = []
    const statement = database.prepare(`SELECT ${select} ${from} WHERE ${where.sql}`)
    statement.setReadBigInts(true)
    statement.setReturnArrays(true)
    for (const row of statement.iterate(...where.values) as unknown as Iterable<SqliteValue[]>) {
      const values = canonicalRow(rendered, row)
      if (values !== null) rows.push({ values })
      if (rows.length >= limit) break
    }
    return rows
  }
  return {
    // oxlint-disable-next-line require-await -- the interface is asynchronous, SQLite is not
    async rows(slice: Slice, limit: number) {
      interrupted(signal)
      if (limit <= 0) return []
      return inTransaction(transactions, what, (database) => read(database, whereOf(axis, slice), limit))
    },
    // oxlint-disable-next-line require-await -- as above
    async traps(limit: number) {
      interrupted(signal)
      return inTransaction(transactions, what, (database) => {
        const traps = columns.flatMap((column) => trapsOf(column))
        if (traps.length === 0) return []
        const totals =
          rowOf(
            database,
            `SELECT ${traps.map((trap) => `count(CASE WHEN ${trap.sql} THEN 1 END)`).join(', ')} ${from}`,
          ) ?? []
        return traps.map(({ name, column, sql }, i) => {
          const total = totals[i]
          const some = typeof total === 'bigint' && total > 0n && limit > 0
          return {
            name,
            column,
            total: typeof total === 'bigint' ? total : 0n,
            rows: some ? read(database, { sql, values: [] }, limit) : [],
          }
        })
      })
    },
  }
}

function canonicalRow(
  rendered: readonly (Rendering & { required: boolean })[],
  row: readonly SqliteValue[],
): (string | null)[] | null {
  const values: (string | null)[] = []
  let at = 0
  for (const { sql, finish, required } of rendered) {
    const texts = row.slice(at, at + sql.length)
    at += sql.length
    const value = texts[0] === 'null' ? null : finish(texts)
    if (value === LEFT_OUT || (value === null && required)) return null
    values.push(value)
  }
  return values
}

function isRequired(table: PlannedTable, column: PlannedColumn): boolean {
  return !column.nullable || (table.kind === 'timeseries' && table.time?.column === column.name)
}

function renderingOf(column: SecondColumn): Rendering {
  switch (column.type.name) {
    case 'int2':
    case 'int4':
    case 'int8':
      return canonicalInteger(column)
    case 'numeric':
      return canonicalNumeric(column)
    case 'float4':
    case 'float8':
      return canonicalFloat(column)
    case 'bool':
      return canonicalBool(column)
    case 'bytea':
      return canonicalBytes(column)
    case 'uuid':
      return canonicalUuid(column)
    case 'json':
    case 'jsonb':
      return canonicalJson(column)
    case 'date':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return canonicalTime(column)
    case 'inet':
      return {
        sql: [`typeof(${column.sql})`, column.sql],
        finish: ([kind, text]) => (kind === 'text' ? String(text).replace(/\/(?:32|128)$/, '') : LEFT_OUT),
      }
    default:
      return canonicalText(column)
  }
}
