/** Text, ENUM, SET, JSON, binary strings, UUID, INET, spatial and vector values: everything that comes length-coded. */
import {
  encodeBytea,
  encodeInet,
  encodeInetBytes,
  encodeTextArray,
  encodeUuid,
  encodeUuidText,
} from '../../values/encode/binary.ts'
import { encodeJson } from '../../values/encode/json.ts'
import { reject } from '../../values/encode/reject.ts'
import { encodeText } from '../../values/encode/text.ts'
import { noTranscoder } from './field.ts'
import type { FieldContext, WriteField } from './field.ts'

/** CHAR, VARCHAR, TEXT, ENUM, JSON, UUID, INET4, INET6: UTF-8 by the time it arrives. Throws HF-P022. */
export function textField(context: FieldContext): WriteField {
  const { target, writer, column, onLoss } = context
  const { rules } = column
  switch (target.name) {
    case 'text':
    case 'varchar':
    case 'bpchar':
      return (cursor) => {
        const start = cursor.pass()
        encodeText(writer, cursor.buffer, start, cursor.at, rules, target, onLoss)
      }
    case 'json':
    case 'jsonb':
      return (cursor) => encodeJson(writer, cursor.bytes(), target)
    case 'uuid':
      return (cursor) => encodeUuidText(writer, cursor.bytes().toString('latin1'))
    case 'inet':
      return (cursor) => encodeInet(writer, cursor.bytes().toString('latin1'))
    case 'bytea':
      return (cursor) => encodeBytea(writer, cursor.bytes())
    default:
      throw noTranscoder(context)
  }
}

/** SET: members joined by commas, which no member can hold. Throws HF-P022. */
export function setField(context: FieldContext): WriteField {
  const { target, writer, column, onLoss } = context
  if (target.name !== 'array') return textField(context)
  if (target.arrayOf?.name !== 'text' && target.arrayOf?.name !== 'varchar') throw noTranscoder(context)
  return (cursor) => encodeTextArray(writer, splitMembers(cursor.bytes()), column.rules, target, onLoss)
}

function splitMembers(bytes: Buffer): Buffer[] {
  if (bytes.length === 0) return []
  const members: Buffer[] = []
  let start = 0
  for (;;) {
    const comma = bytes.indexOf(0x2c, start)
    if (comma === -1) break
    members.push(bytes.subarray(start, comma))
    start = comma + 1
  }
  members.push(bytes.subarray(start))
  return members
}

/** BINARY, VARBINARY, BLOB, VECTOR. Throws HF-P022. */
export function binaryField(context: FieldContext): WriteField {
  const { target, writer, column } = context
  switch (target.name) {
    case 'bytea':
      return (cursor) => encodeBytea(writer, cursor.bytes())
    case 'uuid': {
      const swapped = column.rules.swappedUuid === true
      return (cursor) => {
        const bytes = cursor.bytes()
        if (bytes.length === 36) encodeUuidText(writer, bytes.toString('latin1'))
        else encodeUuid(writer, bytes, swapped)
      }
    }
    case 'inet':
      return (cursor) => encodeInetBytes(writer, cursor.bytes())
    case 'text':
    case 'varchar':
    case 'json':
    case 'jsonb':
      return textField(context)
    default:
      throw noTranscoder(context)
  }
}

const SRID_FLAG = 0x20

/**
 * Spatial values come as SRID (4 bytes) and WKB. Given on as EWKB: `byteOrder type|0x20000000 srid …`, or plain WKB for SRID 0.
 * The coordinates are x, y as stored: longitude first. Throws HF-P022.
 */
export function geometryField(context: FieldContext): WriteField {
  const { target, writer } = context
  if (target.name !== 'bytea') throw noTranscoder(context)
  return (cursor) => {
    const bytes = cursor.bytes()
    if (bytes.length < 9 || bytes[4] !== 1) return reject('HF-D010', 'not a spatial value')
    if (bytes.readUInt32LE(0) === 0) return encodeBytea(writer, bytes, 4)
    const at = writer.field(bytes.length)
    const { buffer } = writer
    bytes.copy(buffer, at, 4, 9)
    buffer.writeUInt8((bytes[8] ?? 0) | SRID_FLAG, at + 4)
    bytes.copy(buffer, at + 5, 0, 4)
    bytes.copy(buffer, at + 9, 9)
  }
}
