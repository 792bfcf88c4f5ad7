/** Positions on an axis as literals of the column's own type, and back. Positions: integers, or microseconds of the wall clock since 1970-01-01. */
import { daysFromCivil, floorDiv, formatMicros, isDate } from '../../values/time.ts'
import type { ColumnType } from './column-type.ts'

type AxisKind = 'integer' | 'time'

/** Comparisons with a bound, in the column's own type, so that an index can be used. */
export interface AxisScale {
  readonly kind: AxisKind
  /** SQL condition `column >= position` (or `<`), `column` being SQL. */
  atLeast: (column: string, position: bigint) => string
  below: (column: string, position: bigint) => string
  /** Position of a value as the server prints it; zero months and days come right before the next real one. */
  parse: (text: string) => bigint
  /** SQL condition that leaves out values that are no position to speak of (0000-00-00); null when there are none. */
  real: (column: string) => string | null
}

/** null when a column of this type cannot be an axis. */
export function axisScale(type: ColumnType): AxisScale | null {
  switch (type.base) {
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'int':
    case 'bigint':
    case 'year':
      return INTEGER
    case 'date':
      return timeScale(type.base, DAY)
    case 'datetime':
    case 'timestamp':
      return timeScale(type.base, 10n ** BigInt(6 - (type.numbers[0] ?? 0)))
    default:
      return null
  }
}

const DAY = 86_400_000_000n

const INTEGER: AxisScale = {
  kind: 'integer',
  atLeast: (column, position) => `${column} >= ${position}`,
  below: (column, position) => `${column} < ${position}`,
  parse: (text) => BigInt(text),
  real: () => null,
}

const FIRST_YEAR = BigInt(daysFromCivil(0, 1, 1)) * DAY
const END_YEAR = BigInt(daysFromCivil(10000, 1, 1)) * DAY
/** TIMESTAMP begins one second after the epoch: zero is 0000-00-00. */
const FIRST_TIMESTAMP = 1_000_000n
/** MySQL ends TIMESTAMP in 2038, newer MariaDB in 2106. */
const END_TIMESTAMP = BigInt(daysFromCivil(2038, 1, 19)) * DAY + 11_648_000_000n

function timeScale(base: string, step: bigint): AxisScale {
  const isTimestamp = base === 'timestamp'
  const first = isTimestamp ? FIRST_TIMESTAMP : FIRST_YEAR
  // A bound between two values that the column can hold means the next one up, for both comparisons.
  const up = (position: bigint): bigint => -floorDiv(-position, step) * step
  const literal = (position: bigint): string => timeLiteral(up(position), base, step)
  const end = isTimestamp ? END_TIMESTAMP : END_YEAR
  return {
    kind: 'time',
    atLeast: (column, position) => {
      if (up(position) >= END_YEAR) return 'FALSE'
      if (isTimestamp && up(position) >= end) return `${wide(column)} >= ${literal(position)}`
      return `${column} >= ${up(position) <= first ? timeLiteral(first, base, step) : literal(position)}`
    },
    below: (column, position) => {
      if (up(position) >= END_YEAR) return 'TRUE'
      if (isTimestamp && up(position) >= end) return `${wide(column)} < ${literal(position)}`
      return `${column} < ${up(position) <= first ? timeLiteral(first, base, step) : literal(position)}`
    },
    parse: parseMoment,
    real: (column) => `${column} >= ${timeLiteral(first, base, step)}`,
  }
}

/** A TIMESTAMP compared as DATETIME: for bounds that a TIMESTAMP may not hold. */
function wide(column: string): string {
  return `CAST(${column} AS DATETIME(6))`
}

function timeLiteral(position: bigint, base: string, step: bigint): string {
  const text = plainMicros(position)
  if (base === 'date') return `DATE'${text.slice(0, 10)}'`
  const digits = String(1_000_000n / step).length - 1
  return `TIMESTAMP'${text.slice(0, digits === 0 ? 19 : 20 + digits)}'`
}

/** `2024-01-31 23:59:59.123456`, always with six digits; year 0 as 0000, the source's own notation. */
export function plainMicros(position: bigint): string {
  // formatMicros writes year 0 as 1 BC; 400 years are a whole cycle of the calendar.
  const shifted = position + 146097n * DAY
  const text = formatMicros(shifted)
  const year = Number(text.slice(0, text.indexOf('-'))) - 400
  const rest = text.slice(text.indexOf('-'))
  return `${String(year).padStart(4, '0')}${rest.includes('.') ? rest : `${rest}.000000`}`
}

const MOMENT = /^(\d{4})-(\d\d)-(\d\d)(?: (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?)?$/

function parseMoment(text: string): bigint {
  const match = MOMENT.exec(text)
  if (!match) return FIRST_YEAR - 1n
  const [, y = '', mo = '', d = '', h = '0', mi = '0', s = '0', fraction = ''] = match
  const [year, month, day] = [Number(y), Number(mo), Number(d)]
  const seconds = Number(h) * 3600 + Number(mi) * 60 + Number(s)
  const micros = BigInt(seconds) * 1_000_000n + BigInt(fraction.padEnd(6, '0'))
  if (isDate(year, month, day)) return BigInt(daysFromCivil(year, month, day)) * DAY + micros
  // 2010-00-00 sorts before 2010-01-01, 2010-05-00 before 2010-05-01, 2010-02-31 before 2010-03-01.
  const [nextYear, nextMonth] =
    day > 28 ? (month === 12 ? [year + 1, 1] : [year, month + 1]) : [year, Math.max(month, 1)]
  return BigInt(daysFromCivil(nextYear, nextMonth, 1)) * DAY - 1n
}
