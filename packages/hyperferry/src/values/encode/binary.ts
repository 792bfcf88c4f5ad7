/** bytea, uuid, bit strings, inet and arrays of text. */
import type { PgType } from '../pgtype.ts'
import type { LossCode } from '../reject-codes.ts'
import { MAX_FIELD_BYTES } from '../tuple-writer.ts'
import type { TupleWriter } from '../tuple-writer.ts'
import { parseInet } from './inet.ts'
import { reject } from './reject.ts'
import { encodeText } from './text.ts'
import type { TextRules } from './text.ts'

/** @throws Reject HF-D012 beyond 1 GB. */
export function encodeBytea(w: TupleWriter, bytes: Uint8Array, start: number = 0, end: number = bytes.length): void {
  if (end - start > MAX_FIELD_BYTES) reject('HF-D012', 'more than 1 GB')
  w.bytes(bytes, start, end)
}

/**
 * A uuid from its 16 bytes; `swapped` when MySQL's `UUID_TO_BIN(x, 1)` made them.
 * @throws Reject HF-D010 for another length.
 */
export function encodeUuid(w: TupleWriter, bytes: Uint8Array, swapped: boolean): void {
  if (bytes.length !== 16) reject('HF-D010', 'not the 16 bytes of a uuid')
  const at = w.field(16)
  const { buffer } = w
  buffer.set(bytes, at)
  if (!swapped) return
  // Stored: time_hi (2), time_mid (2), time_low (4); meant: time_low, time_mid, time_hi.
  buffer.set(bytes.subarray(4, 8), at)
  buffer.set(bytes.subarray(2, 4), at + 4)
  buffer.set(bytes.subarray(0, 2), at + 6)
}

/**
 * A uuid from text: with hyphens, without, or in braces.
 * @throws Reject HF-D010
 */
export function encodeUuidText(w: TupleWriter, text: string): void {
  const bare = text.startsWith('{') && text.endsWith('}') ? text.slice(1, -1) : text
  if (!UUID.test(bare)) reject('HF-D010', 'not a uuid')
  const at = w.field(16)
  w.buffer.write(bare.replaceAll('-', ''), at, 16, 'hex')
}

const UUID = /^(?:[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/i

/**
 * bit(n) or bit varying(n) from MySQL's form: the bits as a big-endian number in the last `nbits` bits of `bytes`.
 * For bit(n) the number is padded with leading zeros to n.
 * @throws Reject HF-D002 when a set bit does not fit, HF-D012 when bit varying(n) is shorter than `nbits`.
 */
export function encodeBits(w: TupleWriter, bytes: Uint8Array, nbits: number, type: PgType): void {
  const width = type.name === 'bit' ? (type.length ?? 1) : nbits
  if (type.length !== null && width > type.length) reject('HF-D012', `too long for ${type.text}`)
  const length = Math.ceil(width / 8)
  const at = w.field(4 + length)
  w.data.setInt32(at, width)
  const { buffer } = w
  buffer.fill(0, at + 4, at + 4 + length)
  const total = bytes.length * 8
  for (let i = 0; i < total; i += 1) {
    const bit = ((bytes[bytes.length - 1 - (i >> 3)] ?? 0) >> (i & 7)) & 1
    if (bit === 0) continue
    // Bit i has the value 2^i; the first bit of the string is the most significant one.
    const place = width - 1 - i
    if (place < 0) reject('HF-D002', `a set bit beyond ${type.text}`)
    const o = at + 4 + (place >> 3)
    buffer[o] = (buffer[o] ?? 0) | (0x80 >> (place & 7))
  }
}

/**
 * An inet from text: `10.0.0.1`, `10.0.0.1/8`, `::1`, `2001:db8::/32`, `::ffff:10.0.0.1`.
 * @throws Reject HF-D010
 */
export function encodeInet(w: TupleWriter, text: string): void {
  const address = parseInet(text)
  if (address === null) return reject('HF-D010', 'not an address')
  writeInet(w, address.bytes, address.prefix)
}

/** An inet from the 4 or 16 bytes of MariaDB's INET4, INET6 or MySQL's INET6_ATON. @throws Reject HF-D010 for another length. */
export function encodeInetBytes(w: TupleWriter, bytes: Uint8Array): void {
  if (bytes.length !== 4 && bytes.length !== 16) reject('HF-D010', 'not the bytes of an address')
  writeInet(w, bytes, bytes.length * 8)
}

function writeInet(w: TupleWriter, bytes: Uint8Array, prefix: number): void {
  const at = w.field(4 + bytes.length)
  const { buffer } = w
  // Family (2 or 3, PostgreSQL's own numbers), prefix length, not a cidr, length of the address.
  buffer[at] = bytes.length === 4 ? 2 : 3
  buffer[at + 1] = prefix
  buffer[at + 2] = 0
  buffer[at + 3] = bytes.length
  buffer.set(bytes, at + 4)
}

/**
 * A one-dimensional text[] (or varchar(n)[]); each element by the rules of text. No elements is the empty array.
 * @throws Reject as `encodeText`
 */
// eslint-disable-next-line max-params -- the same order as encodeText
export function encodeTextArray(
  w: TupleWriter,
  elements: readonly Uint8Array[],
  rules: TextRules,
  type: PgType,
  onLoss: (code: LossCode) => void,
): void {
  const element = type.arrayOf
  if (element === null) return reject('HF-D010', `a list where ${type.text} is expected`)
  const field = w.openField()
  w.rawInt4(elements.length === 0 ? 0 : 1)
  w.rawInt4(0)
  w.rawInt4(element.oid)
  if (elements.length > 0) {
    w.rawInt4(elements.length)
    w.rawInt4(1)
  }
  for (const each of elements) encodeText(w, each, 0, each.length, rules, element, onLoss)
  w.closeField(field)
}
