/** The exact bytes of one row, read again when a string may not hold them. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { SourceTable } from '../../model.ts'
import { describeBytes } from '../../values/text.ts'
import { ident } from './names.ts'
import { prepare } from './open.ts'
import type { SqliteRow, SqliteValue } from './value.ts'
import type { RowKey } from './shape.ts'
import { ExactText } from './value.ts'
import { utf8FromUtf16 } from './utf8.ts'

export type Encoding = 'UTF-8' | 'UTF-16le' | 'UTF-16be'

/**
 * Whether a string may differ from what is stored. Reading decodes UTF-8 and puts U+FFFD in place of every invalid byte; from UTF-16 SQLite
 * makes a pair of a lone surrogate and whatever follows, or an invalid byte sequence: so both a surrogate and U+FFFD are suspect there.
 */
export function suspicion(encoding: Encoding): (text: string) => boolean {
  if (encoding === 'UTF-8') return (text) => text.includes('\uFFFD')
  const pattern = /[\uD800-\uDFFF\uFFFD]/
  return (text) => pattern.test(text)
}

export interface ExactReader {
  /** Values of the row in the order of `columns`, each TEXT as ExactText; null when the row cannot be found again. */
  values(key: readonly SqliteValue[]): (SqliteValue | ExactText)[] | null
}

/** SQL that gives a column without any decoding: its class, and its value with TEXT as bytes. */
export function exactSql(column: string): string {
  return `typeof(${column}), CASE typeof(${column}) WHEN 'text' THEN CAST(${column} AS BLOB) ELSE ${column} END`
}

/** From the two values of `exactSql`. */
export function exactValue(
  kind: SqliteValue | undefined,
  value: SqliteValue | undefined,
  encoding: Encoding,
): SqliteValue | ExactText {
  if (value === undefined) return null
  if (kind !== 'text') return value
  const bytes = value instanceof Uint8Array ? value : new Uint8Array()
  return new ExactText(encoding === 'UTF-8' ? bytes : utf8FromUtf16(bytes, encoding === 'UTF-16be'))
}

export interface ExactContext {
  table: SourceTable
  columns: readonly string[]
  key: RowKey
  encoding: Encoding
}

/** `key` of `values` is what `keySql` selected. The statement runs in the transaction of the caller. */
export function exactReader(database: DatabaseSync, { table, columns, key, encoding }: ExactContext): ExactReader {
  let statement: StatementSync | null = null
  return {
    values(keyValues) {
      if (key.parts.length === 0) return null
      if (statement === null) {
        const list = columns.map((column) => exactSql(ident(column))).join(', ')
        const where = key.rowid
          ? `${key.parts[0]?.sql} = ?`
          : key.parts.map((part) => `${part.sql} IS CASE ? WHEN 'text' THEN CAST(? AS TEXT) ELSE ? END`).join(' AND ')
        statement = prepare(database, `SELECT ${list} FROM main.${ident(table.name)} WHERE ${where}`)
      }
      const parameters = key.rowid ? keyValues : pairs(keyValues)
      const row = statement.get(...parameters) as unknown as SqliteRow | undefined
      return row ? columns.map((_, i) => exactValue(row[i * 2], row[i * 2 + 1], encoding)) : null
    },
  }
}

/** What to select before the columns so that the row can be found again; a text key as exact bytes. */
export function keySql(key: RowKey): string[] {
  return key.rowid ? key.parts.map((part) => part.sql) : key.parts.map((part) => exactSql(part.sql))
}

/** Any value as text for a report: bytes as `\x…`, a real so that it is told from an integer. */
export function describeValue(value: SqliteValue | ExactText): string | null {
  if (value === null || typeof value === 'string') return value
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'number')
    return Object.is(value, -0)
      ? '-0.0'
      : Number.isInteger(value) && Math.abs(value) < 1e21
        ? `${value}.0`
        : String(value)
  if (value instanceof ExactText) return describeBytes(value.bytes)
  return `\\x${Buffer.from(value.buffer, value.byteOffset, value.length).toString('hex')}`
}

function pairs(keyValues: readonly SqliteValue[]): SqliteValue[] {
  const parameters: SqliteValue[] = []
  for (let i = 0; i < keyValues.length; i += 2) {
    const kind = keyValues[i] ?? null
    const value = keyValues[i + 1] ?? null
    parameters.push(kind, value, value)
  }
  return parameters
}
