/** Columns that hold numbers and booleans. */
import { noRule, refuse } from './codec.ts'
import type { Codec, ColumnContext } from './codec.ts'
import { decimalOf, decimalText, fits, plainText, round } from './decimal.ts'
import { epochFor, epochOf, epochToMicros, instantText } from './epoch.ts'
import { declaredDigits, doubleOf, doubleText, nearest, numericDouble, numericDoubleText } from './float.ts'
import { inRange, integerTarget, integerText, mysqlRange } from './integer.ts'

/** An integer column of either engine: a number, a truth value, or an epoch. The cell is the integer. */
export function integerCodec(context: ColumnContext, engine: 'mysql' | 'sqlite'): Codec {
  const { target, unit } = context
  const range: [bigint, bigint] = engine === 'mysql' ? [...mysqlRange(context)] : [-(2n ** 63n), 2n ** 63n - 1n]
  const isTime = target.name === 'timestamptz' || target.name === 'timestamp' || target.name === 'date'
  if (isTime) {
    if (unit === null) throw noRule(context)
    const toMicros = (cell: bigint): bigint => epochToMicros(cell, unit)
    return {
      cell(value) {
        const epoch = epochFor(epochOf(value, context), unit, context)
        inRange(epoch, range, 'the source column')
        return epoch
      },
      source: (cell) => driverInteger(cell as bigint),
      target: (cell) => instantText(toMicros(cell as bigint), target),
      instant: (cell) => toMicros(cell as bigint),
    }
  }
  const check = integerTarget(target)
  if (check === null) throw noRule(context)
  return {
    cell(value) {
      const integer = epochOf(typeof value === 'boolean' ? Number(value) : value, context)
      inRange(integer, range, 'the source column')
      check(integer)
      return integer
    },
    source: (cell) => driverInteger(cell as bigint),
    target: (cell) => integerText(cell as bigint, target),
    instant: (cell) => cell as bigint,
  }
}

/** Drivers take small integers as numbers everywhere, large ones only as bigint. */
function driverInteger(v: bigint): number | bigint {
  return v >= -9_007_199_254_740_991n && v <= 9_007_199_254_740_991n ? Number(v) : v
}

/** DECIMAL of MySQL: rounded as the server would have done it (docs/design/0010). The cell is text. */
export function decimalCodec(context: ColumnContext): Codec {
  const { source, target, lose } = context
  const [precision = 10, scale = 0] = source.numbers
  if (target.name !== 'numeric') throw noRule(context)
  return {
    cell(value) {
      const given = decimalOf(value)
      const { unscaled, exact } = round(given, scale)
      if (!exact) lose('HF-L006')
      const kept = { unscaled, scale }
      if (!fits(kept, precision, scale)) refuse(`does not fit decimal(${precision},${scale})`)
      if (source.unsigned && unscaled < 0n) refuse('negative in an unsigned column')
      if (target.precision !== null && target.scale !== null && !fits(kept, target.precision, target.scale))
        refuse(`does not fit ${target.text}`)
      return decimalText(unscaled, scale)
    },
    source: String,
    target: String,
  }
}

/** FLOAT, DOUBLE, REAL: the nearest that both hold. The cell is a number. */
export function floatCodec(context: ColumnContext, engine: 'mysql' | 'sqlite'): Codec {
  const { source, target } = context
  const single = engine === 'mysql' && source.base === 'float' && (source.numbers[0] ?? 0) <= 24
  switch (target.name) {
    case 'float4':
    case 'float8': {
      const narrow = single || target.name === 'float4'
      return {
        cell(value) {
          const given = doubleOf(value)
          if (Number.isNaN(given)) refuse('NaN')
          if (!Number.isFinite(given)) refuse('an infinite number')
          const kept = nearest(engine === 'mysql' ? declaredDigits(given, context) : given, narrow)
          if (engine === 'mysql' && source.unsigned && kept < 0) refuse('negative in an unsigned column')
          return kept
        },
        source: (cell) => cell as number,
        target: (cell) => doubleText(cell as number),
      }
    }
    case 'numeric':
      return {
        cell: (value) => numericDouble(nearest(doubleOf(value), single), context, single),
        source: (cell) => cell as number,
        target: (cell) => plainNumeric(cell as number, target.scale),
      }
    default:
      throw noRule(context)
  }
}

function plainNumeric(cell: number, scale: number | null): string {
  const text = numericDoubleText(cell, scale)
  return text.includes('e') ? plainText(decimalOf(text)) : text
}

/** BIT(n): a truth value for one bit, else bits. */
export function bitCodec(context: ColumnContext): Codec {
  const { source, target } = context
  const bits = source.numbers[0] ?? 1
  if (target.name !== 'bool' && target.name !== 'bit' && target.name !== 'int8') throw noRule(context)
  const integer = (value: unknown): bigint => {
    if (typeof value === 'boolean') return value ? 1n : 0n
    if (value instanceof Uint8Array) return BigInt(`0x${Buffer.from(value).toString('hex') || '0'}`)
    return BigInt(plainText(decimalOf(value)))
  }
  return {
    cell(value) {
      const number = integer(value)
      if (number < 0n || number >= 2n ** BigInt(bits)) refuse(`does not fit bit(${bits})`)
      return number
    },
    source: (cell) => Buffer.from((cell as bigint).toString(16).padStart(Math.ceil(bits / 8) * 2, '0'), 'hex'),
    target(cell) {
      if (target.name === 'bool') return String((cell as bigint) !== 0n)
      return target.name === 'int8' ? String(cell) : (cell as bigint).toString(2).padStart(target.length ?? bits, '0')
    },
  }
}
