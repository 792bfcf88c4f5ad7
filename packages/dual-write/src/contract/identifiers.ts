/** UUIDs and addresses. The cell is what the source keeps: the text as it was given, or bytes. */
import { refuse } from './codec.ts'
import type { Codec, ColumnContext, Value } from './codec.ts'
import { addressBytes, addressText } from './inet.ts'
import { checkText } from './text-rules.ts'
import { bytesOf } from './texts.ts'

const UUID = /^(?:[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/i

/** `swappedUuid`: bytes as UUID_TO_BIN(x, 1) orders them, given so or as text. */
export function uuidCodec(context: ColumnContext, engine: 'mysql' | 'sqlite'): Codec {
  const { column, source, target } = context
  const swapped = column.rules.swappedUuid === true
  const isBytes = engine === 'mysql' && /binary|blob/.test(source.base)
  const isNative = engine === 'mysql' && source.base === 'uuid'
  return {
    cell(value) {
      if (value instanceof Uint8Array && value.length === 16) {
        if (isBytes || engine === 'sqlite') return Buffer.from(value)
        return uuidText(Buffer.from(value))
      }
      const text = value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value
      if (typeof text !== 'string') return refuse('no UUID')
      const bytes = uuidBytes(text)
      const [room = 1] = source.numbers
      if (isBytes && !/blob/.test(source.base) && room < 36) return swapped ? swap(bytes) : bytes
      if (isBytes) return uuidText(bytes)
      const kept =
        isNative || (engine === 'sqlite' && source.affinity !== 'text' && !text.includes('-')) ? uuidText(bytes) : text
      checkText(kept, isNative ? { ...context, source: { ...source, base: 'text' } } : context, engine)
      return kept
    },
    source: (cell) => (isBytes || cell instanceof Uint8Array ? bytesOf(cell) : String(cell)),
    target(cell: Value) {
      if (cell instanceof Uint8Array)
        return cell.length === 16
          ? uuidText(swapped ? unswap(bytesOf(cell)) : bytesOf(cell))
          : bytesOf(cell).toString('latin1')
      return target.name === 'uuid' ? uuidText(uuidBytes(String(cell))) : String(cell)
    },
  }
}

function uuidBytes(text: string): Buffer {
  const bare = text.startsWith('{') && text.endsWith('}') ? text.slice(1, -1) : text
  if (!UUID.test(bare)) refuse('no UUID')
  return Buffer.from(bare.replaceAll('-', ''), 'hex')
}

function uuidText(bytes: Uint8Array): string {
  const digits = Buffer.from(bytes).toString('hex')
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-${digits.slice(12, 16)}-${digits.slice(16, 20)}-${digits.slice(20)}`
}

/** time_hi, time_mid, time_low from time_low, time_mid, time_hi. */
function swap(bytes: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(6, 8), bytes.subarray(4, 6), bytes.subarray(0, 4), bytes.subarray(8)])
}

function unswap(bytes: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(4, 8), bytes.subarray(2, 4), bytes.subarray(0, 2), bytes.subarray(8)])
}

/** inet from text or from the 4 or 16 bytes of INET6_ATON; MariaDB's INET4 and INET6 into inet or text. */
export function inetCodec(context: ColumnContext, engine: 'mysql' | 'sqlite'): Codec {
  const { source, target } = context
  const isBytes = engine === 'mysql' && /binary|blob/.test(source.base)
  const native = engine === 'mysql' && /^inet[46]$/.test(source.base) ? source.base : null
  return {
    cell(value) {
      if (value instanceof Uint8Array) {
        if (isBytes && (value.length === 4 || value.length === 16)) return Buffer.from(value)
        return refuse('no address')
      }
      if (typeof value !== 'string') return refuse('no address')
      const { bytes, prefix } = addressBytes(value) ?? refuse('no address')
      const isWhole = prefix === bytes.length * 8
      if (isBytes) return isWhole ? bytes : refuse('an address with a prefix in a column of bytes')
      if (native !== null) {
        const kept = native === 'inet6' && bytes.length === 4 ? mapped(bytes) : bytes
        if (!isWhole || kept.length !== (native === 'inet4' ? 4 : 16)) return refuse(`no value of ${native}`)
        const text = addressText(kept)
        checkText(text, { ...context, source: { ...source, base: 'text' } }, engine)
        return text
      }
      checkText(value, context, engine)
      return value
    },
    source: (cell) => (isBytes ? bytesOf(cell) : String(cell)),
    target: (cell) => {
      if (cell instanceof Uint8Array) return addressText(cell)
      return target.name === 'inet' ? String(cell).trim() : String(cell)
    },
  }
}

function mapped(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from('00000000000000000000ffff', 'hex'), bytes])
}
