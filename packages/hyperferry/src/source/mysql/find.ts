/** One row by the key that the quarantine holds of it. */
import type { SourceColumn, SourceTable } from '../../model.ts'
import { parseColumnType } from './column-type.ts'
import { ident, textLiteral } from './quote.ts'

/** ` WHERE …` for the primary key whose texts are as `describeValue` wrote them; null when the table has none, or some of it is not among `values`. */
export function whereKey(live: SourceTable, values: Readonly<Record<string, string | null>>): string | null {
  if (live.primaryKey.length === 0) return null
  const parts: string[] = []
  for (const name of live.primaryKey) {
    const column = live.columns.find((one) => one.name === name)
    const text = values[name]
    const literal = column === undefined || text == null ? null : literalOf(column, text)
    if (literal === null) return null
    parts.push(`${ident(name)} = ${literal}`)
  }
  return ` WHERE ${parts.join(' AND ')}`
}

/** null for a type whose texts do not say exactly which value they are. */
function literalOf(column: SourceColumn, text: string): string | null {
  const { base } = parseColumnType(column.type)
  if (NUMBERS.has(base)) return /^-?\d+(\.\d+)?$/.test(text) ? text : null
  if (TIMES.has(base)) return /^[-\d :.]+$/.test(text) ? `'${text}'` : null
  if (base === 'float' || base === 'double' || base === 'geometry') return null
  const hex = /^\\x((?:[0-9a-f]{2})*)$/.exec(text)?.[1]
  if (hex === undefined) return textLiteral(text)
  return column.charset === null || column.charset === 'binary' ? `0x${hex}` : `_${column.charset} 0x${hex}`
}

const NUMBERS = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'year', 'decimal'])
const TIMES = new Set(['date', 'datetime', 'timestamp', 'time'])
