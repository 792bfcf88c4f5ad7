/** Trap classes of a column: conditions in the source's SQL under which a value has gone wrong in some tool. */
import type { SourceColumn } from '../../model.ts'
import { parseColumnType } from './column-type.ts'
import { ident } from './quote.ts'

export interface TrapClass {
  name: string
  column: string
  /** SQL; NULL counts as false. */
  condition: string
}

/** In a fixed order; none for types without traps. */
export function trapClasses(column: SourceColumn): TrapClass[] {
  const name = ident(column.name)
  const list = Object.entries(conditions(column, name)).map(([trap, condition]) => ({
    name: trap,
    column: column.name,
    condition,
  }))
  return column.nullable ? [...list, { name: 'null', column: column.name, condition: `${name} IS NULL` }] : list
}

function conditions(column: SourceColumn, name: string): Record<string, string> {
  const type = parseColumnType(column.type)
  switch (type.base) {
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'int':
    case 'bigint':
      return {
        ...(type.unsigned ? {} : { negative: `${name} < 0` }),
        'at the limit': `${name} IN (${limits(type.base, type.unsigned)})`,
        ...(type.base === 'bigint'
          ? { 'beyond 2^53': `${name} > 9007199254740992${type.unsigned ? '' : ` OR ${name} < -9007199254740992`}` }
          : {}),
      }
    case 'decimal':
      return {
        negative: `${name} < 0`,
        fraction: `${name} <> TRUNCATE(${name}, 0)`,
        'more digits than a double': `ABS(${name}) >= 1e15`,
      }
    case 'float':
    case 'double':
      return {
        'minus zero': `${name} = 0 AND CONCAT(${name} * 1e0) = '-0'`,
        tiny: `${name} <> 0 AND ABS(${name}) < 1e-5`,
        huge: `ABS(${name}) >= 1e15`,
        fraction: `${name} <> TRUNCATE(${name}, 0)`,
      }
    case 'date':
    case 'datetime':
    case 'timestamp': {
      const zero = `(MONTH(${name}) = 0 OR DAYOFMONTH(${name}) = 0)`
      return {
        'zero date': zero,
        'before 1970': `NOT ${zero} AND YEAR(${name}) < 1970`,
        'after 2037': `NOT ${zero} AND YEAR(${name}) > 2037`,
        ...(type.base === 'date'
          ? {}
          : { fraction: `MICROSECOND(${name}) <> 0`, 'last second of a day': lastSecond(name) }),
      }
    }
    case 'time':
      return {
        negative: `${name} < TIME'00:00:00'`,
        'a day or more': `${name} >= TIME'24:00:00'`,
        fraction: `MICROSECOND(${name}) <> 0`,
      }
    case 'year':
      return { 'year 0': `${name} = 0` }
    case 'bit':
      return {
        'highest bit': `OCTET_LENGTH(${name}) * 8 >= 8 AND ${name} + 0 >= ${2n ** BigInt((type.numbers[0] ?? 1) - 1)}`,
      }
    case 'enum':
      return { 'error value': `${name} + 0 = 0` }
    case 'set':
      return { 'empty set': `${name} + 0 = 0`, 'several members': `BIT_COUNT(${name} + 0) > 1` }
    case 'geometry':
      return { 'with SRID': `ST_SRID(${name}) <> 0` }
    default:
      return column.charset === null && !/blob$|binary$/.test(type.base) ? {} : stringConditions(column, name)
  }
}

function stringConditions(column: SourceColumn, name: string): Record<string, string> {
  const empty = { empty: `OCTET_LENGTH(${name}) = 0` }
  if (column.charset === null) {
    return {
      ...empty,
      'with NUL': `LOCATE(0x00, ${name}) > 0`,
      'high bytes': `LOCATE(0xFF, ${name}) > 0`,
    }
  }
  const utf8 = `CONVERT(${name} USING utf8mb4)`
  // Some collations ignore NUL and others spaces: bytes are compared.
  const bytes = `CONVERT(${utf8} USING binary)`
  const holds = (hex: string): string => `LOCATE(0x${hex}, ${bytes}) > 0`
  return {
    ...empty,
    'trailing space': `RIGHT(${bytes}, 1) = 0x20`,
    'not ASCII': `OCTET_LENGTH(${utf8}) <> CHAR_LENGTH(${utf8})`,
    // Three-byte UTF-8 makes a question mark of it.
    'four-byte text': `OCTET_LENGTH(${utf8}) > OCTET_LENGTH(CONVERT(${utf8} USING utf8)) + 2`,
    'with NUL': holds('00'),
    'backslash, quote or control': ['5c', '27', '09', '0a', '0d'].map(holds).join(' OR '),
  }
}

function lastSecond(name: string): string {
  return `HOUR(${name}) = 23 AND MINUTE(${name}) = 59 AND SECOND(${name}) = 59`
}

const BITS: Record<string, bigint> = { tinyint: 8n, smallint: 16n, mediumint: 24n, int: 32n, bigint: 64n }

function limits(base: string, unsigned: boolean): string {
  const bits = BITS[base] ?? 64n
  if (unsigned) return `${2n ** bits - 1n}`
  return `${-(2n ** (bits - 1n))}, ${2n ** (bits - 1n) - 1n}`
}
