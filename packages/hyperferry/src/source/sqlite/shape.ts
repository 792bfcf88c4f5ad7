/** How the rows of a table are addressed: the key that finds one row, and the axis that splits the table. */
import type { SourceTable } from '../../model.ts'
import { ident, sameName } from './names.ts'

/** SQL for the rowid that no column hides, or null when all three names are taken by columns. */
export function hiddenRowid(columns: readonly string[]): string | null {
  return ['rowid', '_rowid_', 'oid'].find((name) => !columns.some((column) => sameName(column, name))) ?? null
}

/** The INTEGER PRIMARY KEY column, which is the rowid under another name, or null. */
export function rowidAlias(table: SourceTable): string | null {
  return table.columns.find((column) => column.autoIncrement)?.name ?? null
}

export function isWithoutRowid(table: SourceTable): boolean {
  return table.storage.startsWith('without rowid')
}

/** SQL expressions that together name one row. */
export interface RowKey {
  /** Name to show, SQL to select; for a WITHOUT ROWID table its primary key. Empty when nothing names a row. */
  parts: { name: string; sql: string }[]
  rowid: boolean
}

export function rowKey(table: SourceTable): RowKey {
  if (isWithoutRowid(table)) {
    return { parts: table.primaryKey.map((name) => ({ name, sql: ident(name) })), rowid: false }
  }
  const alias = rowidAlias(table)
  if (alias !== null) return { parts: [{ name: alias, sql: ident(alias) }], rowid: true }
  const hidden = hiddenRowid(table.columns.map((column) => column.name))
  return { parts: hidden === null ? [] : [{ name: 'rowid', sql: hidden }], rowid: true }
}

/** Column by which the table can be split without a time column; null when there is none. */
export function keyAxis(table: SourceTable): { column: string } | null {
  if (isWithoutRowid(table)) {
    const leading = table.columns.find((column) => column.name === table.primaryKey[0])
    return leading && /int/.test(leading.type) ? { column: leading.name } : null
  }
  const alias = rowidAlias(table)
  if (alias !== null) return { column: alias }
  // A column named rowid that is not the rowid would be taken for it by every reader of the plan.
  const shadowed = table.columns.some((column) => sameName(column.name, 'rowid'))
  return shadowed ? null : { column: 'rowid' }
}
