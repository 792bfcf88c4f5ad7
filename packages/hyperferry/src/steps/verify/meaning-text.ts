// Part of the second opinion: it must not import values/encode, values/normalise or values/digest (a test reads the imports).
import { jsonValue } from './meaning-json.ts'

/** What is still to be done to a column's canonical text before it can be compared; decided by its target type. */
export type LastStep = 'none' | 'float' | 'json'

/** The last step for a target type as the plan writes it. */
export function lastStep(type: string): LastStep {
  const base = type.toLowerCase().trim()
  if (/^(real|float[48]?|double precision|float\s*\(.*)$/.test(base)) return 'float'
  return base === 'json' || base === 'jsonb' ? 'json' : 'none'
}

/** The comparable form of a canonical text: what two servers must agree on. */
export function comparable(step: LastStep, text: string | null): string | null {
  if (text === null || step === 'none') return text
  return step === 'float' ? canonicalFloat(text) : comparableJson(text)
}

/**
 * `[-]D[.DDD]e[-]X` of a decimal text *as a double*; −0 is `-0e0`. A text with too few digits to name its double makes another
 * double, which is a difference, as it should be. What is no number stays as it is.
 */
export function canonicalFloat(text: string): string {
  const special = SPECIAL.get(text.trim().toLowerCase())
  if (special !== undefined) return special
  if (!/^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/.test(text)) return text
  // A double's exact nearest reading; beyond the largest double it is no longer the number that was written.
  const value = Number(text)
  if (!Number.isFinite(value)) return text
  if (value === 0) return Object.is(value, -0) ? '-0e0' : '0e0'
  return value.toExponential().replace('e+', 'e')
}

const SPECIAL = new Map([
  ['nan', 'NaN'],
  ['infinity', 'Infinity'],
  ['inf', 'Infinity'],
  ['+inf', 'Infinity'],
  ['+infinity', 'Infinity'],
  ['-infinity', '-Infinity'],
  ['-inf', '-Infinity'],
])

function comparableJson(hex: string): string {
  if (!/^([\da-f]{2})*$/.test(hex)) return hex
  return jsonValue(Buffer.from(hex, 'hex').toString('utf8')) ?? `text ${hex}`
}
