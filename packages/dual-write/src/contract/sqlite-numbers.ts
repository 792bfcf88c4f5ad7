/** Columns of SQLite that hold numbers. What the column's affinity makes of a value is made of it here already, so that SQLite changes nothing. */
import { noRule, refuse } from './codec.ts'
import type { Codec, ColumnContext, Value } from './codec.ts'
import { decimalOf, decimalText, fits, plainText, rescale, round } from './decimal.ts'
import type { Decimal } from './decimal.ts'
import { doubleOf, doubleText, nearest, numericDoubleText } from './float.ts'
import { integerCodec } from './numbers.ts'

const MIN_INTEGER = -(2n ** 63n)
const MAX_INTEGER = 2n ** 63n - 1n

/** Integers, booleans, and epochs of a named unit. The cell is a bigint. */
export function sqliteInteger(context: ColumnContext): Codec {
  const { affinity } = context.source
  // Text is no boolean to the engine, and no epoch.
  const isNumber = context.target.name.startsWith('int')
  if (affinity === 'text' && !isNumber) throw noRule(context)
  const codec = integerCodec(context, { range: [MIN_INTEGER, MAX_INTEGER], write: (v) => v })
  if (affinity !== 'real') return codec
  return {
    ...codec,
    cell(value) {
      const cell = codec.cell(value)
      if (typeof cell === 'bigint' && BigInt(Number(cell)) !== cell)
        refuse('an integer that REAL does not hold exactly')
      return cell
    },
  }
}

/** real and double precision. The cell is a number; infinity is one, NaN is not: SQLite keeps NULL instead. */
export function sqliteFloat({ source, target }: ColumnContext): Codec {
  return {
    cell(value) {
      const given = doubleOf(value)
      if (Number.isNaN(given)) refuse('NaN, which SQLite does not hold')
      return Number.isFinite(given) ? nearest(given, target.name === 'float4') : given
    },
    // SQLite itself would write fifteen digits.
    source: (cell) => (source.affinity === 'text' ? doubleText(cell as number) : (cell as number)),
    target: (cell) => doubleText(cell as number),
  }
}

/**
 * numeric(p,s). SQLite keeps a whole number of 64 bits exactly, text in a column of text too, and everything else as the nearest double: the decimal is
 * then the one that double stands for. The cell is text of the target's scale.
 */
export function sqliteNumeric(context: ColumnContext): Codec {
  const { source, target, lose } = context
  const { precision, scale } = target
  return {
    cell(value) {
      const given = decimalOf(value)
      const rounded = scale === null ? { unscaled: given.unscaled, exact: true } : round(given, scale)
      const wanted: Decimal = { unscaled: rounded.unscaled, scale: scale ?? given.scale }
      const kept = source.affinity === 'text' ? wanted : decimalOf(heldText(wanted, scale, source.affinity === 'real'))
      if (!rounded.exact || !isSame(kept, wanted)) lose('HF-L006')
      if (precision !== null && !fits(kept, precision, scale ?? 0)) refuse(`out of range of ${target.text}`)
      return scale !== null && scale > 0 ? decimalText(round(kept, scale).unscaled, scale) : plainText(kept)
    },
    source: (cell) => (source.affinity === 'text' ? String(cell) : held(decimalOf(cell), source.affinity === 'real')),
    target: String,
  }
}

function held(d: Decimal, isReal: boolean): number | bigint {
  const whole = isReal ? null : rescale(d, 0)
  if (whole !== null && whole >= MIN_INTEGER && whole <= MAX_INTEGER) return whole
  const double = Number(plainText(d))
  return Number.isFinite(double) ? double : refuse('out of range of a double')
}

/** How the engine reads it back. */
function heldText(d: Decimal, scale: number | null, isReal: boolean): string {
  const value = held(d, isReal)
  return typeof value === 'bigint' ? value.toString() : numericDoubleText(value, scale)
}

function isSame(a: Decimal, b: Decimal): boolean {
  const scale = Math.max(a.scale, b.scale)
  return rescale(a, scale) === rescale(b, scale)
}

/** Text as a column of this affinity keeps it: what looks like a number becomes one, except where text stays text. */
export function afterAffinity(text: string, { source }: ColumnContext): string | number | bigint {
  const { affinity } = source
  if (affinity === 'text' || affinity === 'blob' || !NUMBER.test(text)) return text
  return held(decimalOf(text.trim()), affinity === 'real')
}

const NUMBER = /^[ \t\n\v\f\r]*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[ \t\n\v\f\r]*$/

/** A number in a column of text as the engine shows it: reals are told from integers. */
export function shownNumber(value: Exclude<Value, boolean | Uint8Array>): string {
  if (typeof value !== 'number') return String(value)
  const text = String(value)
  return Number.isInteger(value) && !text.includes('e') ? `${text}.0` : text
}
