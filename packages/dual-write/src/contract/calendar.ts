/** Calendar arithmetic of the proleptic Gregorian calendar with astronomical years (0 is 1 BC), in days and microseconds since 1970-01-01. */

export const DAY = 86_400_000_000n
/** 4713-11-24 BC: the first day that PostgreSQL holds, also the first Julian day. */
export const MIN_TIMESTAMP = -210_866_803_200_000_000n
/** 294277-01-01: the first instant that a timestamp does not hold. */
export const END_TIMESTAMP = 9_224_318_016_000_000_000n

export function daysFromCivil(year: number, month: number, day: number): number {
  // Years start in March, so that the leap day is the last one.
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146097 + dayOfEra - 719468
}

export function civilFromDays(days: number): { year: number; month: number; day: number } {
  const z = days + 719468
  const era = Math.floor(z / 146097)
  const dayOfEra = z - era * 146097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const m = Math.floor((5 * dayOfYear + 2) / 153)
  const month = m < 10 ? m + 3 : m - 9
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * m + 2) / 5) + 1,
  }
}

function isDate(year: number, month: number, day: number): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month)
}

function daysInMonth(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
}

/** Rounds towards −∞ to a multiple of `by`, which is positive. */
export function floorTo(v: bigint, by: bigint): bigint {
  return floorDiv(v, by) * by
}

export function floorDiv(v: bigint, by: bigint): bigint {
  const quotient = v / by
  return v < 0n && quotient * by !== v ? quotient - 1n : quotient
}

/** Microseconds of the last of `digits` fractional digits. */
export function unitOf(digits: number | null): bigint {
  return 10n ** BigInt(6 - Math.min(digits ?? 6, 6))
}

export interface IsoText {
  /** Of the wall clock that the text shows. */
  micros: bigint
  /** Digits beyond microseconds other than zeros were cut off. */
  floored: boolean
  /** Minutes east of UTC, 0 for `Z`; null when the text names none. */
  offsetMinutes: number | null
}

const ISO =
  /^([+-]?\d{4,6})-(\d\d)-(\d\d)(?:(?:[Tt]| +)(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?(?: *(?:([Zz])|([+-])(\d\d):?(\d\d)))?)?$/

/** ISO 8601 as the engine reads it; null for anything else, dates that do not exist included. 24:00:00 is the next day. */
export function parseIso(text: string): IsoText | null {
  const match = ISO.exec(text.trim())
  if (!match) return null
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', utc, sign, zoneHour, zoneMinute] =
    match
  const [mo, d, h, mi, s] = [Number(month), Number(day), Number(hour), Number(minute), Number(second)]
  if (!isDate(Number(year), mo, d) || h > 24 || mi > 59 || s > 59) return null
  const floored = /[1-9]/.test(fraction.slice(6))
  const micros = BigInt((h * 3600 + mi * 60 + s) * 1_000_000 + Number(fraction.slice(0, 6).padEnd(6, '0')))
  if (micros > DAY || (micros === DAY && floored)) return null
  let offsetMinutes: number | null = utc ? 0 : null
  if (sign) {
    if (Number(zoneHour) > 15 || Number(zoneMinute) > 59) return null
    offsetMinutes = (Number(zoneHour) * 60 + Number(zoneMinute)) * (sign === '-' ? -1 : 1)
  }
  return { micros: BigInt(daysFromCivil(Number(year), mo, d)) * DAY + micros, floored, offsetMinutes }
}

/** A date with a zero month or day, or year 0, with or without a time. */
export function isZeroDate(text: string): boolean {
  return /^(?:0000-\d\d-\d\d|\d{4}-00-\d\d|\d{4}-\d\d-00)(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?Z?$/.test(text.trim())
}

/** `2024-01-31` and, for years before 1, the ` BC` that goes to the end of the text. */
export function dateText(micros: bigint): { date: string; era: string } {
  const { year, month, day } = civilFromDays(Number(floorDiv(micros, DAY)))
  const shown = year > 0 ? year : 1 - year
  return { date: `${String(shown).padStart(4, '0')}-${two(month)}-${two(day)}`, era: year > 0 ? '' : ' BC' }
}

/** `23:59:59.123` with `digits` of a fraction, hours of at least two digits. Not negative. */
export function clockText(micros: bigint, digits: number): string {
  const seconds = micros / 1_000_000n
  const fraction =
    digits === 0
      ? ''
      : `.${String(micros % 1_000_000n)
          .padStart(6, '0')
          .slice(0, digits)}`
  return `${two(Number(seconds / 3600n))}:${two(Number((seconds / 60n) % 60n))}:${two(Number(seconds % 60n))}${fraction}`
}

/** As PostgreSQL reads a timestamp, or with `zone` `+00` a timestamptz. */
export function timestampText(micros: bigint, zone: '' | '+00'): string {
  const { date, era } = dateText(micros)
  return `${date} ${clockText(micros - floorTo(micros, DAY), 6)}${zone}${era}`
}

function two(n: number): string {
  return n < 10 ? `0${n}` : String(n)
}
