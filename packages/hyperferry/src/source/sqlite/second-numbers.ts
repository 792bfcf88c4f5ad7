/** Second opinion on numbers: decimal text made by SQLite. */
import type { PgType } from '../../values/pgtype.ts'
import { LEFT_OUT } from './second-rendering.ts'
import type { Rendering, SecondColumn } from './second-rendering.ts'

const RANGES: Partial<Record<PgType['name'], bigint>> = { int2: 32767n, int4: 2147483647n, int8: 9223372036854775807n }

/** smallint, integer, bigint. */
export function canonicalInteger({ sql, type }: SecondColumn): Rendering {
  const max = RANGES[type.name] ?? 0n
  // A whole REAL is cast by SQLite itself; the cast clamps, so the way back tells whether it fits.
  const whole = `CASE typeof(${sql}) WHEN 'real' THEN CASE WHEN CAST(${sql} AS INTEGER) = ${sql} THEN CAST(CAST(${sql} AS INTEGER) AS TEXT) END ELSE CAST(${sql} AS TEXT) END`
  return {
    sql: [`typeof(${sql})`, whole],
    finish([kind, text]) {
      if (kind === 'blob' || typeof text !== 'string' || !/^(?:0|-?[1-9][0-9]*)$/.test(text)) return LEFT_OUT
      const value = BigInt(text)
      return value > max || value < -max - 1n ? LEFT_OUT : text
    },
  }
}

/** numeric, with and without scale. */
export function canonicalNumeric({ sql, type }: SecondColumn): Rendering {
  const scale = type.scale === null ? null : Math.max(0, type.scale)
  const printed = scale === null ? `quote(${sql})` : `printf('%!.${scale}f', ${sql})`
  const text = `CASE typeof(${sql}) WHEN 'real' THEN ${printed} ELSE CAST(${sql} AS TEXT) END`
  return {
    sql: [`typeof(${sql})`, text, `CASE typeof(${sql}) WHEN 'real' THEN quote(${sql}) END`],
    finish([kind, shown, exact]) {
      if (kind === 'blob' || typeof shown !== 'string') return LEFT_OUT
      if (kind === 'real') {
        const value = Number(exact)
        if (!Number.isFinite(value)) return scale === null ? (value > 0 ? 'Infinity' : '-Infinity') : LEFT_OUT
        // From 2^53 on every double is a whole number, and SQLite prints seventeen digits of it.
        const isLarge = scale !== null && Math.abs(value) >= 2 ** 53
        const plain = isLarge
          ? BigInt(value).toString()
          : scale === null
            ? plainDecimal(shortest(value))
            : withScale(shown, value, scale)
        return plain === null ? LEFT_OUT : fitting(plain, type)
      }
      if (!/^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/.test(shown)) return LEFT_OUT
      return fitting(plainDecimal(shown), type)
    },
  }
}

/** real, double precision: `[-]D[.DDD]e[-]X`. */
export function canonicalFloat({ sql, type }: SecondColumn): Rendering {
  return {
    sql: [
      `typeof(${sql})`,
      `CASE typeof(${sql}) WHEN 'real' THEN quote(${sql}) ELSE CAST(${sql} AS TEXT) END`,
      isNegativeZeroSql(sql),
    ],
    finish([kind, text, isNegativeZero]) {
      if (kind === 'blob' || typeof text !== 'string') return LEFT_OUT
      if (isNegativeZero === 1n) return '-0e0'
      if (kind === 'integer' && BigInt(Number(text)) !== BigInt(text)) return LEFT_OUT
      const value = Number(text)
      if (kind === 'text' && String(value) !== text) return LEFT_OUT
      if (type.name === 'float4' && !Number.isNaN(value) && Math.fround(value) !== value) return LEFT_OUT
      return scientific(value)
    },
  }
}

/** The sign of zero is in no text that SQLite makes; the angle tells it. */
export function isNegativeZeroSql(sql: string): string {
  return `typeof(${sql}) = 'real' AND ${sql} = 0 AND atan2(${sql}, -1.0) < 0`
}

export function canonicalBool({ sql }: SecondColumn): Rendering {
  return {
    sql: [
      `typeof(${sql})`,
      `CASE WHEN typeof(${sql}) IN ('integer', 'real') THEN CASE ${sql} WHEN 0 THEN '0' WHEN 1 THEN '1' END END`,
    ],
    finish: ([, text]) => (typeof text === 'string' ? text : LEFT_OUT),
  }
}

/** The fewest digits that name the double, without exponent sign for positive ones. */
export function shortest(value: number): string {
  return String(value).replace('e+', 'e')
}

function scientific(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity'
  if (Object.is(value, -0)) return '-0e0'
  return value.toExponential().replace('e+', 'e')
}

/** Without exponent, superfluous zeros and the sign of zero. */
export function plainDecimal(text: string): string {
  const [mantissa = '', exponent = '0'] = text.split('e')
  const negative = mantissa.startsWith('-')
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.')
  const digits = whole + fraction
  const point = whole.length + Number(exponent)
  const before = point <= 0 ? '0' : digits.slice(0, point).padEnd(point, '0')
  const after = point <= 0 ? '0'.repeat(-point) + digits : digits.slice(point)
  const trimmed = `${before.replace(/^0+(?=\d)/, '')}.${after}`.replace(/\.?0*$/, '')
  const shown = trimmed === '' ? '0' : trimmed
  return negative && shown !== '0' ? `-${shown}` : shown
}

/** The decimal of the scale, if this double is the nearest one to it. */
function withScale(shown: string, value: number, scale: number): string | null {
  const [whole = '', fraction = ''] = shown.split('.')
  // `%!f` writes a digit after the point even for scale 0.
  const text = scale === 0 ? whole : `${whole}.${fraction.slice(0, scale)}`
  return Number(text) === value ? plainDecimal(text) : null
}

function fitting(text: string, { precision, scale }: PgType): string | typeof LEFT_OUT {
  if (precision === null || scale === null) return text
  const [whole = '', fraction = ''] = text.replace('-', '').split('.')
  if (fraction.length > Math.max(0, scale)) return LEFT_OUT
  if (scale < 0 && !whole.endsWith('0'.repeat(-scale)) && whole !== '0') return LEFT_OUT
  return (whole === '0' ? 0 : whole.length) > precision - scale ? LEFT_OUT : text
}
