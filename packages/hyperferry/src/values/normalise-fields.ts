/** The normal form of one field, by type. */
import { canonicalJson } from './canonical-json.ts'
import type { PgType } from './pgtype.ts'
import type { Scratch } from './scratch.ts'
import { viewOf } from './view-of.ts'

export interface FieldNormaliser {
  /** Whether the field's bytes [start, end) surely are their own normal form, found without writing anything. `view` is of the same bytes. */
  isNormal(view: DataView, start: number, end: number): boolean
  /** Appends the normal form of a field that is not surely its own to `to`. */
  write(bytes: Uint8Array, start: number, end: number, to: Scratch): void
}

/** null when every value of the type is its own normal form. */
export function normaliserOf(type: PgType): FieldNormaliser | null {
  switch (type.name) {
    case 'numeric':
      return { isNormal: isNormalNumeric, write: numeric }
    case 'bpchar':
      return { isNormal: (view, start, end) => start === end || view.getUint8(end - 1) !== 0x20, write: bpchar }
    case 'float4':
      return { isNormal: isNumber4, write: nan4 }
    case 'float8':
      return { isNormal: isNumber8, write: nan8 }
    case 'jsonb':
      return { isNormal: never, write: jsonb }
    case 'array':
      return { isNormal: never, write: array(type.arrayOf === null ? null : normaliserOf(type.arrayOf)) }
    // An interval's bytes are its triple already; json is compared as the text it is.
    default:
      return null
  }
}

/** A number whose first and last group are not zero, and whose display scale is what its digits need. */
function isNormalNumeric(view: DataView, start: number, end: number): boolean {
  const groups = (end - start - 8) >> 1
  // NaN and the infinities have no digits, and a scale that means nothing.
  if (groups < 1) return false
  const tail = view.getUint16(end - 2)
  if (tail === 0 || view.getUint16(start + 8) === 0) return false
  return view.getUint16(start + 6) === scaleOf(groups, view.getInt16(start + 2), tail)
}

/** Digits after the point: groups of four, without the zeros at the end of the last one. */
function scaleOf(groups: number, weight: number, tail: number): number {
  const zeros = tail % 10 !== 0 ? 0 : tail % 1000 === 0 ? 3 : tail % 100 === 0 ? 2 : 1
  return Math.max(0, (groups - weight - 1) * 4 - zeros)
}

/** Display scale set to what the digits need, no zero groups at either end. */
function numeric(bytes: Uint8Array, start: number, end: number, to: Scratch): void {
  const sign = uint2(bytes, start + 4)
  // NaN and the infinities are their sign alone; the server sends a scale with infinity that means nothing.
  if (sign >= 0xc000) {
    to.int4(0)
    to.int2(sign)
    to.int2(0)
    return
  }
  let first = start + 8
  let last = end
  let weight = int2(bytes, start + 2)
  while (last > first && uint2(bytes, last - 2) === 0) last -= 2
  while (first < last && uint2(bytes, first) === 0) {
    first += 2
    weight -= 1
  }
  if (first === last) {
    to.int4(0)
    to.int4(0)
    return
  }
  const groups = (last - first) >> 1
  to.int2(groups)
  to.int2(weight)
  to.int2(sign)
  to.int2(scaleOf(groups, weight, uint2(bytes, last - 2)))
  to.copy(bytes, first, last)
}

function bpchar(bytes: Uint8Array, start: number, end: number, to: Scratch): void {
  let last = end
  while (last > start && bytes[last - 1] === 0x20) last -= 1
  to.copy(bytes, start, last)
}

/** NaN is all ones in the exponent and something in the fraction; −0 and the infinities stay. */
function isNumber4(view: DataView, start: number): boolean {
  return (view.getInt32(start) & 0x7fff_ffff) <= 0x7f80_0000
}

function nan4(_bytes: Uint8Array, _start: number, _end: number, to: Scratch): void {
  to.int4(0x7fc0_0000)
}

function isNumber8(view: DataView, start: number): boolean {
  const high = view.getInt32(start) & 0x7fff_ffff
  return high < 0x7ff0_0000 || (high === 0x7ff0_0000 && view.getInt32(start + 4) === 0)
}

function nan8(_bytes: Uint8Array, _start: number, _end: number, to: Scratch): void {
  to.int4(0x7ff8_0000)
  to.int4(0)
}

/** The version byte, then the canonical text. */
function jsonb(bytes: Uint8Array, start: number, end: number, to: Scratch): void {
  to.copy(bytes, start, start + 1)
  to.text(canonicalJson(Buffer.from(bytes.buffer, bytes.byteOffset + start + 1, end - start - 1).toString('utf8')))
}

/** Flags recomputed and the element's OID zeroed: both depend on who wrote it. Bounds belong to the value. */
function array(element: FieldNormaliser | null): FieldNormaliser['write'] {
  return (bytes, start, end, to) => {
    const view = viewOf(bytes)
    const dimensions = view.getInt32(start)
    to.int4(dimensions)
    const flags = to.open()
    to.setInt4(flags, 0)
    to.int4(0)
    let at = start + 12 + dimensions * 8
    to.copy(bytes, start + 12, at)
    while (at < end) {
      const length = view.getInt32(at)
      const from = at + 4
      if (length < 0) {
        to.setInt4(flags, 1)
        to.int4(-1)
        at = from
        continue
      }
      at = from + length
      const mark = to.open()
      if (element === null || element.isNormal(view, from, at)) to.copy(bytes, from, at)
      else element.write(bytes, from, at, to)
      to.close(mark)
    }
  }
}

function never(): boolean {
  return false
}

function int2(bytes: Uint8Array, at: number): number {
  return (uint2(bytes, at) << 16) >> 16
}

function uint2(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
}
