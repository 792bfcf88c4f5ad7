/** From positions on a table's axis to the target's column and back to chunks (docs/design/0001). Every map is monotone. */
import { HyperferryError } from '../errors.ts'
import type { PlannedColumn, PlannedTable } from '../model.ts'
import { END_DATE_DAYS, END_TIMESTAMP_DAYS, MIN_DAYS } from './encode/timestamp.ts'
import { parsePgType } from './pgtype.ts'
import type { PgType } from './pgtype.ts'
import { epochToMicros, floorDiv, formatDays, formatMicros, MICROS_PER_DAY } from './time.ts'
import { compileZone } from './zones.ts'

/** The target column that holds the axis; null when the axis is no migrated column (rowid, split `all`). */
export function targetAxis(table: PlannedTable): { column: string; type: string } | null {
  const column = axisColumn(table)
  return column && { column: column.name, type: column.type }
}

/**
 * SQL of the value that a position has in the target's axis column, with its cast: `'2024-01-01 00:00:00+00'::timestamptz`. Positions beyond the
 * type become its infinity or a numeric, which compare right. `timezone` is the zone of wall-clock columns without one of their own.
 * @throws HyperferryError HF-P023 when the table has no such column.
 */
export function axisLiteral(table: PlannedTable, position: bigint, timezone: string): string {
  const column = axisColumn(table)
  if (column === null) throw new HyperferryError('HF-P023', { what: `table ${table.name} has no axis in the target` })
  const type = parsePgType(column.type)
  const value = isTime(type) ? instantOf(column, type, position, timezone) : position
  return literalOf(type, value, `${table.name}.${column.name}`)
}

/** SQL of a value of a type that can be an axis: microseconds of times, else the number itself. `column` is named in the error. */
export function literalOf(type: PgType, value: bigint, column: string): string {
  switch (type.name) {
    case 'timestamptz':
    case 'timestamp':
      return timestampLiteral(value, type)
    case 'date':
      return dateLiteral(value)
    case 'int2':
    case 'int4':
    case 'int8':
      return integerLiteral(value, type.name)
    case 'numeric':
    case 'float4':
    case 'float8':
      return `'${value}'::${type.name}`
    default:
      throw new HyperferryError('HF-P023', { what: `column ${column} of type ${type.text} cannot be an axis` })
  }
}

/** The largest position ≤ `position` whose value the target can tell from the one before: cut tasks there, and target ranges are exact. */
export function alignPosition(table: PlannedTable, position: bigint): bigint {
  const column = axisColumn(table)
  const type = column && parsePgType(column.type)
  if (!column || !type || !isTime(type)) return position
  const step = stepMicros(type)
  switch (column.rules.unit) {
    case 'ns':
      return floorDiv(position, step * 1000n) * step * 1000n
    case 'ms':
    case 's': {
      const perUnit = column.rules.unit === 's' ? 1_000_000n : 1000n
      return step <= perUnit ? position : floorDiv(position, step / perUnit) * (step / perUnit)
    }
    default:
      return floorDiv(position, step) * step
  }
}

function axisColumn(table: PlannedTable): PlannedColumn | null {
  if (table.split === 'all' || table.axis === null) return null
  return table.columns.find((each) => each.source === table.axis && each.generated === null) ?? null
}

/** Microseconds since 1970-01-01 of the value in the target, floored to what its type holds. */
export function instantOf(column: PlannedColumn, type: PgType, position: bigint, timezone: string): bigint {
  const step = stepMicros(type)
  return floorDiv(utcMicros(column, type, position, timezone), step) * step
}

function utcMicros(column: PlannedColumn, type: PgType, position: bigint, timezone: string): bigint {
  if (column.rules.unit) return epochToMicros(position, column.rules.unit).micros
  // Wall clocks stay as they are in types without a zone; MySQL's TIMESTAMP is read in UTC.
  if (type.name !== 'timestamptz' || /^timestamp\b/i.test(column.sourceType)) return position
  const zone = compileZone(column.rules.timezone ?? timezone)
  const instant = zone.toUtcMicros(position)
  if (instant !== 'gap') return instant.micros
  // No row has a position inside of a gap: all of it is the instant at which the clocks were set.
  const { wallSeconds, offset } = zone.gapEnd(Number(floorDiv(position, 1_000_000n)))
  return BigInt(wallSeconds - offset) * 1_000_000n
}

/** Whether values of the type are microseconds of a time rather than numbers. */
export function isTime(type: PgType): boolean {
  return type.name === 'timestamptz' || type.name === 'timestamp' || type.name === 'date'
}

/** Microseconds between two neighbouring values of the type. */
export function stepMicros(type: PgType): bigint {
  if (type.name === 'date') return BigInt(MICROS_PER_DAY)
  return 10n ** BigInt(6 - (type.precision ?? 6))
}

function timestampLiteral(micros: bigint, type: PgType): string {
  const days = floorDiv(micros, BigInt(MICROS_PER_DAY))
  if (days < MIN_DAYS) return `'-infinity'::${type.name}`
  if (days >= END_TIMESTAMP_DAYS) return `'infinity'::${type.name}`
  const text = formatMicros(micros)
  if (type.name === 'timestamp') return `'${text}'::timestamp`
  return `'${text.endsWith(' BC') ? `${text.slice(0, -3)}+00 BC` : `${text}+00`}'::timestamptz`
}

function dateLiteral(micros: bigint): string {
  const days = floorDiv(micros, BigInt(MICROS_PER_DAY))
  if (days < MIN_DAYS) return `'-infinity'::date`
  if (days >= END_DATE_DAYS) return `'infinity'::date`
  const { date, era } = formatDays(Number(days))
  return `'${date}${era}'::date`
}

function integerLiteral(position: bigint, name: 'int2' | 'int4' | 'int8'): string {
  const bits = name === 'int2' ? 15n : name === 'int4' ? 31n : 63n
  const limit = 1n << bits
  // Comparing with a numeric is right for every value, and no value of the column is that large.
  return `'${position}'::${position >= -limit && position < limit ? name : 'numeric'}`
}

export { chunkGrid } from './chunk-grid.ts'
