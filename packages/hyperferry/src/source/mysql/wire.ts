/** The binary row format: a cursor over one row, and every value as text for the quarantine. */
import { describeBytes } from '../../values/text.ts'
import { viewOf } from '../../values/view-of.ts'
import type { ColumnType } from './column-type.ts'

/** MYSQL_TYPE_… numbers that matter here. */
export const WIRE = {
  tiny: 1,
  short: 2,
  long: 3,
  float: 4,
  double: 5,
  timestamp: 7,
  longlong: 8,
  int24: 9,
  date: 10,
  time: 11,
  datetime: 12,
  year: 13,
  bit: 16,
  decimal: 246,
} as const

/** Reads values one after the other; nothing is allocated per value but what is asked for. */
export class Cursor {
  buffer: Buffer = Buffer.alloc(0)
  /** Of `buffer`. */
  view: DataView = viewOf(this.buffer)
  at = 0

  /** Goes to a place in bytes that may be those of before: rows come many in one buffer. */
  moveTo(buffer: Buffer, at: number): void {
    if (buffer !== this.buffer) {
      this.buffer = buffer
      this.view = viewOf(buffer)
    }
    this.at = at
  }

  /** Length of a length-coded value; the cursor then stands at its first byte. */
  length(): number {
    const { buffer, view } = this
    const first = view.getUint8(this.at)
    if (first < 0xfb) {
      this.at += 1
      return first
    }
    if (first === 0xfc) {
      this.at += 3
      return view.getUint16(this.at - 2, true)
    }
    if (first === 0xfd) {
      this.at += 4
      return buffer.readUIntLE(this.at - 3, 3)
    }
    this.at += 9
    return Number(view.getBigUint64(this.at - 8, true))
  }

  /** Passes a length-coded value and gives where its bytes begin; they end where the cursor then stands. */
  pass(): number {
    const length = this.length()
    const start = this.at
    this.at = start + length
    return start
  }

  /** A length-coded value; shares memory with the packet. */
  bytes(): Buffer {
    const start = this.pass()
    return this.buffer.subarray(start, this.at)
  }

  /** 64-bit integer as number when it is safe, else bigint. */
  integer64(unsigned: boolean): number | bigint {
    const { view } = this
    const low = view.getUint32(this.at, true)
    const high = unsigned ? view.getUint32(this.at + 4, true) : view.getInt32(this.at + 4, true)
    this.at += 8
    if (high < 0x20_0000 && high >= -0x20_0000) return high * 4294967296 + low
    return (BigInt(high) << 32n) + BigInt(low)
  }
}

/** DATE, DATETIME and TIMESTAMP as their fields. All zero when the value is 0000-00-00 00:00:00. */
export class Moment {
  year = 0
  month = 0
  day = 0
  /** 0 to below 86 400 000 000. */
  micros = 0

  read(cursor: Cursor): void {
    const { view } = cursor
    const length = view.getUint8(cursor.at)
    const at = cursor.at + 1
    cursor.at = at + length
    this.micros = 0
    if (length < 4) {
      this.year = this.month = this.day = 0
      return
    }
    this.year = view.getUint16(at, true)
    this.month = view.getUint8(at + 2)
    this.day = view.getUint8(at + 3)
    if (length < 7) return
    this.micros = (view.getUint8(at + 4) * 3600 + view.getUint8(at + 5) * 60 + view.getUint8(at + 6)) * 1e6
    if (length >= 11) this.micros += view.getUint32(at + 7, true)
  }
}

/** A TIME in microseconds; ±838:59:59.999999 is a safe integer. */
export function readTime(cursor: Cursor): number {
  const { view } = cursor
  const length = view.getUint8(cursor.at)
  const at = cursor.at + 1
  cursor.at = at + length
  if (length < 8) return 0
  const hours = view.getUint32(at + 1, true) * 24 + view.getUint8(at + 5)
  const seconds = hours * 3600 + view.getUint8(at + 6) * 60 + view.getUint8(at + 7)
  const micros = seconds * 1e6 + (length >= 12 ? view.getUint32(at + 8, true) : 0)
  return view.getUint8(at) === 1 && micros !== 0 ? -micros : micros
}

/** The value at the cursor as people write it; advances the cursor. */
export function describeValue(cursor: Cursor, wire: number, type: ColumnType): string {
  const { buffer, at } = cursor
  switch (wire) {
    case WIRE.tiny:
      cursor.at += 1
      return String(type.unsigned ? buffer.readUInt8(at) : buffer.readInt8(at))
    case WIRE.short:
      cursor.at += 2
      return String(type.unsigned ? buffer.readUInt16LE(at) : buffer.readInt16LE(at))
    case WIRE.year:
      cursor.at += 2
      return String(buffer.readUInt16LE(at)).padStart(4, '0')
    case WIRE.long:
    case WIRE.int24:
      cursor.at += 4
      return String(type.unsigned ? buffer.readUInt32LE(at) : buffer.readInt32LE(at))
    case WIRE.longlong:
      return String(cursor.integer64(type.unsigned))
    case WIRE.float:
      cursor.at += 4
      return floatText(buffer.readFloatLE(at))
    case WIRE.double:
      cursor.at += 8
      return floatText(buffer.readDoubleLE(at))
    case WIRE.date:
    case WIRE.datetime:
    case WIRE.timestamp: {
      const moment = new Moment()
      moment.read(cursor)
      return momentText(moment, wire === WIRE.date, type.numbers[0] ?? 0)
    }
    case WIRE.time:
      return timeText(readTime(cursor), type.numbers[0] ?? 0)
    default: {
      const bytes = cursor.bytes()
      if (BINARY.has(type.base)) return `\\x${bytes.toString('hex')}`
      return describeBytes(bytes)
    }
  }
}

/** JavaScript prints −0 without its sign. */
function floatText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

const BINARY = new Set([
  'bit',
  'binary',
  'varbinary',
  'tinyblob',
  'blob',
  'mediumblob',
  'longblob',
  'geometry',
  'vector',
])

/** `2024-01-31`, or with time `2024-01-31 23:59:59.123` with `digits` of a fraction; zero dates as they are. */
export function momentText(moment: Moment, dateOnly: boolean, digits: number): string {
  const date = `${pad(moment.year, 4)}-${pad(moment.month, 2)}-${pad(moment.day, 2)}`
  return dateOnly ? date : `${date} ${clock(moment.micros, digits)}`
}

/** `-838:59:59.999999`, hours of at least two digits, `digits` of a fraction. */
export function timeText(micros: number, digits: number): string {
  return `${micros < 0 ? '-' : ''}${clock(Math.abs(micros), digits)}`
}

function clock(micros: number, digits: number): string {
  const seconds = Math.floor(micros / 1e6)
  const fraction = digits === 0 ? '' : `.${pad(micros % 1e6, 6).slice(0, digits)}`
  return `${pad(Math.floor(seconds / 3600), 2)}:${pad(Math.floor(seconds / 60) % 60, 2)}:${pad(seconds % 60, 2)}${fraction}`
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0')
}
