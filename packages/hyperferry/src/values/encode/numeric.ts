/** Decimal text into PostgreSQL's numeric: base 10000 digits, exact or refused. */
import type { PgType } from '../pgtype.ts'
import type { TupleWriter } from '../tuple-writer.ts'
import { reject } from './reject.ts'

/** Limits of numeric without precision. */
const MAX_INTEGRAL_DIGITS = 131072
const MAX_DSCALE = 16383
const NEGATIVE = 0x4000
const NAN = 0xc000
const PLUS_INFINITY = 0xd000
const MINUS_INFINITY = 0xf000

/** Digits of the number that is being encoded, without leading zeros; grows. */
let digits = new Uint8Array(1024)

/**
 * A field from `-123.4500`, `1e5`, `.5`, `NaN`, `Infinity`: all of `text`, or the bytes from `start` to `stop`. With precision and scale the value must fit exactly.
 * @throws Reject HF-D002 when the whole part is too long, HF-D003 when digits of the fraction would be lost, HF-D010 when it is no number.
 */
// eslint-disable-next-line max-params -- hot path: no object per value
export function encodeNumericText(
  w: TupleWriter,
  text: Uint8Array | string,
  type: PgType,
  start: number = 0,
  stop: number = text.length,
): void {
  const bytes = typeof text === 'string' ? Buffer.from(text, 'utf8') : text
  const end = typeof text === 'string' ? bytes.length : stop
  if (encodeSmall(w, bytes, type, start, end)) return
  let at = start
  let negative = false
  const first = bytes[at]
  if (first === 0x2d || first === 0x2b) {
    negative = first === 0x2d
    at += 1
  }
  if (digits.length < end - start) digits = new Uint8Array((end - start) * 2)
  let count = 0
  let seen = 0
  let point = 0
  let fraction = 0
  let inFraction = false
  for (; at < end; at += 1) {
    const c = bytes[at] ?? 0
    if (c >= 0x30 && c <= 0x39) {
      seen += 1
      if (inFraction) fraction += 1
      if (count > 0 || c !== 0x30) {
        digits[count] = c - 0x30
        count += 1
        if (!inFraction) point += 1
      } else if (inFraction) point -= 1
    } else if (c === 0x2e && !inFraction) inFraction = true
    else break
  }
  const own = bytes.subarray(start, end)
  if (seen === 0) return encodeSpecial(w, own, type)
  const exponent = at < end ? parseExponent(own, at - start) : 0
  writeDigits(w, { count, point: point + exponent, dscale: Math.max(0, fraction - exponent), negative }, type)
}

/** A digit of the wire form. */
const GROUP = 10_000
/** From so many fractional digits to four. */
const SHIFTS = [0, 1000, 100, 10, 1]

/**
 * At most eight digits before the point and four behind it, as nearly all that is measured and paid: no array of digits. False, with nothing written, for anything else, and for
 * what has more digits than the type.
 */
// eslint-disable-next-line max-params -- hot path: no object per value
function encodeSmall(w: TupleWriter, bytes: Uint8Array, type: PgType, start: number, end: number): boolean {
  const negative = bytes[start] === 0x2d
  let at = negative ? start + 1 : start
  let whole = 0
  const first = at
  for (; at < end; at += 1) {
    const digit = (bytes[at] ?? 0) - 0x30
    if (digit < 0 || digit > 9) break
    whole = whole * 10 + digit
  }
  const wholeDigits = at - first
  let fraction = 0
  let scale = 0
  if (at < end && bytes[at] === 0x2e) {
    const point = at + 1
    for (at = point; at < end; at += 1) {
      const digit = (bytes[at] ?? 0) - 0x30
      if (digit < 0 || digit > 9) break
      fraction = fraction * 10 + digit
    }
    scale = at - point
  }
  if (at !== end || wholeDigits === 0 || wholeDigits > 8 || scale > 4) return false
  const { precision } = type
  // Digits are counted as they stand: with leading zeros they may be fewer than it seems, never more.
  if (precision !== null && (scale > (type.scale ?? 0) || wholeDigits > precision - (type.scale ?? 0))) return false
  const shifted = fraction * (SHIFTS[scale] ?? 1)
  const high = Math.floor(whole / GROUP)
  const low = whole - high * GROUP
  // Groups of zeros are not written at either end.
  const weight = high > 0 ? 1 : low > 0 ? 0 : -1
  const last = shifted > 0 ? -1 : low > 0 ? 0 : 1
  const groups = whole === 0 && shifted === 0 ? 0 : weight - last + 1
  const dscale = type.scale === null ? scale : Math.max(type.scale, 0)
  const to = writeHeader(w, 8 + groups * 2, groups === 0 ? 0 : weight, negative && groups > 0 ? NEGATIVE : 0, dscale)
  const { data } = w
  data.setInt16(to, groups)
  for (let group = weight, place = to + 8; groups > 0 && group >= last; group -= 1, place += 2)
    data.setInt16(place, group === 1 ? high : group === 0 ? low : shifted)
  return true
}

