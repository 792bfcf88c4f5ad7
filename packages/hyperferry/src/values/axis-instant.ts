/**
 * Three scales of one time, and the monotone maps between them: absolute time (microseconds since 1970-01-01 UTC), the *instant* of a row (what the
 * target's time column holds: microseconds UTC, of the wall clock where the type has no zone, or the raw integer), and its *position* (the value in
 * the source's unit, as on an axis: docs/design/0001). `timezone` is the zone of the source's wall-clock columns without one of their own.
 */
import { HyperferryError } from '../errors.ts'
import type { PlannedColumn, PlannedTable, TimeUnit } from '../model.ts'
import { instantOf, isTime, literalOf, stepMicros } from './axis.ts'
import { parsePgType } from './pgtype.ts'
import type { PgType } from './pgtype.ts'
import { epochToMicros, floorDiv, MICROS_OF, microsToUnit } from './time.ts'
import { offsetReader } from './zone-offsets.ts'
import { compileZone } from './zones.ts'

const SECOND = 1_000_000n

/**
 * The instant of a row that happens at an absolute time, floored to what the column holds. Not monotone where the clocks of a zone are set back and the
 * target's column has no zone: see `latestInstant` and `earliestInstant`.
 * @throws HyperferryError HF-P023 when the table has no time column, or an integer one without a unit.
 */
export function instantOfTime(table: PlannedTable, micros: bigint, timezone: string): bigint {
  const time = timeColumn(table)
  if (!isTime(time.type)) return microsToUnit(micros, unitOf(table, time))
  const step = stepMicros(time.type)
  return floorDiv(micros + offsetAt(wallZone(time, timezone), micros), step) * step
}

/** The largest instant of a row that happens at or before an absolute time: an hour that happens twice counts as its later end. */
export function latestInstant(table: PlannedTable, micros: bigint, timezone: string): bigint {
  return extreme(table, micros, { timezone, towards: -1n })
}

/** The smallest instant of a row that happens at or after an absolute time. */
export function earliestInstant(table: PlannedTable, micros: bigint, timezone: string): bigint {
  return extreme(table, micros, { timezone, towards: 1n })
}

/** Absolute time of an instant; the earlier one where it happened twice, the end of the gap where it never did. */
export function timeOfInstant(table: PlannedTable, instant: bigint, timezone: string): bigint {
  const time = timeColumn(table)
  if (!isTime(time.type)) return epochToMicros(instant, unitOf(table, time)).micros
  const iana = wallZone(time, timezone)
  if (iana === null) return instant
  const zone = compileZone(iana)
  const found = zone.toUtcMicros(instant)
  if (found !== 'gap') return found.micros
  const { wallSeconds, offset } = zone.gapEnd(Number(floorDiv(instant, SECOND)))
  return BigInt(wallSeconds - offset) * SECOND
}

/** The instant of rows that have this position in the source's time column. Monotone. */
export function instantOfPosition(table: PlannedTable, position: bigint, timezone: string): bigint {
  const time = timeColumn(table)
  return isTime(time.type) ? instantOf(time.column, time.type, position, timezone) : position
}

/** The smallest position of rows whose instant is ≥ `instant`: rows from there on in the source are the rows from `instant` on in the target. */
export function positionOfInstant(table: PlannedTable, instant: bigint, timezone: string): bigint {
  const time = timeColumn(table)
  if (!isTime(time.type)) return instant
  const { unit } = time.column.rules
  // Searched, not computed: precisions, gaps and folds need no cases of their own, and the map stays the only definition.
  const guess = unit ? microsToUnit(instant, unit) : instant
  const isBelow = (position: bigint): boolean => instantOfPosition(table, position, timezone) < instant
  let step = 1n
  while (!isBelow(guess - step)) step *= 2n
  let low = guess - step
  step = 1n
  while (isBelow(guess + step)) step *= 2n
  let high = guess + step
  while (high - low > 1n) {
    const middle = low + (high - low) / 2n
    if (isBelow(middle)) low = middle
    else high = middle
  }
  return high
}

