/** One field of a binary COPY tuple as the text that PostgreSQL's input function of its type reads back to the same value, by type. */
import type { PgType } from '../pgtype.ts'
import type { Scratch } from '../scratch.ts'
import { arrayText } from './arrays.ts'
import type { FieldText, Place } from './field-text.ts'
import { float4Text, float8Text, numericText } from './numbers.ts'
import { dateText, intervalText, timeText, timestampText } from './times.ts'

/** Whether texts of the type are never empty and hold no comma, quote or line end. */
export function isPlain(type: PgType): boolean {
  return !['text', 'varchar', 'bpchar', 'json', 'jsonb', 'bit', 'varbit', 'array'].includes(type.name)
}

export function fieldTextOf(type: PgType): FieldText {
  switch (type.name) {
    case 'int2':
      return (_bytes, view, { start }, to) => to.ascii(String(view.getInt16(start)))
    case 'int4':
      return (_bytes, view, { start }, to) => to.ascii(String(view.getInt32(start)))
    case 'int8':
      return int8
    case 'numeric':
      return numericText
    case 'float4':
      return float4Text
    case 'float8':
      return float8Text
    case 'bool':
      return (bytes, _view, { start }, to) => to.ascii(bytes[start] === 1 ? 'true' : 'false')
    case 'text':
    case 'varchar':
    case 'bpchar':
    case 'json':
      return (bytes, _view, { start, end }, to) => to.copy(bytes, start, end)
    case 'jsonb':
      // A version byte comes first.
      return (bytes, _view, { start, end }, to) => to.copy(bytes, start + 1, end)
    case 'bytea':
      return bytea
    case 'date':
      return dateText
    case 'time':
      return timeText
    case 'timestamp':
      return timestampText('')
    case 'timestamptz':
      return timestampText('+00')
    case 'interval':
      return intervalText
    case 'uuid':
      return uuid
    case 'bit':
    case 'varbit':
      return bits
    case 'inet':
      return inet
    case 'array':
      return arrayText(fieldTextOf(type.arrayOf ?? type))
  }
}

const TWO_32 = 4_294_967_296

function int8(_bytes: Uint8Array, view: DataView, { start }: Place, to: Scratch): void {
  const high = view.getInt32(start)
  // Below 2^52 a number holds it, which prints quicker.
  const small = high >= -0x10_0000 && high < 0x10_0000
  to.ascii(small ? String(high * TWO_32 + view.getUint32(start + 4)) : String(view.getBigInt64(start)))
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

function hex(bytes: Uint8Array, { start, end }: Place, to: Scratch): void {
  for (let at = start; at < end; at += 1) to.ascii(HEX[bytes[at] ?? 0] ?? '')
}

function bytea(bytes: Uint8Array, _view: DataView, place: Place, to: Scratch): void {
  to.ascii(String.raw`\x`)
  hex(bytes, place, to)
}

function uuid(bytes: Uint8Array, _view: DataView, { start }: Place, to: Scratch): void {
  let from = start
  for (const length of [4, 2, 2, 2, 6]) {
    if (from > start) to.ascii('-')
    hex(bytes, { start: from, end: from + length }, to)
    from += length
  }
}

/** Length in bits, then the bits. */
function bits(bytes: Uint8Array, view: DataView, { start }: Place, to: Scratch): void {
  const length = view.getInt32(start)
  for (let bit = 0; bit < length; bit += 1)
    to.byte(((bytes[start + 4 + (bit >> 3)] ?? 0) >> (7 - (bit & 7))) & 1 ? 0x31 : 0x30)
}

/** Family, mask length, flag, address length, address. */
function inet(bytes: Uint8Array, view: DataView, { start }: Place, to: Scratch): void {
  const mask = bytes[start + 1] ?? 0
  const length = bytes[start + 3] ?? 0
  for (let part = 0; part < length; part += length === 4 ? 1 : 2) {
    const at = start + 4 + part
    if (part > 0) to.ascii(length === 4 ? '.' : ':')
    to.ascii(length === 4 ? String(bytes[at]) : view.getUint16(at).toString(16))
  }
  if (mask !== length * 8) to.ascii(`/${mask}`)
}
