/** A JSON scanner that accepts exactly what PostgreSQL accepts. */
import { reject } from './reject.ts'

/** PostgreSQL stops where its stack ends; this is safely before that with the default `max_stack_depth`. */
export const MAX_DEPTH = 4000
/** jsonb keeps the elements of a container in one piece of memory, which PostgreSQL cannot grow beyond about this many. */
const MAX_ELEMENTS = 8_000_000
/** Limits of numeric, in which jsonb keeps its numbers. */
const MAX_INTEGRAL_DIGITS = 131072
const MAX_FRACTION_DIGITS = 16383

/**
 * Checks one document of valid UTF-8. Iterative: depth is data.
 * @throws Reject HF-D009, HF-D008 (jsonb), HF-D002 (jsonb), HF-D012 (jsonb, too many elements)
 */
export function checkJson(bytes: Uint8Array, jsonb: boolean): void {
  const end = bytes.length
  // One entry per open container: 1 for an object, 0 for an array.
  const open: number[] = []
  let at = 0
  let values = 0
  for (;;) {
    values += 1
    if (jsonb && values > MAX_ELEMENTS) reject('HF-D012', `more than ${MAX_ELEMENTS} elements`)
    at = space(bytes, at)
    const c = bytes[at]
    if (c === 0x7b || c === 0x5b) {
      if (open.length >= MAX_DEPTH) reject('HF-D009', `nested deeper than ${MAX_DEPTH} levels`)
      const object = c === 0x7b
      at = space(bytes, at + 1)
      if (bytes[at] !== (object ? 0x7d : 0x5d)) {
        open.push(object ? 1 : 0)
        if (object) at = key(bytes, at, jsonb)
        continue
      }
      at += 1
    } else if (c === 0x22) at = string(bytes, at, jsonb)
    else if (c === 0x74) at = word(bytes, at, TRUE)
    else if (c === 0x66) at = word(bytes, at, FALSE)
    else if (c === 0x6e) at = word(bytes, at, NULL)
    else at = number(bytes, at, jsonb)

    // A value has ended: what may follow depends on what is open.
    for (;;) {
      at = space(bytes, at)
      const object = open.at(-1)
      if (object === undefined) {
        if (at !== end) invalid('text after the document')
        return
      }
      const next = bytes[at]
      at += 1
      if (next === 0x2c) {
        if (object === 1) at = key(bytes, space(bytes, at), jsonb)
        break
      }
      if (next !== (object === 1 ? 0x7d : 0x5d)) invalid('a comma or closing bracket is missing')
      open.pop()
    }
  }
}

const TRUE = Buffer.from('true')
const FALSE = Buffer.from('false')
const NULL = Buffer.from('null')

function space(bytes: Uint8Array, from: number): number {
  let at = from
  for (;;) {
    const c = bytes[at]
    if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return at
    at += 1
  }
}

/** A key and its colon. */
function key(bytes: Uint8Array, from: number, jsonb: boolean): number {
  if (bytes[from] !== 0x22) invalid('a key is missing')
  const at = space(bytes, string(bytes, from, jsonb))
  if (bytes[at] !== 0x3a) invalid('a colon is missing')
  return at + 1
}

function word(bytes: Uint8Array, from: number, expected: Uint8Array): number {
  for (let i = 0; i < expected.length; i += 1) if (bytes[from + i] !== expected[i]) invalid('an unknown word')
  return from + expected.length
}

function string(bytes: Uint8Array, from: number, jsonb: boolean): number {
  let at = from + 1
  // Set while a high surrogate waits for its other half.
  let high = false
  for (;;) {
    const c = bytes[at]
    if (c === undefined) return invalid('a string is not closed')
    if (c < 0x20) invalid('a control character inside a string')
    if (c === 0x5c && bytes[at + 1] === 0x75) {
      const unit = hex4(bytes, at + 2)
      at += 6
      if (!jsonb) continue
      if (unit === 0) reject('HF-D008', '\\u0000')
      const isLow = unit >= 0xdc00 && unit <= 0xdfff
      if (high !== isLow) loneSurrogate()
      high = unit >= 0xd800 && unit <= 0xdbff
      continue
    }
    if (high) loneSurrogate()
    if (c === 0x22) return at + 1
    if (c === 0x5c) {
      if (!ESCAPES.has(bytes[at + 1] ?? 0)) invalid('an unknown escape')
      at += 2
    } else at += 1
  }
}

/** " \ / b f n r t */
const ESCAPES = new Set([0x22, 0x5c, 0x2f, 0x62, 0x66, 0x6e, 0x72, 0x74])

function hex4(bytes: Uint8Array, from: number): number {
  let value = 0
  for (let i = from; i < from + 4; i += 1) {
    const c = bytes[i] ?? 0
    const lower = c | 0x20
    if (isDigit(c)) value = value * 16 + c - 0x30
    else if (lower >= 0x61 && lower <= 0x66) value = value * 16 + lower - 0x57
    else invalid('four hexadecimal digits must follow \\u')
  }
  return value
}

function number(bytes: Uint8Array, from: number, jsonb: boolean): number {
  let at = bytes[from] === 0x2d ? from + 1 : from
  const integral = at
  if (bytes[at] === 0x30) at += 1
  else at = digitsFrom(bytes, at)
  const point = at
  if (bytes[at] === 0x2e) at = digitsFrom(bytes, at + 1)
  const mantissaEnd = at
  let exponentFrom = 0
  if (((bytes[at] ?? 0) | 0x20) === 0x65) {
    exponentFrom = at + 1
    const sign = bytes[at + 1]
    at = digitsFrom(bytes, sign === 0x2d || sign === 0x2b ? at + 2 : at + 1)
  }
  // Only long numbers and those with an exponent can leave numeric's range.
  if (jsonb && (exponentFrom > 0 || at - from > MAX_FRACTION_DIGITS)) {
    checkRange(bytes, integral, point, mantissaEnd, exponentFrom > 0 ? bytes.subarray(exponentFrom, at) : null)
  }
  return at
}

// eslint-disable-next-line max-params -- the places of one number's parts
function checkRange(bytes: Uint8Array, from: number, point: number, end: number, exponent: Uint8Array | null): void {
  const shift = exponent === null ? 0 : Number(Buffer.from(exponent).toString('latin1'))
  let first = from
  while (first < end && (bytes[first] === 0x30 || bytes[first] === 0x2e)) first += 1
  const integralDigits = first < point ? point - first : first > point ? point + 1 - first : 0
  const fraction = Math.max(0, end - point - 1)
  const zero = first === end
  if (Math.abs(shift) >= 0x3fffffff) reject('HF-D002', 'a number beyond the range of jsonb')
  if ((!zero && integralDigits + shift > MAX_INTEGRAL_DIGITS) || fraction - shift > MAX_FRACTION_DIGITS) {
    reject('HF-D002', 'a number beyond the range of jsonb')
  }
}

function digitsFrom(bytes: Uint8Array, from: number): number {
  let at = from
  while (isDigit(bytes[at])) at += 1
  if (at === from) invalid('a value is missing')
  return at
}

function isDigit(c: number | undefined): boolean {
  return c !== undefined && c >= 0x30 && c <= 0x39
}

function loneSurrogate(): never {
  return reject('HF-D008', 'half of a surrogate pair')
}

function invalid(reason: string): never {
  return reject('HF-D009', reason)
}
