/** The type that holds the values of both ends of a foreign key. */
import { parsePgType } from '../../values/pgtype.ts'
import type { PgType } from '../../values/pgtype.ts'

/** The narrowest of the wider types, or null when the two have nothing in common. Never boolean: keys are numbers. */
export function joinTypes(a: string, b: string): string | null {
  const [left, right] = [parsePgType(a), parsePgType(b)]
  if (left.text === right.text) return keyType(a)
  return joinIntegers(left, right) ?? joinNumerics(left, right) ?? joinTexts(left, right) ?? joinOthers(left, right)
}

/** In a key a boolean is a small number, and JSON is its text: json cannot be compared, and jsonb would take two texts for one. */
export function keyType(type: string): string {
  switch (parsePgType(type).name) {
    case 'bool':
      return 'smallint'
    case 'json':
    case 'jsonb':
      return 'text'
    default:
      return type
  }
}

const INTEGERS = ['bool', 'int2', 'int4', 'int8'] as const
const INTEGER_TEXT = ['smallint', 'smallint', 'integer', 'bigint'] as const
/** Decimal digits that an integer type needs. */
const DIGITS = [5, 5, 10, 19] as const

function rank(type: PgType): number {
  return (INTEGERS as readonly string[]).indexOf(type.name)
}

function joinIntegers(a: PgType, b: PgType): string | null {
  const [i, j] = [rank(a), rank(b)]
  return i < 0 || j < 0 ? null : (INTEGER_TEXT[Math.max(i, j)] ?? null)
}

function joinNumerics(a: PgType, b: PgType): string | null {
  const [left, right] = [decimals(a), decimals(b)]
  if (left === null || right === null) return null
  if (left === 'any' || right === 'any') return 'numeric'
  const scale = Math.max(left.scale, right.scale)
  return `numeric(${Math.max(left.whole, right.whole) + scale},${scale})`
}

function decimals(type: PgType): { whole: number; scale: number } | 'any' | null {
  const i = rank(type)
  if (i >= 0) return { whole: DIGITS[i] ?? 19, scale: 0 }
  if (type.name !== 'numeric') return null
  if (type.precision === null) return 'any'
  const scale = Math.max(0, type.scale ?? 0)
  return { whole: Math.max(0, type.precision - scale), scale }
}

function joinTexts(a: PgType, b: PgType): string | null {
  const texts = ['text', 'varchar', 'bpchar']
  if (!texts.includes(a.name) || !texts.includes(b.name)) return null
  if (a.name === 'varchar' && b.name === 'varchar' && a.length !== null && b.length !== null) {
    return `varchar(${Math.max(a.length, b.length)})`
  }
  return 'text'
}

function joinOthers(a: PgType, b: PgType): string | null {
  const floats = ['float4', 'float8']
  if (floats.includes(a.name) && floats.includes(b.name)) return 'double precision'
  // The bytes of a UUID are its bytes.
  if ((a.name === 'uuid' && b.name === 'bytea') || (a.name === 'bytea' && b.name === 'uuid')) return 'bytea'
  const timed = ['timestamp', 'timestamptz', 'time']
  if (a.name === b.name && timed.includes(a.name)) {
    const precision = Math.max(a.precision ?? 6, b.precision ?? 6)
    return precision === 6 ? a.name : `${a.name}(${precision})`
  }
  return null
}
