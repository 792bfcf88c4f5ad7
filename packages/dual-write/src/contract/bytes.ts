/** Columns of bytes and bits. */
import { noRule, refuse } from './codec.ts'
import type { Codec, ColumnContext } from './codec.ts'
import { integerOf, integerTarget, integerText } from './integer.ts'
import { afterAffinity } from './sqlite-numbers.ts'
import { asText, checkText, decoded, MOST_BYTES, wellFormed, withoutNul } from './text-rules.ts'
import { bytesOf } from './texts.ts'

/** BINARY, VARBINARY, BLOB and VECTOR into bytea. The cell is the bytes. */
export function mysqlBytes(context: ColumnContext): Codec {
  const { source } = context
  return {
    cell(value) {
      const bytes = padded(given(value, context), context)
      if (source.base === 'vector' && (bytes.length % 4 !== 0 || bytes.length === 0)) refuse('not whole 32-bit floats')
      return bytes
    },
    source: bytesOf,
    target: (cell) => hex(bytesOf(cell)),
  }
}

/** The same whose target is text: bytes that have to be UTF-8. The cell is the text. */
export function mysqlBytesAsText(context: ColumnContext): Codec {
  const { source } = context
  return {
    cell(value) {
      const bytes = padded(given(value, context), context)
      const text = withoutNul(decoded(bytes, context), context)
      checkText(text, context, 'sqlite')
      // What a rule made longer may no longer fit; what it made shorter is filled up again by the server, and stripped again.
      if (padded(Buffer.from(text, 'utf8'), context).length < Buffer.byteLength(text, 'utf8')) refuse('too long')
      return context.target.name === 'bpchar' && source.base !== 'binary' ? text.replace(/ +$/, '') : text
    },
    source: bytesOf,
    target: String,
  }
}

/** Any value of SQLite but a number. Text stays text and is its UTF-8 in the target. */
export function sqliteBytes(context: ColumnContext): Codec {
  return {
    cell(value) {
      if (value instanceof Uint8Array) return copy(value)
      const text = wellFormed(asText(value, context), context)
      // Text that SQLite would make a number of is kept as bytes.
      return typeof afterAffinity(text, context) === 'string' ? text : Buffer.from(text, 'utf8')
    },
    source: (cell) => (typeof cell === 'string' ? cell : bytesOf(cell)),
    target: (cell) => hex(bytesOf(cell)),
  }
}

function given(value: unknown, context: ColumnContext): Buffer {
  return value instanceof Uint8Array ? copy(value) : Buffer.from(wellFormed(asText(value, context), context), 'utf8')
}

/** The application may use its buffer again before the journal has written it. */
function copy(bytes: Uint8Array): Buffer {
  return Buffer.from(Uint8Array.from(bytes).buffer)
}

/** BINARY(n) is filled up with zeros by the server. @throws Refusal when it is too long. */
function padded(bytes: Buffer, { source, column }: ColumnContext): Buffer {
  const [length = 1] = source.numbers
  const most =
    source.base === 'binary' || source.base === 'varbinary'
      ? length
      : source.base === 'vector'
        ? length * 4
        : (MOST_BYTES[source.base] ?? Infinity)
  if (bytes.length > most) refuse(`too long for ${column.sourceType}`)
  return source.base === 'binary' ? Buffer.concat([bytes, Buffer.alloc(length - bytes.length)]) : bytes
}

function hex(bytes: Buffer): string {
  return `\\x${bytes.toString('hex')}`
}

/** BIT(n): a truth value, a number, or bytes. The cell is the number. */
export function bitCodec(context: ColumnContext): Codec {
  const { source, target } = context
  const [bits = 1] = source.numbers
  const isBits = target.name === 'bit' || target.name === 'varbit'
  const isBytes = target.name === 'bytea'
  const check = isBits || isBytes ? null : integerTarget(target)
  if ((check === null && !isBits && !isBytes) || /text|varchar|float/.test(target.name)) throw noRule(context)
  const size = Math.ceil(bits / 8)
  const bytes = (cell: unknown): Buffer => Buffer.from((cell as bigint).toString(16).padStart(size * 2, '0'), 'hex')
  return {
    cell(value) {
      const number = value instanceof Uint8Array ? BigInt(`0x0${Buffer.from(value).toString('hex')}`) : bitNumber(value)
      if (number < 0n || number >= 2n ** BigInt(bits)) refuse(`does not fit bit(${bits})`)
      if (isBits && target.length !== null && number.toString(2).length > target.length)
        refuse(`does not fit ${target.text}`)
      if (target.name === 'varbit' && target.length !== null && bits > target.length)
        refuse(`too long for ${target.text}`)
      check?.(number)
      return number
    },
    source: bytes,
    target(cell) {
      if (isBytes) return hex(bytes(cell))
      if (!isBits) return integerText(cell as bigint, target)
      return (cell as bigint).toString(2).padStart(target.name === 'bit' ? (target.length ?? 1) : bits, '0')
    },
  }
}

/** `b'101'` is how a default is written. */
function bitNumber(value: unknown): bigint {
  const literal = typeof value === 'string' ? /^b'([01]+)'$/i.exec(value) : null
  return literal ? BigInt(`0b${literal[1] ?? '0'}`) : integerOf(value)
}

/** Spatial values in the server's own form, SRID and WKB in little endian, into EWKB. */
export function geometryCodec(context: ColumnContext): Codec {
  if (context.target.name !== 'bytea') throw noRule(context)
  return {
    cell(value) {
      if (!(value instanceof Uint8Array)) return refuse('a spatial value is given as bytes: SRID and WKB')
      if (value.length < 9 || value[4] !== 1) return refuse('no SRID and WKB in little endian')
      return copy(value)
    },
    source: bytesOf,
    target(cell) {
      const bytes = bytesOf(cell)
      const srid = bytes.subarray(0, 4)
      if (srid.readUInt32LE(0) === 0) return hex(bytes.subarray(4))
      const head = Buffer.from(bytes.subarray(4, 9))
      head.writeUInt8((head[4] ?? 0) | 0x20, 4)
      return hex(Buffer.concat([head, srid, bytes.subarray(9)]))
    },
  }
}