/** A field from an integer of any size. */
export function encodeNumericBigint(w: TupleWriter, v: bigint, type: PgType): void {
  if (v >= -9007199254740991n && v <= 9007199254740991n) encodeNumericInteger(w, Number(v), type)
  else encodeNumericText(w, v.toString(), type)
}

/** A field from a safe integer. */
export function encodeNumericInteger(w: TupleWriter, v: number, type: PgType): void {
  let rest = Math.abs(v)
  let count = 0
  let scale = 1
  while (scale <= rest) {
    scale *= 10
    count += 1
  }
  for (let i = count - 1; i >= 0; i -= 1) {
    const tenth = Math.floor(rest / 10)
    digits[i] = rest - tenth * 10
    rest = tenth
  }
  writeDigits(w, { count, point: count, dscale: 0, negative: v < 0 }, type)
}

/**
 * A field from a double in a column that was declared DECIMAL: the decimal of the type's scale whose nearest double it is.
 * @throws Reject HF-D003 when there is none.
 */
export function encodeNumericDouble(w: TupleWriter, v: number, type: PgType): void {
  if (type.scale === null || !Number.isFinite(v)) return encodeNumericText(w, String(v), type)
  if (Math.abs(v) >= 1e21) return encodeNumericText(w, BigInt(v).toString(), type)
  const text = v.toFixed(Math.min(Math.max(type.scale, 0), 100))
  if (Number(text) !== v) reject('HF-D003', `not the nearest double of a decimal with ${type.scale} fractional digits`)
  encodeNumericText(w, text, type)
}

interface Decimal {
  /** Digits in `digits`. */
  count: number
  /** Digits before the decimal point; negative for zeros after it. */
  point: number
  dscale: number
  negative: boolean
}

function writeDigits(w: TupleWriter, n: Decimal, type: PgType): void {
  let { count } = n
  while (count > 0 && digits[count - 1] === 0) count -= 1
  const dscale = checkFit(n, count, type)
  if (count === 0) {
    writeHeader(w, 8, 0, 0, dscale)
    return
  }
  const weight = Math.ceil(n.point / 4) - 1
  const pad = (weight + 1) * 4 - n.point
  const groups = Math.ceil((pad + count) / 4)
  const at = writeHeader(w, 8 + groups * 2, weight, n.negative ? NEGATIVE : 0, dscale)
  const { data } = w
  data.setInt16(at, groups)
  for (let group = 0, d = -pad; group < groups; group += 1, d += 4) {
    data.setInt16(
      at + 8 + group * 2,
      digitAt(d, count) * 1000 + digitAt(d + 1, count) * 100 + digitAt(d + 2, count) * 10 + digitAt(d + 3, count),
    )
  }
}

/** The display scale, after the type's limits were checked. */
function checkFit(n: Decimal, significant: number, type: PgType): number {
  const { precision, scale } = type
  if (precision === null || scale === null) {
    if (significant > 0 && n.point > MAX_INTEGRAL_DIGITS) reject('HF-D002', 'more than 131072 digits before the point')
    if (n.dscale > MAX_DSCALE) reject('HF-D003', 'more than 16383 digits after the point')
    return n.dscale
  }
  if (significant > 0) {
    if (n.point > precision - scale) reject('HF-D002', `whole part is too long for ${type.text}`)
    if (significant - n.point > scale) reject('HF-D003', `fractional digits would be lost in ${type.text}`)
  }
  return Math.max(scale, 0)
}

function digitAt(index: number, count: number): number {
  return index >= 0 && index < count ? (digits[index] ?? 0) : 0
}

// eslint-disable-next-line max-params -- the four words of the wire form
function writeHeader(w: TupleWriter, length: number, weight: number, sign: number, dscale: number): number {
  const at = w.field(length)
  const { data } = w
  data.setInt16(at, 0)
  data.setInt16(at + 2, weight)
  data.setUint16(at + 4, sign)
  data.setInt16(at + 6, dscale)
  return at
}

function parseExponent(bytes: Uint8Array, from: number): number {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + from, bytes.length - from).toString('latin1')
  // Twelve digits are far beyond every limit and still a safe integer.
  if (!/^[eE][+-]?\d{1,12}$/.test(text)) reject('HF-D010', 'not a decimal number')
  return Number(text.slice(1))
}

function encodeSpecial(w: TupleWriter, bytes: Uint8Array, type: PgType): void {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 16)).toString('latin1')
  const sign = text === 'NaN' ? NAN : text === 'Infinity' ? PLUS_INFINITY : text === '-Infinity' ? MINUS_INFINITY : null
  if (sign === null) reject('HF-D010', 'not a decimal number')
  if (sign !== NAN && type.precision !== null) reject('HF-D002', `infinity does not fit ${type.text}`)
  writeHeader(w, 8, 0, sign, 0)
}
