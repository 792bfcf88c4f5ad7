/** Slices, extent and boundaries on the axis of a table, as SQL that walks an index or the table's own b-tree. */
import type { DatabaseSync } from 'node:sqlite'
import { HyperferryError } from '../../errors.ts'
import type { PlannedTable, Slice, SourceTable } from '../../model.ts'
import { ident, sameName } from './names.ts'
import { rowOf } from './open.ts'
import type { SqliteValue } from './value.ts'
import { hiddenRowid, rowidAlias } from './shape.ts'

export interface Axis {
  /** SQL of the axis value. */
  sql: string
  /** Whether every row has an integer there: the rowid. Else other storage classes are the residual. */
  always: boolean
}

/** A condition and its parameters. */
export interface Where {
  sql: string
  values: SqliteValue[]
}

/** The axis of a planned table; null when it is not split. @throws HF-P021 when the axis is gone, HF-P023 when it cannot be one. */
export function axisOf(table: PlannedTable, live: SourceTable): Axis | null {
  if (table.split === 'all') return null
  if (table.axis === null)
    throw new HyperferryError('HF-P023', { what: `tables.${table.name}: split ${table.split} without axis` })
  const name = table.axis
  const alias = rowidAlias(live)
  if (alias !== null && (sameName(name, alias) || sameName(name, 'rowid'))) return { sql: ident(alias), always: true }
  const column = live.columns.find((c) => sameName(c.name, name))
  if (column) return { sql: ident(column.name), always: false }
  const hidden = live.storage.startsWith('without rowid') ? null : hiddenRowid(live.columns.map((c) => c.name))
  if (sameName(name, 'rowid') && hidden !== null) return { sql: hidden, always: true }
  throw new HyperferryError('HF-P021', { what: `table ${table.source} has no column ${name} to be split by` })
}

/** Every row is in exactly one slice of a cover: texts and blobs sort above all numbers, so a range has to name the numbers. */
export function whereOf(axis: Axis | null, slice: Slice): Where {
  if (slice.kind === 'all') return { sql: '1', values: [] }
  // Without an axis the main lane is the whole table.
  if (axis === null) return { sql: slice.kind === 'range' ? '1' : '0', values: [] }
  if (slice.kind === 'residual') return { sql: axis.always ? '0' : `typeof(${axis.sql}) NOT IN ${NUMBERS}`, values: [] }
  const sql: string[] = []
  const values: SqliteValue[] = []
  if (slice.from !== null) {
    sql.push(`${axis.sql} >= ?`)
    values.push(bound(slice.from))
  }
  if (slice.to !== null) {
    sql.push(`${axis.sql} < ?`)
    values.push(bound(slice.to))
  } else if (!axis.always) {
    // Lets the index stop before the texts; all numbers are below them.
    sql.push(`${axis.sql} < ''`)
  }
  if (!axis.always) sql.push(`typeof(${axis.sql}) IN ${NUMBERS}`)
  return { sql: sql.length === 0 ? '1' : sql.join(' AND '), values }
}

/** Smallest and largest position; an infinite REAL has none, though it is in the first or last range. */
export function extentOf(database: DatabaseSync, table: string, axis: Axis): { min: bigint; max: bigint } | null {
  const from = `FROM main.${ident(table)} WHERE ${axis.always ? '1' : finite(axis)} ORDER BY ${axis.sql}`
  const min = rowOf(database, `SELECT ${axis.sql} ${from} LIMIT 1`)?.[0]
  const max = rowOf(database, `SELECT ${axis.sql} ${from} DESC LIMIT 1`)?.[0]
  if (min == null || max == null) return null
  const low = positionOf(min)
  const high = positionOf(max)
  return low === null || high === null ? null : { min: low, max: high }
}

/** A position above `from` with about `rows` rows between; null when fewer are left. */
export function advanceOn(
  database: DatabaseSync,
  table: string,
  { axis, from, rows }: { axis: Axis; from: bigint | null; rows: number },
): bigint | null {
  const where = whereOf(axis, { kind: 'range', from, to: null })
  const select = (condition: string, offset: number, ...values: SqliteValue[]): SqliteValue | undefined =>
    rowOf(
      database,
      `SELECT ${axis.sql} FROM main.${ident(table)} WHERE ${condition} ORDER BY ${axis.sql} LIMIT 1 OFFSET ${offset}`,
      ...values,
    )?.[0]
  let found = select(where.sql, Math.max(1, Math.trunc(rows)), ...where.values)
  if (found === undefined || found === Infinity) return null
  // -Infinity lies before every boundary; the next number ends the range of those rows.
  if (found === -Infinity) found = select(`${where.sql} AND ${axis.sql} > -9e999`, 0, ...where.values)
  const position = found === undefined ? null : positionOf(found)
  if (position === null) return null
  const first = select(where.sql, 0, ...where.values)
  const start = first === undefined ? null : positionOf(first)
  // Every row up to here has one position: the range must take all of them.
  const boundary =
    (start !== null && position <= start) || (from !== null && position <= from) ? position + 1n : position
  if (boundary > MAX_INT64) return null
  const rest = whereOf(axis, { kind: 'range', from: boundary, to: null })
  return select(rest.sql, 0, ...rest.values) === undefined ? null : boundary
}

const NUMBERS = "('integer', 'real')"
const MAX_INT64 = 2n ** 63n - 1n
const MIN_INT64 = -(2n ** 63n)

function finite(axis: Axis): string {
  return `${axis.sql} > -9e999 AND ${axis.sql} < 9e999 AND typeof(${axis.sql}) IN ${NUMBERS}`
}

/** The integer at or below a number. */
function positionOf(value: SqliteValue): bigint | null {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number' && Number.isFinite(value)) return BigInt(Math.floor(value))
  return null
}

/** Beyond 64 bits only a REAL can be compared; both neighbours of the boundary use the same one, so nothing is lost or doubled. */
function bound(position: bigint): bigint | number {
  return position >= MIN_INT64 && position <= MAX_INT64 ? position : Number(position)
}
