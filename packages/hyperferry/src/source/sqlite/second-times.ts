/** Second opinion on times: calendar arithmetic by SQLite's strftime, where it has one; beyond its years by the platform's `Date`. */
import type { ColumnRules, TimeUnit } from '../../model.ts'
import type { PgType } from '../../values/pgtype.ts'
import { LEFT_OUT } from './second-rendering.ts'
import type { Rendering, SecondColumn } from './second-rendering.ts'
import { plainDecimal, shortest } from './second-numbers.ts'

type Canonical = string | null | typeof LEFT_OUT

/** date, time, timestamp, timestamptz. */
export function canonicalTime(column: SecondColumn): Rendering {
  const { sql, type } = column
  const { rules } = column.column
  if (type.name === 'time') return timeOfDay(column)
  return {
    sql: [`typeof(${sql})`, numberSql(sql, rules), ...textSql(sql)],
    finish([kind, number, text, iso, day]) {
      if (kind === 'blob') return LEFT_OUT
      if (kind !== 'text') return typeof number === 'string' ? fromNumber(number, type, rules) : LEFT_OUT
      return fromText({ text: String(text), iso: asText(iso), day: asText(day) }, column)
    },
  }
}

/** Units in one second. */
const PER_SECOND: Record<TimeUnit, number> = { s: 1, ms: 1000, us: 1_000_000, ns: 1_000_000_000 }

/** `n:` and an epoch as plain digits in its unit, or an instant. */
function numberSql(c: string, { unit, format }: ColumnRules): string {
  // SQLite's own reading of a Julian day, to the millisecond.
  if (format === 'julian')
    return `CASE WHEN typeof(${c}) IN ('integer', 'real') THEN strftime('%Y-%m-%dT%H:%M:%f', ${c}) END`
  if (unit === undefined) return 'NULL'
  const per = PER_SECOND[unit]
  const width = String(per).length - 1
  const floor = `(${c} / ${per} - (${c} % ${per} < 0))`
  const fraction = width === 0 ? "''" : `printf('.%0${width}d', (${c} % ${per} + ${per}) % ${per})`
  const inside = `CASE WHEN ${floor} BETWEEN -62167219200 AND 253402300799 THEN strftime('%Y-%m-%dT%H:%M:%S', ${floor}, 'unixepoch') || ${fraction} ELSE 'n:' || ${c} END`
  return `CASE typeof(${c}) WHEN 'integer' THEN ${inside} WHEN 'real' THEN 'n:' || quote(${c}) END`
}

/** The text, its instant to the second as SQLite reads it (an offset taken off), and its day as SQLite writes it back. */
function textSql(c: string): string[] {
  const point = `instr(${c}, '.')`
  const tail = `ltrim(substr(${c}, ${point} + 1), '0123456789')`
  // The fraction is taken away first: SQLite would round it to milliseconds.
  const whole = `CASE WHEN ${point} = 0 THEN ${c} ELSE substr(${c}, 1, ${point} - 1) || ${tail} END`
  const isText = `typeof(${c}) = 'text' AND ${c} GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'`
  return [
    `CASE typeof(${c}) WHEN 'text' THEN ${c} END`,
    `CASE WHEN ${isText} THEN strftime('%Y-%m-%dT%H:%M:%S', ${whole}) END`,
    `CASE WHEN ${isText} THEN strftime('%Y-%m-%d', substr(${c}, 1, 10)) END`,
  ]
}

