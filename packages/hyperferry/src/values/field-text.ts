/** A field of a binary COPY tuple as text, for keys and samples of rows that differ. */
import type { PgType } from './pgtype.ts'

/** Text of one field (without its length); null for SQL NULL. Equal values of one type give equal texts. */
export function fieldText(type: PgType, field: Uint8Array | null): string | null {
  if (field === null) return null
  const bytes = Buffer.from(field.buffer, field.byteOffset, field.byteLength)
  if (type.arrayOf !== null) return arrayText(type.arrayOf, bytes)
  switch (type.name) {
    case 'int2':
      return String(bytes.readInt16BE())
    case 'int4':
      return String(bytes.readInt32BE())
    case 'int8':
      return String(bytes.readBigInt64BE())
    case 'float4':
      return floatText(bytes.readFloatBE())
    case 'float8':
      return floatText(bytes.readDoubleBE())
    case 'bool':
      return bytes[0] === 1 ? 'true' : 'false'
    case 'numeric':
      return numericText(bytes)
    case 'date':
      return dateText(bytes.readInt32BE())
    case 'time':
      return clock(bytes.readBigInt64BE())
    case 'timestamp':
      return instantText(bytes.readBigInt64BE(), '')
    case 'timestamptz':
      return instantText(bytes.readBigInt64BE(), '+00')
    case 'interval':
      return `${bytes.readInt32BE(12)} mons ${bytes.readInt32BE(8)} days ${bytes.readBigInt64BE()} us`
    case 'uuid':
      return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
    case 'bit':
    case 'varbit':
      return bitText(bytes)
    case 'jsonb':
      return bytes.toString('utf8', 1)
    case 'bpchar':
      return bytes.toString('utf8').replace(/ +$/, '')
    case 'text':
    case 'varchar':
    case 'json':
      return bytes.toString('utf8')
    case 'inet':
      return inetText(bytes)
    case 'bytea':
    case 'array':
      return `\\x${bytes.toString('hex')}`
  }
}

/** The fields of the tuple at `start`; views into `bytes`, not copies. */
export function tupleFields(bytes: Uint8Array, start: number): (Uint8Array | null)[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const fields: (Uint8Array | null)[] = []
  let at = start + 2
  for (let left = view.getInt16(start); left > 0; left -= 1) {
    const length = view.getInt32(at)
    at += 4
    fields.push(length < 0 ? null : bytes.subarray(at, at + length))
    at += Math.max(0, length)
  }
  return fields
}

function floatText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

/** Base 10000 digits with a weight; trailing zeros are dropped, as the scale is no part of the value. */
function numericText(bytes: Buffer): string {
  const sign = bytes.readUInt16BE(4)
  if (sign === 0xc000) return 'NaN'
  if (sign === 0xd000) return 'Infinity'
  if (sign === 0xf000) return '-Infinity'
  const groups = bytes.readUInt16BE(0)
  const weight = bytes.readInt16BE(2)
  const group = (index: number): string =>
    String(index >= 0 && index < groups ? bytes.readUInt16BE(8 + index * 2) : 0).padStart(4, '0')
  let whole = ''
  for (let index = 0; index <= weight; index += 1) whole += group(index)
  let fraction = ''
  for (let index = weight + 1; index < groups; index += 1) fraction += group(index)
  whole = whole.replace(/^0+(?=\d)/, '') || '0'
  fraction = fraction.replace(/0+$/, '')
  const text = fraction === '' ? whole : `${whole}.${fraction}`
  return sign === 0x4000 && text !== '0' ? `-${text}` : text
}

const DAY = 86_400_000_000n
/** Days from 0000-03-01 to 2000-01-01, where PostgreSQL's count starts. */
const EPOCH = 730_425n

function dateText(days: number): string {
  if (days === 0x7fffffff) return 'infinity'
  if (days === -0x80000000) return '-infinity'
  return civil(BigInt(days))
}

function instantText(micros: bigint, zone: string): string {
  if (micros === 0x7fffffffffffffffn) return 'infinity'
  if (micros === -0x8000000000000000n) return '-infinity'
  const days = micros >= 0n ? micros / DAY : (micros - DAY + 1n) / DAY
  return `${civil(days)} ${clock(micros - days * DAY)}${zone}`
}

/** Proleptic Gregorian, with astronomical years: year 0 is 1 BC. */
function civil(daysSince2000: bigint): string {
  const days = daysSince2000 + EPOCH
  const era = days >= 0n ? days / 146_097n : (days - 146_096n) / 146_097n
  const dayOfEra = days - era * 146_097n
  const yearOfEra = (dayOfEra - dayOfEra / 1460n + dayOfEra / 36_524n - dayOfEra / 146_096n) / 365n
  const dayOfYear = dayOfEra - (365n * yearOfEra + yearOfEra / 4n - yearOfEra / 100n)
  const shifted = (5n * dayOfYear + 2n) / 153n
  const day = dayOfYear - (153n * shifted + 2n) / 5n + 1n
  const month = shifted < 10n ? shifted + 3n : shifted - 9n
  const year = yearOfEra + era * 400n + (month <= 2n ? 1n : 0n)
  const digits = String(year < 0n ? -year : year).padStart(4, '0')
  return `${year < 0n ? '-' : ''}${digits}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`
}

function clock(micros: bigint): string {
  const two = (value: bigint): string => String(value).padStart(2, '0')
  const seconds = micros / 1_000_000n
  const fraction = String(micros % 1_000_000n).padStart(6, '0')
  return `${two(seconds / 3600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}.${fraction}`
}

function bitText(bytes: Buffer): string {
  let text = ''
  for (const byte of bytes.subarray(4)) text += byte.toString(2).padStart(8, '0')
  return text.slice(0, bytes.readInt32BE())
}

/** Family, mask length, flag, address length, address. */
function inetText(bytes: Buffer): string {
  const [, mask = 0, , length = 0] = bytes
  const address = bytes.subarray(4, 4 + length)
  const shown = length === 4 ? [...address].join('.') : (address.toString('hex').match(/.{4}/g) ?? []).join(':')
  return mask === length * 8 ? shown : `${shown}/${mask}`
}

function arrayText(element: PgType, bytes: Buffer): string {
  const dimensions = bytes.readInt32BE()
  const items: string[] = []
  for (let at = 12 + dimensions * 8; at < bytes.length;) {
    const length = bytes.readInt32BE(at)
    at += 4
    items.push(JSON.stringify(fieldText(element, length < 0 ? null : bytes.subarray(at, at + length))))
    at += Math.max(0, length)
  }
  return `{${items.join(',')}}`
}
