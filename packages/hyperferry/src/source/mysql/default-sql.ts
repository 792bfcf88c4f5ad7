/** Defaults in the SQL of the target. */
import type { ColumnDefault, SourceColumn } from '../../model.ts'
import { parseColumnType } from './column-type.ts'

/** `none`: there is no default. `zero`: a zero date, dropped. `unknown`: no sure translation. */
export type TranslatedDefault = { sql: string } | 'none' | 'zero' | 'unknown'

/** `type` is the proposed target type; `timezone` the zone of wall-clock values. */
export function translateDefault(column: SourceColumn, type: string, timezone: string): TranslatedDefault {
  const given = column.default
  if (given === null) return 'none'
  switch (given.kind) {
    case 'now':
      return now(given.precision, type)
    case 'uuid':
      if (type === 'uuid') return { sql: 'gen_random_uuid()' }
      return /^(text|varchar)/.test(type) ? { sql: 'gen_random_uuid()::text' } : 'unknown'
    case 'expression':
      return expression(given, type)
    case 'literal':
      return literal(given.value, column, { type, timezone })
  }
}

function now(precision: number, type: string): TranslatedDefault {
  const digits = precision === 6 ? '' : `(${precision})`
  if (type.startsWith('timestamptz'))
    return { sql: precision === 6 ? 'CURRENT_TIMESTAMP' : `CURRENT_TIMESTAMP${digits}` }
  if (type.startsWith('timestamp')) return { sql: `LOCALTIMESTAMP${digits}` }
  return type === 'date' ? { sql: 'CURRENT_DATE' } : 'unknown'
}

function expression(given: ColumnDefault & { kind: 'expression' }, type: string): TranslatedDefault {
  if (type === 'date' && /^\(?(curdate\(\)|current_date(\(\))?)\)?$/i.test(given.sql.trim()))
    return { sql: 'CURRENT_DATE' }
  return 'unknown'
}

function literal(
  value: string,
  column: SourceColumn,
  { type, timezone }: { type: string; timezone: string },
): TranslatedDefault {
  const source = parseColumnType(column.type)
  const base = type.replace(/\(.*/, '')
  switch (base) {
    case 'smallint':
    case 'integer':
    case 'bigint':
    case 'numeric':
    case 'real':
    case 'double precision':
      return /^-?\d+(\.\d+)?(e[-+]?\d+)?$/i.test(value) ? { sql: plainNumber(value) } : 'unknown'
    case 'boolean':
      return value === '0' || value === '1' ? { sql: value === '1' ? 'true' : 'false' } : 'unknown'
    case 'bit':
      return /^[01]+$/.test(value) ? { sql: `B'${value.padStart(source.numbers[0] ?? 1, '0')}'` } : 'unknown'
    case 'date':
    case 'timestamp':
    case 'timestamptz': {
      if (/^0000-|-00/.test(value.slice(0, 10))) return 'zero'
      if (!/^\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d(\.\d+)?)?$/.test(value)) return 'unknown'
      const zone = source.base === 'timestamp' ? 'UTC' : timezone
      // `CET` is a zone with summer time here, and an abbreviation without in PostgreSQL.
      if (base === 'timestamptz' && !/^utc$|\//i.test(zone)) return 'unknown'
      return { sql: base === 'timestamptz' ? `'${value} ${zone}'::timestamptz` : quoted(value) }
    }
    case 'time':
    case 'interval':
      return /^-?\d+:\d\d:\d\d(\.\d+)?$/.test(value) ? { sql: `'${value}'::${base}` } : 'unknown'
    case 'text':
    case 'varchar':
      return value.includes('\0') ? 'unknown' : { sql: quoted(value) }
    case 'text[]':
      return { sql: `ARRAY[${value === '' ? '' : value.split(',').map(quoted).join(', ')}]::text[]` }
    case 'uuid':
    case 'inet':
      return { sql: `${quoted(value)}::${base}` }
    case 'bytea':
      return bytes(value, source.base === 'binary' ? (source.numbers[0] ?? 1) : 0)
    default:
      return 'unknown'
  }
}

/** ZEROFILL shows leading zeros. */
function plainNumber(value: string): string {
  return value.replace(/^(-?)0+(?=\d)/, '$1')
}

function bytes(value: string, width: number): TranslatedDefault {
  const hex = /^0x([0-9a-f]*)$/i.exec(value)?.[1]
  // Other bytes do not survive information_schema, which is text.
  if (hex === undefined && !/^[\x20-\x7e]*$/.test(value)) return 'unknown'
  const digits = (hex ?? Buffer.from(value, 'latin1').toString('hex')).toLowerCase()
  return { sql: `'\\x${digits.padEnd(width * 2, '0')}'::bytea` }
}

function quoted(text: string): string {
  const doubled = text.replaceAll("'", "''")
  return text.includes('\\') ? `E'${doubled.replaceAll('\\', '\\\\')}'` : `'${doubled}'`
}