const NOTATION =
  /^\s*([+-]?\d{4,6})-(\d\d)-(\d\d)(?:[Tt ]+(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?\s*(?:([Zz])|([+-])(\d\d):?(\d\d))?\s*$/

function fromText(
  { text, iso, day }: { text: string; iso: string | null; day: string | null },
  { type, column, timezone }: SecondColumn,
): Canonical {
  const parts = NOTATION.exec(text)
  if (!parts || (day !== null && day !== text.slice(0, 10))) return zeroDate(text, type, column.rules)
  const [
    ,
    year = '',
    month = '',
    date = '',
    hour = '00',
    minute = '00',
    second = '00',
    fraction = '',
    utc,
    sign,
    zoneHour = '0',
    zoneMinute = '0',
  ] = parts
  const offset = sign === undefined ? 0 : (sign === '-' ? -60 : 60) * (Number(zoneHour) * 60 + Number(zoneMinute))
  const hasZone = utc !== undefined || sign !== undefined
  if (hasZone && type.name !== 'timestamptz') return LEFT_OUT
  const micros = fraction.slice(0, 6).padEnd(6, '0')
  if (iso !== null && !/T24/.test(iso) && (hasZone || timezone === 'UTC' || type.name !== 'timestamptz'))
    return floored(`${iso}.${micros}`, type)
  const seconds = secondsOf({ year, month, date, hour, minute, second })
  if (seconds === null) return zeroDate(text, type, column.rules)
  if (hasZone || timezone === 'UTC' || type.name !== 'timestamptz')
    return floored(`${isoOf(seconds - offset)}.${micros}`, type)
  const instant = instantOf(seconds, timezone)
  return instant === null ? LEFT_OUT : floored(`${isoOf(instant)}.${micros}`, type)
}

/** `n:` and a number in the unit, floored to microseconds; else an instant that SQLite made. */
function fromNumber(shown: string, type: PgType, { unit = 's' }: ColumnRules): Canonical {
  if (!shown.startsWith('n:')) return floored(shown, type)
  const given = shown.slice(2)
  const isWhole = /^-?\d+$/.test(given)
  if (!isWhole && !Number.isFinite(Number(given))) return LEFT_OUT
  // A REAL stands for the shortest decimal that names it.
  const [whole = '', fraction = ''] = (isWhole ? given : plainDecimal(shortest(Number(given)))).split('.')
  const micros = floorQuotient(
    BigInt(whole + fraction) * 1_000_000n,
    BigInt(PER_SECOND[unit]) * 10n ** BigInt(fraction.length),
  )
  const seconds = floorQuotient(micros, 1_000_000n)
  if (seconds < -8_640_000_000_000n || seconds > 9_224_318_016_000n) return LEFT_OUT
  return floored(`${isoOf(Number(seconds))}.${String(micros - seconds * 1_000_000n).padStart(6, '0')}`, type)
}

function floorQuotient(a: bigint, b: bigint): bigint {
  return a >= 0n ? a / b : -((b - 1n - a) / b)
}

/** Cuts an instant with fraction to what the type holds; null range is left out. */
function floored(text: string, type: PgType): Canonical {
  const [instant = '', fraction = ''] = text.split('.')
  const [day = ''] = instant.split('T')
  const year = Number(/^-?\d+/.exec(day)?.[0])
  if (year < -4713 || (year === -4713 && day < '-4713-11-24') || (type.name !== 'date' && year > 294276))
    return LEFT_OUT
  if (type.name === 'date') return day
  const kept = fraction
    .slice(0, type.precision ?? 6)
    .padEnd(6, '0')
    .slice(0, 6)
  return `${instant}.${kept}`
}

interface Wall {
  year: string
  month: string
  date: string
  hour: string
  minute: string
  second: string
}

/** Seconds since 1970 of a wall clock, by the platform's calendar; null for a date or time that does not exist. */
function secondsOf({ year, month, date, hour, minute, second }: Wall): number | null {
  const clock = new Date(0)
  clock.setUTCFullYear(Number(year), Number(month) - 1, Number(date))
  if (clock.getUTCMonth() !== Number(month) - 1 || clock.getUTCDate() !== Number(date)) return null
  const [h, m, s] = [Number(hour), Number(minute), Number(second)]
  if (h > 24 || m > 59 || s > 59 || (h === 24 && m + s > 0)) return null
  return clock.getTime() / 1000 + h * 3600 + m * 60 + s
}

/** Days of 400 years: `Date` ends at 275760, PostgreSQL later. */
const CYCLE_SECONDS = 146_097 * 86_400

function isoOf(seconds: number): string {
  const cycles = seconds > 8_000_000_000_000 ? 100 : 0
  const text = new Date((seconds - cycles * CYCLE_SECONDS) * 1000).toISOString()
  const [, sign = '', year = '', rest = ''] = /^([+-]?)(\d+)(-.*)\.\d+Z$/.exec(text) ?? []
  const number = Number(`${sign}${year}`) + cycles * 400
  return `${number < 0 ? '-' : ''}${String(Math.abs(number)).padStart(4, '0')}${rest}`
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** The earlier instant at which a clock of the zone shows this wall time; null when none does. */
function instantOf(wall: number, timezone: string): number | null {
  // No zone is farther than a day from UTC, and two days hold no more than a few offsets.
  const offsets = new Set([-86_400, -10_800, 0, 10_800, 86_400].map((shift) => offsetAt(wall + shift, timezone)))
  const instants = [...offsets]
    .map((offset) => wall - offset)
    .filter((instant) => instant + offsetAt(instant, timezone) === wall)
  return instants.length === 0 ? null : Math.min(...instants)
}

function offsetAt(instant: number, timezone: string): number {
  let format = formats.get(timezone)
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', { timeZone: timezone, timeZoneName: 'longOffset', hour: 'numeric' })
    formats.set(timezone, format)
  }
  const name = format.formatToParts(instant * 1000).find((part) => part.type === 'timeZoneName')?.value ?? ''
  const [, sign = '+', hour = '0', minute = '0', second = '0'] =
    /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?/.exec(name) ?? []
  return (sign === '-' ? -1 : 1) * (Number(hour) * 3600 + Number(minute) * 60 + Number(second))
}

function zeroDate(text: string, type: PgType, { zeroDate: rule = 'quarantine' }: ColumnRules): Canonical {
  if (!/^(?:0000-\d\d-\d\d|\d{4}-00-\d\d|\d{4}-\d\d-00)(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?Z?$/.test(text))
    return LEFT_OUT
  if (rule === 'quarantine') return LEFT_OUT
  if (rule === 'null') return null
  return type.name === 'date'
    ? rule.slice(0, 10)
    : `${rule.slice(0, 10)}T${rule.length > 10 ? rule.slice(11, 19) : '00:00:00'}.000000`
}

function timeOfDay({ sql, type }: SecondColumn): Rendering {
  return {
    sql: [`typeof(${sql})`, `CASE typeof(${sql}) WHEN 'text' THEN ${sql} END`],
    finish([, text]) {
      const parts = /^([01]\d|2[0-4]):([0-5]\d)(?::([0-5]\d)(?:\.(\d+))?)?$/.exec(asText(text) ?? '')
      if (!parts) return LEFT_OUT
      const [, hour = '', minute = '', second = '00', fraction = ''] = parts
      if (hour === '24' && /[1-9]/.test(minute + second + fraction.slice(0, 6))) return LEFT_OUT
      return `${hour}:${minute}:${second}.${fraction
        .slice(0, type.precision ?? 6)
        .padEnd(6, '0')
        .slice(0, 6)}`
    },
  }
}

function asText(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
