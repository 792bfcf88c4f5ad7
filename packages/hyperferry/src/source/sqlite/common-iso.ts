/** The notation that most texts have, read without a regular expression: `2024-01-31 23:59:59`, `T`, up to six digits of a fraction, `Z`. */
import { daysFromCivil, isDate } from '../../values/time.ts'

/** Filled by `parseCommonIso`; one object for all values. */
export interface CommonIso {
  days: number
  microsOfDay: number
  isUtc: boolean
}

/** false for any other text, which may be a time all the same: then `parseIsoInstant` decides. */
export function parseCommonIso(text: string, out: CommonIso): boolean {
  const { length } = text
  if (length < 19 || length > 27) return false
  const separator = text.charCodeAt(10)
  if (separator !== 0x20 && separator !== 0x54) return false
  if (text.charCodeAt(4) !== 0x2d || text.charCodeAt(7) !== 0x2d) return false
  if (text.charCodeAt(13) !== 0x3a || text.charCodeAt(16) !== 0x3a) return false
  const year = two(text, 0) * 100 + two(text, 2)
  const [month, day] = [two(text, 5), two(text, 8)]
  const [hour, minute, second] = [two(text, 11), two(text, 14), two(text, 17)]
  // A place that is no digit makes its number NaN, which no comparison lets through.
  if (!(year >= 0) || !(hour <= 23) || !(minute <= 59) || !(second <= 59)) return false
  if (!isDate(year, month, day)) return false
  const isUtc = text.charCodeAt(length - 1) === 0x5a
  const end = isUtc ? length - 1 : length
  let micros = 0
  if (end > 19) {
    if (text.charCodeAt(19) !== 0x2e || end === 20 || end > 26) return false
    for (let i = 20; i < 26; i += 1) {
      const digit = i < end ? text.charCodeAt(i) - 0x30 : 0
      if (digit < 0 || digit > 9) return false
      micros = micros * 10 + digit
    }
  }
  out.days = daysFromCivil(year, month, day)
  out.microsOfDay = (hour * 3600 + minute * 60 + second) * 1_000_000 + micros
  out.isUtc = isUtc
  return true
}

function two(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 0x30
  const ones = text.charCodeAt(at + 1) - 0x30
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : NaN
}
