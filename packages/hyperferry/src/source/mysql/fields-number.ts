/** Integers, decimals, floats, YEAR and BIT. */
import { encodeBits, encodeBytea } from '../../values/encode/binary.ts'
import { encodeFloat, encodeIntChecked } from '../../values/encode/number.ts'
import { encodeNumericText } from '../../values/encode/numeric.ts'
import { reject } from '../../values/encode/reject.ts'
import { encodeText } from '../../values/encode/text.ts'
import { encodeEpoch } from '../../values/encode/timestamp.ts'
import { noTranscoder } from './field.ts'
import type { FieldContext, WriteField } from './field.ts'
import type { Cursor } from './wire.ts'

/** Integer types and YEAR. Throws HF-P022. */
export function integerField(context: FieldContext): WriteField {
  const read = integerReader(context)
  const write = integerWriter(context)
  return (cursor) => write(read(cursor))
}

function integerReader({ source: { base, unsigned } }: FieldContext): (cursor: Cursor) => number | bigint {
  switch (base) {
    case 'tinyint':
      return (cursor) => (unsigned ? cursor.view.getUint8(cursor.at++) : cursor.view.getInt8(cursor.at++))
    case 'smallint':
    case 'year':
      return (cursor) => {
        cursor.at += 2
        return unsigned || base === 'year'
          ? cursor.view.getUint16(cursor.at - 2, true)
          : cursor.view.getInt16(cursor.at - 2, true)
      }
    case 'bigint':
      return (cursor) => cursor.integer64(unsigned)
    default:
      return (cursor) => {
        cursor.at += 4
        return unsigned ? cursor.view.getUint32(cursor.at - 4, true) : cursor.view.getInt32(cursor.at - 4, true)
      }
  }
}

function integerWriter(context: FieldContext): (value: number | bigint) => void {
  const { target, writer, column, onLoss } = context
  switch (target.name) {
    case 'int2':
    case 'int4':
    case 'int8':
    case 'numeric':
    case 'float4':
    case 'float8':
    case 'bool':
      return (value) => encodeIntChecked(writer, value, target)
    case 'timestamptz':
    case 'timestamp':
    case 'date': {
      const { unit } = column.rules
      if (unit === undefined) throw noTranscoder(context)
      const onFloor = (): void => onLoss('HF-L001')
      return (value) => encodeEpoch(writer, value, unit, target, onFloor)
    }
    case 'text':
    case 'varchar':
      return (value) => {
        const bytes = Buffer.from(value.toString(), 'latin1')
        encodeText(writer, bytes, 0, bytes.length, {}, target, onLoss)
      }
    default:
      throw noTranscoder(context)
  }
}

/** DECIMAL comes as text of the whole scale. Throws HF-P022. */
export function decimalField(context: FieldContext): WriteField {
  const { target, writer, onLoss } = context
  switch (target.name) {
    case 'numeric':
      return (cursor) => {
        const start = cursor.pass()
        encodeNumericText(writer, cursor.buffer, target, start, cursor.at)
      }
    case 'int2':
    case 'int4':
    case 'int8':
      return (cursor) => encodeIntChecked(writer, wholeNumber(cursor.bytes().toString('latin1')), target)
    case 'text':
    case 'varchar':
      return (cursor) => {
        const bytes = cursor.bytes()
        encodeText(writer, bytes, 0, bytes.length, {}, target, onLoss)
      }
    default:
      throw noTranscoder(context)
  }
}

function wholeNumber(text: string): bigint {
  const [whole = '', fraction = ''] = text.split('.')
  if (/[1-9]/.test(fraction)) reject('HF-D003', 'digits after the point')
  return BigInt(whole)
}

/** FLOAT and DOUBLE, bit for bit. Throws HF-P022. */
export function floatField(context: FieldContext): WriteField {
  const { target, writer, source } = context
  switch (target.name) {
    case 'float4':
    case 'float8':
    case 'numeric':
    case 'int2':
    case 'int4':
    case 'int8':
      break
    default:
      throw noTranscoder(context)
  }
  if (source.base === 'float') {
    return (cursor) => {
      cursor.at += 4
      encodeFloat(writer, cursor.view.getFloat32(cursor.at - 4, true), target)
    }
  }
  return (cursor) => {
    cursor.at += 8
    encodeFloat(writer, cursor.view.getFloat64(cursor.at - 8, true), target)
  }
}

/** BIT(n): a big-endian number of ⌈n/8⌉ bytes. Throws HF-P022. */
export function bitField(context: FieldContext): WriteField {
  const { target, writer, source } = context
  const width = source.numbers[0] ?? 1
  switch (target.name) {
    case 'bit':
    case 'varbit':
      return (cursor) => encodeBits(writer, cursor.bytes(), width, target)
    case 'bool':
    case 'int2':
    case 'int4':
    case 'int8':
    case 'numeric':
      return (cursor) => encodeIntChecked(writer, unsignedOf(cursor.bytes()), target)
    case 'bytea':
      return (cursor) => encodeBytea(writer, cursor.bytes())
    default:
      throw noTranscoder(context)
  }
}

function unsignedOf(bytes: Buffer): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${bytes.toString('hex')}`)
}
