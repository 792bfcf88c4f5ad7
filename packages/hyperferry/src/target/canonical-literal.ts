// From canonical text (docs/design/0007) back to a value, for looking rows up in the target.
import { isUtf8 } from 'node:buffer'
import { isIP } from 'node:net'
import type { PgTypeName } from '../values/pgtype.ts'
import { parsePgType } from '../values/pgtype.ts'

/**
 * SQL literal, with its cast, of the value that a canonical text stands for. null where no exact literal exists (JSON, arrays, floats), and
 * for a text that no value of the type can have (`0000-00-00`, text with NUL): the server must never be asked to read it.
 */
export function canonicalLiteral(type: string, text: string): string | null {
  const parsed = parsePgType(type)
  return literals[parsed.name]?.(text) ?? null
}

const literals: Partial<Record<PgTypeName, (text: string) => string | null>> = {
  int2: integer,
  int4: integer,
  int8: integer,
  numeric: (text) =>
    /^(NaN|-?Infinity|-?\d+(\.\d+)?)$/.test(text) && text.length < 10_000 ? `'${text}'::numeric` : null,
  bool: (text) => (text === '0' || text === '1' ? `'${text}'::bool` : null),
  text: hexText('text'),
  varchar: hexText('text'),
  bpchar: hexText('bpchar'),
  bytea: (text) => (isHex(text) ? `'\\x${text}'::bytea` : null),
  date: (text) => calendar(text, 'date', { first: -4712, last: 5_874_897 }),
  timestamp: (text) => calendar(text, 'timestamp', { first: -4712, last: 294_276 }),
  timestamptz: (text) => calendar(text, 'timestamptz', { first: -4712, last: 294_276 }),
  time: (text) => (isClock(text) ? `'${text}'::time` : null),
  interval: (text) => (fits64(text) ? `('${text} microseconds')::interval` : null),
  uuid: (text) => (/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(text) ? `'${text}'::uuid` : null),
  inet,
}

function integer(text: string): string | null {
  return fits64(text) ? `'${text}'::int8` : null
}

function fits64(text: string): boolean {
  return /^-?\d{1,30}$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text)
}

function isHex(text: string): boolean {
  return /^([\da-f]{2})*$/.test(text)
}

function hexText(type: string): (text: string) => string | null {
  return (text) => {
    if (!isHex(text)) return null
    const bytes = Buffer.from(text, 'hex')
    return bytes.includes(0) || !isUtf8(bytes) ? null : `convert_from('\\x${text}'::bytea, 'UTF8')::${type}`
  }
}

function inet(text: string): string | null {
  const [address = '', mask = '0', more] = text.split('/')
  const bits = [0, 0, 0, 0, 32, 0, 128][isIP(address)] ?? 0
  if (bits === 0 || more !== undefined || address.includes('%')) return null
  return /^\d{1,3}$/.test(mask) && Number(mask) <= bits ? `'${text}'::inet` : null
}

function calendar(text: string, type: string, years: { first: number; last: number }): string | null {
  if (text === 'infinity' || text === '-infinity') return `'${text}'::${type}`
  const match = /^(-?\d{4,7})-(\d\d)-(\d\d)(?:T(.*))?$/.exec(text)
  if (match === null || (match[4] !== undefined && !isClock(match[4]))) return null
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])]
  // The very first year is not whole; nobody has a row there.
  if (year <= years.first || year > years.last || day < 1 || day > daysOf(year, month)) return null
  const clock = match[4] === undefined ? '' : ` ${match[4]}${type === 'timestamptz' ? '+00' : ''}`
  // Astronomical year 0 is 1 BC.
  const [shown, era] = year > 0 ? [String(year), ''] : [String(1 - year), ' BC']
  return `'${shown.padStart(4, '0')}-${match[2]}-${match[3]}${clock}${era}'::${type}`
}

/** 0 for a month that does not exist. */
function daysOf(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0
}

function isClock(text: string): boolean {
  return /^(([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?|24:00:00(\.0{1,6})?)$/.test(text)
}
