/** Decimals of any size as an integer and a scale: exact, without a double in between. */
import { refuse } from './codec.ts'

export interface Decimal {
  unscaled: bigint
  /** Digits after the point; negative for zeros before it. */
  scale: number
}

/** A number is its shortest decimal text. @throws Refusal for what is no finite decimal. */
export function decimalOf(value: unknown): Decimal {
  switch (typeof value) {
    case 'bigint':
      return { unscaled: value, scale: 0 }
    case 'boolean':
      return { unscaled: value ? 1n : 0n, scale: 0 }
    case 'number':
    case 'string':
      return parse(String(value).trim())
    default:
      return refuse('not a number')
  }
}

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,6}))?$/
/** More digits than any source or PostgreSQL's numeric holds. */
const MAX_DIGITS = 150_000

function parse(text: string): Decimal {
  const match = DECIMAL.exec(text)
  const [, sign, whole = '', fraction = '', exponent = '0'] = match ?? []
  const digits = whole + fraction
  if (!match || digits === '') return refuse('not a decimal number')
  const scale = fraction.length - Number(exponent)
  if (digits.length > MAX_DIGITS || Math.abs(scale) > MAX_DIGITS) return refuse('a number of too many digits')
  const unscaled = BigInt(digits)
  return shortest({ unscaled: sign === '-' ? -unscaled : unscaled, scale })
}

/** Without zeros at the end of the fraction. */
function shortest({ unscaled, scale }: Decimal): Decimal {
  if (unscaled === 0n) return { unscaled, scale: 0 }
  if (scale <= 0) return { unscaled, scale }
  const zeros = /0*$/.exec(unscaled.toString())?.[0].length ?? 0
  const cut = Math.min(zeros, scale)
  return { unscaled: unscaled / 10n ** BigInt(cut), scale: scale - cut }
}

/** The same value with `scale`; null when digits would be lost. */
export function rescale(d: Decimal, scale: number): bigint | null {
  const rounded = round(d, scale)
  return rounded.exact ? rounded.unscaled : null
}

/** Half away from zero, as MySQL and PostgreSQL round decimals. */
export function round(d: Decimal, scale: number): { unscaled: bigint; exact: boolean } {
  const shift = scale - d.scale
  if (shift >= 0) return { unscaled: d.unscaled * 10n ** BigInt(shift), exact: true }
  const by = 10n ** BigInt(-shift)
  const magnitude = d.unscaled < 0n ? -d.unscaled : d.unscaled
  const quotient = (magnitude + by / 2n) / by
  return { unscaled: d.unscaled < 0n ? -quotient : quotient, exact: magnitude % by === 0n }
}

/** Whether it fits `precision` digits, `scale` of them behind the point, without loss. */
export function fits(d: Decimal, precision: number, scale: number): boolean {
  const unscaled = rescale(d, scale)
  return unscaled !== null && (unscaled < 0n ? -unscaled : unscaled) < 10n ** BigInt(precision)
}

/** `-12.50` with exactly `scale` digits after the point. */
export function decimalText(unscaled: bigint, scale: number): string {
  if (scale <= 0) return (unscaled * 10n ** BigInt(-scale)).toString()
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0')
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

/** As few digits as the value has. */
export function plainText(d: Decimal): string {
  const { unscaled, scale } = shortest(d)
  return decimalText(unscaled, scale)
}
