/** A column's default as SQL of the target. */
import type { ColumnDefault } from '../../model.ts'
import { parseIsoInstant } from '../../values/time.ts'

/** null when there is no default; undefined when it has no sure translation to the type. */
export function defaultSql(dflt: ColumnDefault | null, type: string): string | null | undefined {
  if (dflt === null) return null
  switch (dflt.kind) {
    case 'literal':
      return literalSql(dflt.value, type)
    case 'now':
      return nowSql(dflt.precision, type)
    case 'uuid':
      return type === 'uuid' ? 'gen_random_uuid()' : undefined
    case 'expression':
      return epochNow(dflt.sql, type)
  }
}

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

function literalSql(value: string, type: string): string | undefined {
  const base = type.replace(/\(.*$/, '')
  switch (base) {
    case 'bigint':
      return /^-?\d{1,18}$/.test(value) ? value : undefined
    case 'numeric':
    case 'double precision':
      return DECIMAL.test(value) ? value : undefined
    case 'boolean':
      return value === '1' ? 'true' : value === '0' ? 'false' : undefined
    case 'text':
      return value.includes('\0') ? undefined : quote(value)
    case 'date':
      return parseIsoInstant(value)?.microsOfDay === 0 ? quote(value.slice(0, 10)) : undefined
    case 'timestamptz': {
      const instant = parseIsoInstant(value)
      if (instant === null || instant.days < 0) return undefined
      // Text without an offset is UTC by SQLite's own rule; said here, so that no session zone is asked.
      return instant.offsetMinutes === null ? quote(`${value}${value.length === 10 ? ' 00:00' : ''}+00`) : quote(value)
    }
    default:
      return undefined
  }
}

function nowSql(precision: number, type: string): string | undefined {
  switch (type) {
    case 'timestamptz':
      return 'now()'
    case 'date':
      return "(now() at time zone 'UTC')::date"
    case 'text':
      return `to_char(now() at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS${precision === 3 ? '.MS' : ''}')`
    default:
      return undefined
  }
}

function epochNow(sql: string, type: string): string | undefined {
  const plain = sql
    .toLowerCase()
    .replace(/\s+/g, '')
    .replace(/^\((.*)\)$/, '$1')
  if (plain === "date('now')" || plain === 'current_date')
    return nowSql(0, type === 'text' ? '' : type) ?? dateText(type)
  const seconds = /^(?:cast\()?(?:unixepoch\((?:'now')?\)|strftime\('%s','now'\))(?:asinteger\))?$/
  if (type === 'bigint' && seconds.test(plain)) return 'floor(extract(epoch from now()))::bigint'
  if (type === 'bigint' && plain.endsWith('*1000') && seconds.test(plain.slice(0, -5).replace(/^\((.*)\)$/, '$1'))) {
    return 'floor(extract(epoch from now()))::bigint * 1000'
  }
  return undefined
}

function dateText(type: string): string | undefined {
  return type === 'text' ? "to_char(now() at time zone 'UTC', 'YYYY-MM-DD')" : undefined
}

function quote(value: string): string {
  return `'${value.replaceAll("'", "''")}'`
}
