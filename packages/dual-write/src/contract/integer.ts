/** Integers: the range of both types decides, and nothing is clamped. */
import { refuse } from './codec.ts'
import type { ColumnContext } from './codec.ts'
import { decimalOf, fits, rescale } from './decimal.ts'
import type { TargetType } from './target-type.ts'

/** An integer that the application gave. @throws Refusal for a fraction, and for a number that may have lost digits already. */
export function integerOf(value: unknown): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number') {
    if (!Number.isInteger(value)) return refuse('a number with a fraction in an integer column')
    if (!Number.isSafeInteger(value)) return refuse('a number beyond 2^53, which may have lost digits: give a bigint')
    return BigInt(value)
  }
  const whole = rescale(decimalOf(value), 0)
  return whole ?? refuse('a number with a fraction in an integer column')
}

/** Checks that the target holds the integer; null when the type has no rule for integers. */
export function integerTarget(target: TargetType): ((v: bigint) => void) | null {
  const range = RANGES[target.name]
  if (range !== undefined) return (v) => inRange(v, range, target.text)
  switch (target.name) {
    case 'numeric': {
      const { precision, scale } = target
      if (precision === null || scale === null) return () => undefined
      return (v) => {
        if (!fits({ unscaled: v, scale: 0 }, precision, scale)) refuse(`does not fit ${target.text}`)
      }
    }
    case 'float4':
    case 'float8':
      return (v) => {
        const double = target.name === 'float4' ? Math.fround(Number(v)) : Number(v)
        if (BigInt(double) !== v) refuse(`not exact as ${target.text}`)
      }
    case 'text':
    case 'varchar':
      return (v) => {
        if (target.length !== null && v.toString().length > target.length) refuse(`too long for ${target.text}`)
      }
    default:
      return null
  }
}

export function integerText(v: bigint, target: TargetType): string {
  return target.name === 'bool' ? String(v !== 0n) : v.toString()
}

export type Range = readonly [min: bigint, max: bigint]

export function inRange(v: bigint, [min, max]: Range, type: string): void {
  if (v < min || v > max) refuse(`out of range of ${type}`)
}

const RANGES: Partial<Record<TargetType['name'], Range>> = {
  int2: [-32768n, 32767n],
  int4: [-2147483648n, 2147483647n],
  int8: [-(2n ** 63n), 2n ** 63n - 1n],
  bool: [0n, 1n],
}

const BITS: Record<string, bigint> = { tinyint: 8n, smallint: 16n, mediumint: 24n, int: 32n, bigint: 64n }

/** What the integer types of MySQL hold. */
export function mysqlRange({ source }: ColumnContext): Range {
  const bits = BITS[source.base] ?? 64n
  return source.unsigned ? [0n, 2n ** bits - 1n] : [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n]
}