/**
 * The largest instant ≤ `instant` at which both stores can be cut exactly: the target holds it as it is, and no value of the source lies between its
 * position and the one before (a REAL of 1.5 seconds between the positions 1 and 2).
 */
export function alignInstant(table: PlannedTable, instant: bigint): bigint {
  const grid = gridOf(table)
  return floorDiv(instant, grid) * grid
}

/** The smallest such instant ≥ `instant`. */
export function alignInstantUp(table: PlannedTable, instant: bigint): bigint {
  const grid = gridOf(table)
  return -floorDiv(-instant, grid) * grid
}

/** SQL literal of an instant for comparisons with the target's time column, with its cast. */
export function instantLiteral(table: PlannedTable, instant: bigint): string {
  const { column, type } = timeColumn(table)
  return literalOf(type, instant, `${table.name}.${column.name}`)
}

interface TimeColumn {
  column: PlannedColumn
  type: PgType
}

function timeColumn(table: PlannedTable): TimeColumn {
  const column = table.columns.find((each) => each.name === table.time?.column)
  if (column === undefined) throw new HyperferryError('HF-P023', { what: `table ${table.name} has no time column` })
  return { column, type: parsePgType(column.type) }
}

function unitOf(table: PlannedTable, { column }: TimeColumn): TimeUnit {
  if (table.time?.unit) return table.time.unit
  throw new HyperferryError('HF-P023', {
    what: `the unit of ${table.name}.${column.name} is not known, so it has no instants`,
    hint: 'Set time.unit of the table in the plan to s, ms, us or ns.',
  })
}

function gridOf(table: PlannedTable): bigint {
  const { column, type } = timeColumn(table)
  if (!isTime(type)) return 1n
  const step = stepMicros(type)
  const { unit } = column.rules
  const perUnit = unit && unit !== 'ns' ? MICROS_OF[unit] : 1n
  // Powers of ten, and a day: the larger one is a multiple of the other.
  return step > perUnit ? step : perUnit
}

/** Zone whose wall clock the target's column shows; null when it is UTC or the type knows the zone itself. */
function wallZone({ column, type }: TimeColumn, timezone: string): string | null {
  if (type.name === 'timestamptz' || column.rules.unit || /^timestamp\b/i.test(column.sourceType)) return null
  const zone = compileZone(column.rules.timezone ?? timezone)
  return zone.isUtc ? null : zone.name
}

const readers = new Map<string, (utcSeconds: number) => number>()

function offsetAt(iana: string | null, micros: bigint): bigint {
  if (iana === null) return 0n
  const reader = readers.get(iana) ?? offsetReader(iana)
  readers.set(iana, reader)
  return BigInt(reader(Number(floorDiv(micros, SECOND)))) * SECOND
}

/** No zone sets its clocks by more than a day. */
const REACH = 86_400n * SECOND

function extreme(table: PlannedTable, micros: bigint, to: { timezone: string; towards: 1n | -1n }): bigint {
  const time = timeColumn(table)
  const here = instantOfTime(table, micros, to.timezone)
  const iana = isTime(time.type) ? wallZone(time, to.timezone) : null
  if (iana === null) return here
  const border = changeBetween(iana, micros, micros + to.towards * REACH)
  if (border === null) return here
  // Right before the change the wall clock is highest, right after it lowest.
  const there = instantOfTime(table, to.towards < 0n ? border - 1n : border, to.timezone)
  return to.towards < 0n ? max(here, there) : min(here, there)
}

/** First absolute time with the offset of the later one of two times; null when their offsets are the same. */
function changeBetween(iana: string, a: bigint, b: bigint): bigint | null {
  let [low, high] = [floorDiv(min(a, b), SECOND), floorDiv(max(a, b), SECOND)]
  const after = offsetAt(iana, high * SECOND)
  if (offsetAt(iana, low * SECOND) === after) return null
  while (high - low > 1n) {
    const middle = (low + high) / 2n
    if (offsetAt(iana, middle * SECOND) === after) high = middle
    else low = middle
  }
  return high * SECOND
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
