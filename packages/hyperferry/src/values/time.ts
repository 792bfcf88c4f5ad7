/** Calendar arithmetic of the proleptic Gregorian calendar with astronomical years (0 is 1 BC). No `Date`: it is lossy and knows zones. */
import type { TimeUnit } from '../model.ts'

export const MICROS_PER_DAY = 86_400_000_000
const MICROS_PER_SECOND = 1_000_000

export interface CivilDate {
  year: number
  /** 1–12 */
  month: number
  /** 1–31 */
  day: number
}

/** Days since 1970-01-01. The date must exist; see `isDate`. */
export function daysFromCivil(year: number, month: number, day: number): number {
  // Years start in March, so that the leap day is the last one.
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146097 + dayOfEra - 719468
}

/** The date that is `days` after 1970-01-01. */
export function civilFromDays(days: number): CivilDate {
  const z = days + 719468
  const era = Math.floor(z / 146097)
  const dayOfEra = z - era * 146097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const m = Math.floor((5 * dayOfYear + 2) / 153)
  const month = m < 10 ? m + 3 : m - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  return { year, month, day: dayOfYear - Math.floor((153 * m + 2) / 5) + 1 }
}

/** Whether the calendar has this day. */
export function isDate(year: number, month: number, day: number): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month)
}

function daysInMonth(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
}

export interface IsoInstant {
  /** Days since 1970-01-01 of the wall-clock date. */
  days: number
  /** 0 to below 86 400 000 000. */
  microsOfDay: number
  /** The text had digits beyond microseconds other than zeros; they were cut off. */
  floored: boolean
  /** Minutes east of UTC, 0 for `Z`; null when the text names none. */
  offsetMinutes: number | null
}

const ISO =
  /^([+-]?\d{4,6})-(\d\d)-(\d\d)(?:(?:[Tt]| +)(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?(?: *(?:([Zz])|([+-])(\d\d):?(\d\d)))?)?$/

/**
 * ISO 8601 as SQLite's own functions and most drivers write it: `2024-01-31`, `2024-01-31 23:59`, `2024-01-31T23:59:59.123456Z`, `…+02:00`.
 * null for anything else, dates that do not exist included; 24:00:00 is the next day.
 */
export function parseIsoInstant(text: string): IsoInstant | null {
  const match = ISO.exec(text.trim())
  if (!match) return null
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', utc, sign, zoneHour, zoneMinute] =
    match
  const y = Number(year)
  const [mo, d, h, mi, s] = [Number(month), Number(day), Number(hour), Number(minute), Number(second)]
  if (!isDate(y, mo, d) || h > 24 || mi > 59 || s > 59) return null
  const micros = Number(fraction.slice(0, 6).padEnd(6, '0'))
  const floored = /[1-9]/.test(fraction.slice(6))
  const sum = (h * 3600 + mi * 60 + s) * MICROS_PER_SECOND + micros
  if (sum > MICROS_PER_DAY || (sum === MICROS_PER_DAY && floored)) return null
  let offsetMinutes: number | null = utc ? 0 : null
  if (sign) {
    if (Number(zoneHour) > 15 || Number(zoneMinute) > 59) return null
    offsetMinutes = (Number(zoneHour) * 60 + Number(zoneMinute)) * (sign === '-' ? -1 : 1)
  }
  const nextDay = sum === MICROS_PER_DAY
  return { days: daysFromCivil(y, mo, d) + (nextDay ? 1 : 0), microsOfDay: nextDay ? 0 : sum, floored, offsetMinutes }
}

/** Microseconds since 1970-01-01 UTC of an epoch number; nanoseconds are floored towards the past. */
export function epochToMicros(v: bigint, unit: TimeUnit): { micros: bigint; floored: boolean } {
  if (unit !== 'ns') return { micros: v * MICROS_OF[unit], floored: false }
  const micros = floorDiv(v, 1000n)
  return { micros, floored: micros * 1000n !== v }
}

/** Microseconds in one unit; nanoseconds have none. */
export const MICROS_OF: Record<Exclude<TimeUnit, 'ns'>, bigint> = { s: 1_000_000n, ms: 1000n, us: 1n }

/** Microseconds as a number of another unit, rounded towards the past. */
export function microsToUnit(micros: bigint, unit: TimeUnit): bigint {
  return unit === 'ns' ? micros * 1000n : floorDiv(micros, MICROS_OF[unit])
}

/** Rounds towards −∞, where `/` rounds towards zero. `by` is positive. */
export function floorDiv(v: bigint, by: bigint): bigint {
  const quotient = v / by
  return v < 0n && quotient * by !== v ? quotient - 1n : quotient
}

/**
 * Microseconds since 1970-01-01 UTC of a Julian day number, to the millisecond as SQLite itself reads it (a double holds no more);
 * null outside of the years −4713 to 9999 that SQLite knows.
 */
export function julianToMicros(day: number): bigint | null {
  if (!(day >= 0 && day < 5373484.5)) return null
  const millis = Math.floor(day * 86_400_000 + 0.5)
  return BigInt(millis - 210_866_760_000_000) * 1000n
}

/** `2024-01-31T23:59:59.123456Z`, with astronomical years: 0000 is 1 BC, -0001 is 2 BC. */
export function isoUtc(micros: bigint): string {
  const { year, month, day } = civilFromDays(Number(floorDiv(micros, BigInt(MICROS_PER_DAY))))
  const [, time = ''] = formatMicros(micros).split(' ')
  const [seconds = '', fraction = ''] = time.split('.')
  const years = `${year < 0 ? '-' : ''}${String(Math.abs(year)).padStart(4, '0')}`
  return `${years}-${two(month)}-${two(day)}T${seconds}.${fraction.padEnd(6, '0')}Z`
}

/** `2024-01-31 23:59:59.123456`, with ` BC` for years before 1; what PostgreSQL reads back as the same instant. */
export function formatMicros(micros: bigint): string {
  const day = BigInt(MICROS_PER_DAY)
  const days = floorDiv(micros, day)
  const rest = Number(micros - days * day)
  const seconds = Math.floor(rest / MICROS_PER_SECOND)
  const fraction = rest % MICROS_PER_SECOND
  const { date, era } = formatDays(Number(days))
  const time = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
  return `${date} ${time}${fraction === 0 ? '' : `.${String(fraction).padStart(6, '0')}`}${era}`
}

/** The date's two parts: `2024-01-31` and `` or ` BC`. */
export function formatDays(days: number): { date: string; era: string } {
  const { year, month, day } = civilFromDays(days)
  const shown = year > 0 ? year : 1 - year
  return { date: `${String(shown).padStart(4, '0')}-${two(month)}-${two(day)}`, era: year > 0 ? '' : ' BC' }
}

function two(n: number): string {
  return n < 10 ? `0${n}` : String(n)
}
