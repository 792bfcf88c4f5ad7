/** Values that PostgreSQL has printed, as the source writes them. */
import type { KeptRow } from '../../control/settle-quarantine.ts'
import type { PlannedColumn } from '../../model.ts'
import { parsePgType } from '../../values/pgtype.ts'
import type { TableWork } from '../../work/table-work.ts'

/** By source column; only those whose text is the same in both databases for sure: the source is asked for a row by them. */
export function sourceTexts({ columns }: TableWork, { values }: KeptRow, timezone: string): Record<string, string> {
  return Object.fromEntries(
    columns.flatMap((column) => {
      const text = values[column.source]
      const same = text == null ? null : sameText(column, text, timezone)
      return same === null ? [] : [[column.source, same]]
    }),
  )
}

function sameText({ type, sourceType, rules }: PlannedColumn, text: string, timezone: string): string | null {
  if (Object.keys(rules).length > 0) return null
  const { name } = parsePgType(type)
  if (NUMBERS.has(name)) return text
  if (TEXTS.has(name)) return text.startsWith('\\x') ? null : text
  if (/^date$/i.test(sourceType)) return name === 'date' && MOMENT.test(text) ? text : null
  // A precision of the target's own would have cut digits off.
  const isWhole = /^(datetime|timestamp)\b/i.test(sourceType) && name.startsWith('timestamp') && !type.includes('(')
  const isUtc = timezone === 'UTC' || /^timestamp\b/i.test(sourceType)
  return isWhole && isUtc && MOMENT.test(text) ? text.replace(/\+00$/, '') : null
}

const NUMBERS = new Set(['int2', 'int4', 'int8', 'numeric'])
const TEXTS = new Set(['text', 'varchar'])
const MOMENT = /^\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d(\.\d{1,6})?(\+00)?)?$/
