/** One row by the key that the quarantine holds of it. */
import type { SourceTable } from '../../model.ts'
import type { Where } from './axis.ts'
import { ident } from './names.ts'
import { rowKey } from './shape.ts'
import type { SqliteValue } from './value.ts'

/** A condition for the declared primary key, else the rowid; texts as `describeValue` wrote them. null when nothing names a row, or it is not among `given`. */
export function whereKey(live: SourceTable, given: Readonly<Record<string, string | null>>): Where | null {
  const key = keyParts(live, given)
  if (key === null) return null
  const sql: string[] = []
  const values: SqliteValue[] = []
  for (const { expression, text } of key) {
    const candidates = candidatesOf(text)
    sql.push(`${expression} IN (${candidates.map(({ sql: one }) => one).join(', ')})`)
    values.push(...candidates.map(({ value }) => value))
  }
  return { sql: sql.join(' AND '), values }
}

function keyParts(
  live: SourceTable,
  given: Readonly<Record<string, string | null>>,
): { expression: string; text: string }[] | null {
  const declared = live.primaryKey.map((name) => ({ expression: ident(name), text: given[name] ?? null }))
  const parts = declared.length > 0 && declared.every(({ text }) => text !== null) ? declared : rowidPart(live, given)
  return parts.length === 0
    ? null
    : parts.flatMap(({ expression, text }) => (text === null ? [] : [{ expression, text }]))
}

function rowidPart(
  live: SourceTable,
  given: Readonly<Record<string, string | null>>,
): { expression: string; text: string | null }[] {
  const { parts, rowid } = rowKey(live)
  const [part] = parts
  const text = part === undefined ? null : (given[part.name] ?? null)
  return rowid && part !== undefined && text !== null ? [{ expression: part.sql, text }] : []
}

/** Every value whose text it may be. A column with an affinity makes one value of all of them; else more than one row may be found, and then none counts. */
function candidatesOf(text: string): { sql: string; value: SqliteValue }[] {
  const plain = { sql: '?', value: text }
  const hex = /^\\x((?:[0-9a-f]{2})*)$/.exec(text)?.[1]
  if (hex !== undefined) {
    const value = Uint8Array.from(Buffer.from(hex, 'hex'))
    return [
      { sql: '?', value },
      { sql: 'CAST(? AS TEXT)', value },
    ]
  }
  if (/^-?\d{1,19}$/.test(text)) {
    const value = BigInt(text)
    return BigInt.asIntN(64, value) === value ? [{ sql: '?', value }, plain] : [plain]
  }
  return /^-?\d+(\.\d+)?(e[-+]?\d+)?$/.test(text) ? [{ sql: '?', value: Number(text) }, plain] : [plain]
}
