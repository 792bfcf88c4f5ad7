/** Binary floats: the nearest one that both stores hold, and −0 is 0, since SQLite and MariaDB do not keep it. */
import { refuse } from './codec.ts'
import type { ColumnContext } from './codec.ts'
import { decimalOf, decimalText, fits, plainText, round } from './decimal.ts'

/** A double that the application gave; NaN and the infinities too. @throws Refusal for what is no number. */
export function doubleOf(value: unknown): number {
  if (typeof value === 'number') return value
  if (typeof value === 'string' && /^(?:NaN|[+-]?Infinity)$/.test(value)) return Number(value)
  return Number(plainText(decimalOf(value)))
}

/** `single`: the source or the target keeps 32 bits only. @throws Refusal when it would become infinite. */
export function nearest(v: number, single: boolean): number {
  const kept = single ? Math.fround(v) : v
  if (Number.isFinite(v) && !Number.isFinite(kept)) refuse('out of range of a 32-bit float')
  // Adding 0 makes 0 of −0.
  return kept + 0
}

/**
 * FLOAT(m,d) and DOUBLE(m,d) round to d digits and refuse more than m. The servers' own arithmetic, until it changes nothing any more.
 * @throws Refusal out of range, or when it never stands still.
 */
export function declaredDigits(v: number, { source, lose }: ColumnContext): number {
  const [digits, scale] = source.numbers
  if (digits === undefined || scale === undefined) return v
  const step = 10 ** scale
  let kept = v
  for (let i = 0; i < 4; i += 1) {
    const whole = Math.floor(kept)
    let next = whole + rint((kept - whole) * step) / step
    if (source.base === 'float') next = Math.fround(next)
    if (next === kept) {
      if (Math.abs(kept) > 10 ** (digits - scale) - 1 / step)
        refuse(`out of range of ${source.base}(${digits},${scale})`)
      if (kept !== v) lose('HF-L006')
      return kept
    }
    kept = next
  }
  return refuse(`cannot be kept in ${source.base}(${digits},${scale})`)
}

/** To the nearest integer, halves to the even one. */
function rint(v: number): number {
  const floor = Math.floor(v)
  const rest = v - floor
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1
  return floor % 2 === 0 ? floor : floor + 1
}

/** A double as PostgreSQL reads it: the shortest text that names it. */
export function doubleText(v: number): string {
  return String(v)
}

/**
 * The double of a numeric target: the nearest to a decimal of the target's scale, rounded to it if it is not.
 * `single`: the source keeps 32 bits. @throws Refusal when the decimal is not what the engine would read back, or does not fit.
 */
export function numericDouble(v: number, { target, lose }: ColumnContext, single: boolean): number {
  const { precision, scale } = target
  if (!Number.isFinite(v)) return refuse(`${target.text} holds finite numbers only`)
  if (precision === null || scale === null) return v
  const digits = Math.min(Math.max(scale, 0), 100)
  const rounded = round(decimalOf(v), digits)
  const kept = nearest(Number(decimalText(rounded.unscaled, digits)), single)
  if (!rounded.exact) lose('HF-L006')
  const text = numericDoubleText(kept, scale)
  if (Number(text) !== kept) return refuse(`not the nearest float of a ${target.text}`)
  if (!fits(decimalOf(text), precision, scale)) return refuse(`does not fit ${target.text}`)
  return kept
}

/** The decimal that a double stands for in numeric(p, `scale`), as the engine reads it. */
export function numericDoubleText(v: number, scale: number | null): string {
  if (scale === null) return String(v)
  if (Math.abs(v) >= 1e21) return BigInt(v).toString()
  return v.toFixed(Math.min(Math.max(scale, 0), 100))
}
