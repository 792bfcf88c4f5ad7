/** Columns of MySQL that hold numbers: integers, decimals, floats. */
import { noRule, refuse } from './codec.ts'
import type { Codec, ColumnContext, Value } from './codec.ts'
import { decimalOf, decimalText, fits, round } from './decimal.ts'
import { epochFor, epochOf, epochToMicros, instantText } from './epoch.ts'
import { declaredDigits, doubleOf, doubleText, nearest, numericDouble, numericDoubleText } from './float.ts'
import { inRange, integerTarget, integerText, mysqlRange } from './integer.ts'
import type { Range } from './integer.ts'

export interface IntegerSource {
  range: Range
  /** As the driver takes it. */
  write: (v: bigint) => string | number | bigint
}

/** Integer types of MySQL, and booleans. */
export function mysqlInteger(context: ColumnContext): Codec {
  // Text is exact for every size and every driver.
  return integerCodec(context, { range: mysqlRange(context), write: String })
}

/** YEAR: 0 and 1901 to 2155; two digits mean what the server takes them for. */
export function yearCodec(context: ColumnContext): Codec {
  const codec = integerCodec(context, { range: [0n, 2155n], write: (v) => String(v).padStart(4, '0') })
  return {
    ...codec,
    cell(value) {
      const cell = codec.cell(value)
      if (typeof cell !== 'bigint' || cell === 0n) return cell
      const year = cell < 70n ? cell + 2000n : cell < 100n ? cell + 1900n : cell
      if (year <= 1900n) refuse('out of range of year')
      return year
    },
  }
}

/** A whole number, a truth value, or an epoch. The cell is a bigint; a value that a store gave may be a number. */
export function integerCodec(context: ColumnContext, { range, write }: IntegerSource): Codec {
  const { column, target, unit } = context
  const source = (cell: Value): string | number | bigint => write(BigInt(cell as number | bigint | string))
  if (target.name === 'timestamptz' || target.name === 'timestamp' || target.name === 'date') {
    if (unit === null) throw noRule(context)
    const micros = (cell: Value): bigint => epochToMicros(BigInt(cell as bigint | number), unit)
    return {
      cell(value) {
        const epoch = epochFor(epochOf(value, context), unit, context)
        inRange(epoch, range, column.sourceType)
        return epoch
      },
      source,
      target: (cell) => instantText(micros(cell), target),
      instant: micros,
    }
  }
  const check = integerTarget(target)
  if (check === null) throw noRule(context)
  return {
    cell(value) {
      const integer = epochOf(value, context)
      inRange(integer, range, column.sourceType)
      check(integer)
      return integer
    },
    source,
    target: (cell) => integerText(BigInt(cell as number | bigint | string), target),
    instant: (cell) => BigInt(cell as number | bigint | string),
  }
}

/** DECIMAL: rounded to what both hold, as the server would have done it (docs/design/0010). The cell is text of the source's scale. */
export function decimalCodec(context: ColumnContext): Codec {
  const { source, target, lose } = context
  const [precision = 10, scale = 0] = source.numbers
  const isText = target.name === 'text' || target.name === 'varchar'
  const check = isText ? null : integerTarget(target)
  if (check === null && !isText) throw noRule(context)
  if (target.name === 'bool' || target.name === 'float4' || target.name === 'float8') throw noRule(context)
  const kept = target.name === 'numeric' ? Math.min(scale, target.scale ?? scale) : isText ? scale : 0
  return {
    cell(value) {
      const { unscaled, exact } = round(decimalOf(value), kept)
      if (!exact) lose('HF-L006')
      const rounded = { unscaled, scale: kept }
      if (!fits(rounded, precision, scale)) refuse(`out of range of decimal(${precision},${scale})`)
      if (source.unsigned && unscaled < 0n) refuse('negative in an unsigned column')
      if (target.name !== 'numeric') check?.(unscaled)
      else if (target.precision !== null && !fits(rounded, target.precision, target.scale ?? 0)) {
        refuse(`out of range of ${target.text}`)
      }
      const text = decimalText(round(rounded, scale).unscaled, scale)
      if (isText && target.length !== null && text.length > target.length) refuse(`too long for ${target.text}`)
      return text
    },
    source: String,
    // What the server shows of the zeros that it puts before the digits is not the number.
    target: (cell) => (isText || target.name === 'numeric' ? String(cell) : (String(cell).split('.')[0] ?? '')),
  }
}

/** FLOAT and DOUBLE: the nearest that both hold. The cell is a number. */
export function floatCodec(context: ColumnContext): Codec {
  const { source, target } = context
  const single = source.base === 'float'
  const narrow = single || target.name === 'float4'
  const check =
    target.name === 'bool' || target.name === 'text' || target.name === 'varchar' ? null : integerTarget(target)
  if (check === null) throw noRule(context)
  const isWhole = target.name === 'int2' || target.name === 'int4' || target.name === 'int8'
  return {
    cell(value) {
      const given = doubleOf(value)
      if (!Number.isFinite(given)) refuse('NaN or infinity, which the source does not hold')
      const near = nearest(given, narrow)
      const digits = declaredDigits(near, context)
      const kept = target.name === 'numeric' ? numericDouble(digits, context, single) : digits
      if (kept !== digits && declaredDigits(kept, context) !== kept) refuse('no float that both sides hold')
      if (source.unsigned && kept < 0) refuse('negative in an unsigned column')
      if (isWhole) {
        if (!Number.isInteger(kept)) refuse(`a fraction in ${target.text}`)
        check(BigInt(kept))
      }
      return kept
    },
    source: (cell) => cell as number,
    target: (cell) => {
      if (isWhole) return BigInt(cell as number).toString()
      return target.name === 'numeric' ? numericDoubleText(cell as number, target.scale) : doubleText(cell as number)
    },
  }
}
