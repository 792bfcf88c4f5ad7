/** Text: well-formed Unicode without U+0000 that fits both sides, padded and folded as the source would do it. */
import { refuse } from './codec.ts'
import type { Codec, ColumnContext } from './codec.ts'

/** For columns of characters whose target is text, varchar or char. */
export function textCodec(context: ColumnContext): Codec {
  const { source, target } = context
  const most = Math.min(limitOf(context), target.length ?? Infinity)
  return {
    cell(value) {
      let text = cleanText(asText(value), context)
      // CHAR gives back what was written without blanks at its end.
      if (source.base === 'char' || target.name === 'bpchar') text = text.replace(/ +$/, '')
      if (lengthOf(text) > most) refuse(`more than ${most} characters`)
      return text
    },
    source: String,
    target: String,
  }
}

/** ENUM keeps the member as it was declared, however it was written. */
export function enumCodec({ source }: ColumnContext): Codec {
  const members = new Map(source.members.map((member) => [folded(member), member]))
  return {
    cell: (value) => members.get(folded(asText(value))) ?? refuse('no member of the enum'),
    source: String,
    target: String,
  }
}

/** SET keeps each member once, in the order of its declaration. The cell is the source's own text. */
export function setCodec({ source, target }: ColumnContext): Codec {
  const members = new Map(source.members.map((member) => [folded(member), member]))
  return {
    cell(value) {
      const given = Array.isArray(value) ? (value as unknown[]).map(asText) : asText(value).split(',')
      const wanted = new Set(
        given.filter((each) => each !== '').map((each) => members.get(folded(each)) ?? refuse('no member of the set')),
      )
      return source.members.filter((member) => wanted.has(member)).join(',')
    },
    source: String,
    target: (cell) => (target.name === 'array' ? arrayText(String(cell)) : String(cell)),
  }
}

function arrayText(cell: string): string {
  if (cell === '') return '{}'
  return `{${cell
    .split(',')
    .map((each) => `"${each.replaceAll(/["\\]/g, '\\$&')}"`)
    .join(',')}}`
}

/** JSON: objects and arrays are written as text; text has to be JSON already. */
export function jsonCodec(context: ColumnContext): Codec {
  return {
    cell(value) {
      if (typeof value !== 'string') return cleanText(JSON.stringify(value) ?? refuse('no JSON value'), context)
      try {
        JSON.parse(value)
      } catch {
        return refuse('text that is no JSON')
      }
      return cleanText(value, context)
    },
    source: String,
    target: String,
  }
}

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i

/** UUIDs as text or as 16 bytes (`swappedUuid`: as UUID_TO_BIN(x, 1) orders them). The cell is the usual text in lower case. */
export function uuidCodec({ column, source }: ColumnContext): Codec {
  const isBytes = /binary|blob/.test(source.base) || (source.affinity === 'blob' && source.base !== 'uuid')
  const swapped = column.rules.swappedUuid === true
  return {
    cell(value) {
      if (value instanceof Uint8Array && value.length === 16) return uuidText(swapped ? unswap(value) : value)
      const text = asText(value).trim()
      if (!UUID.test(text)) refuse('no UUID')
      return uuidText(Buffer.from(text.replaceAll('-', ''), 'hex'))
    },
    source(cell) {
      if (!isBytes) return String(cell)
      const bytes = Buffer.from(String(cell).replaceAll('-', ''), 'hex')
      return swapped
        ? Buffer.concat([bytes.subarray(6, 8), bytes.subarray(4, 6), bytes.subarray(0, 4), bytes.subarray(8)])
        : bytes
    },
    target: String,
  }
}

function unswap(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([bytes.subarray(4, 8), bytes.subarray(2, 4), bytes.subarray(0, 2), bytes.subarray(8)])
}

function uuidText(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** Bytes; BINARY(n) is filled up with zeros, as the source does it. */
export function bytesCodec({ source }: ColumnContext): Codec {
  const [length] = source.numbers
  const most = length ?? BLOBS[source.base] ?? Infinity
  return {
    cell(value) {
      const bytes = value instanceof Uint8Array ? value : Buffer.from(asText(value), 'utf8')
      if (bytes.length > most) refuse(`more than ${most} bytes`)
      if (source.base !== 'binary' || bytes.length === most) return bytes
      return Buffer.concat([bytes, Buffer.alloc(Number(most) - bytes.length)])
    },
    source: (cell) => cell as Uint8Array,
    target: (cell) => `\\x${Buffer.from(cell as Uint8Array).toString('hex')}`,
  }
}

const BLOBS: Record<string, number> = { tinyblob: 255, blob: 65_535, mediumblob: 16_777_215 }
const TEXTS: Record<string, number> = { tinytext: 255, text: 65_535, mediumtext: 16_777_215 }

/** What the application gave, as text. @throws Refusal for what has no certain text. */
export function asText(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value)
    default:
      return refuse('not text')
  }
}

/** By the rules of the column; halves of surrogate pairs become U+FFFD, as the drivers would send them. */
export function cleanText(text: string, { column, lose }: ColumnContext): string {
  let clean = text.isWellFormed() ? text : text.toWellFormed()
  if (clean !== text) lose('HF-L004')
  if (!clean.includes('\0')) return clean
  const rule = column.rules.nul ?? 'quarantine'
  if (rule === 'quarantine') refuse('text with U+0000')
  lose('HF-L003')
  clean = clean.replaceAll('\0', rule === 'strip' ? '' : '\uFFFD')
  return clean
}

/** MySQL's limits count characters for CHAR and VARCHAR, bytes for TEXT; four bytes a character are assumed there, so that nothing is cut. */
function limitOf({ source }: ColumnContext): number {
  if (source.base === 'char' || source.base === 'varchar')
    return source.numbers[0] ?? (source.base === 'char' ? 1 : Infinity)
  const bytes = TEXTS[source.base]
  return bytes === undefined || source.affinity !== 'text' ? Infinity : Math.floor(bytes / 4)
}

function lengthOf(text: string): number {
  let points = text.length
  for (const _ of text.matchAll(/[\uD800-\uDBFF][\uDC00-\uDFFF]/g)) points -= 1
  return points
}

/** As collations of ENUM compare: without case and without blanks at the end. */
function folded(text: string): string {
  return text.replace(/ +$/, '').toLowerCase()
}
