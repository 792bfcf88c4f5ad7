/** Findings about the definition of a table, and the counts that need the data. */
import { counted } from '../count-text.ts'
import type { DatabaseSync } from 'node:sqlite'
import type { Finding, SourceForeignKey, SourceTable } from '../../model.ts'
import { finding } from '../finding-codes.ts'
import { ident, sameName } from './names.ts'
import { rowOf } from './open.ts'
import { rowidAlias } from './shape.ts'

/** `scan`: the table may be read once more to count exactly. */
export function tableFindings(database: DatabaseSync, table: SourceTable, scan: boolean): Finding[] {
  return [
    ...keyFindings(database, table, scan),
    ...columnFindings(table),
    ...indexFindings(table),
    ...orphans(database, table, scan),
  ]
}

function keyFindings(database: DatabaseSync, table: SourceTable, scan: boolean): Finding[] {
  const findings: Finding[] = []
  const unique = table.indexes.some((index) => index.unique && index.where === null)
  if (table.primaryKey.length === 0 && !unique) {
    findings.push(
      finding('HF-P110', { table: table.name, message: 'the table has no primary key and no unique index' }),
    )
  }
  const nullable = table.primaryKey.filter((name) =>
    table.columns.some((column) => column.name === name && column.nullable),
  )
  if (nullable.length === 0) return findings
  const where = nullable.map((name) => `${ident(name)} IS NULL`).join(' OR ')
  const value = scan
    ? Number(rowOf(database, `SELECT count(*) FROM main.${ident(table.name)} WHERE ${where}`)?.[0] ?? 0)
    : null
  if (value === 0) return findings
  const [column] = nullable
  const message =
    value === null
      ? `${nullable.join(', ')} may be NULL`
      : `${counted(value, 'rows', 'have')} NULL in the key (${nullable.join(', ')})`
  const count = value === null ? null : { value, exact: true }
  findings.push(finding('HF-P114', { table: table.name, column: column ?? null, count, message }))
  return findings
}

function columnFindings(table: SourceTable): Finding[] {
  const findings: Finding[] = []
  for (const { name, collation, generated } of table.columns) {
    const where = { table: table.name, column: name }
    if (collation === 'NOCASE' || collation === 'RTRIM') {
      const what = collation === 'NOCASE' ? 'the case of ASCII letters' : 'trailing spaces'
      const inUnique =
        table.primaryKey.includes(name) ||
        table.indexes.some((i) => i.unique && i.parts.some((part) => part.column === name))
      findings.push(
        finding(inUnique ? 'HF-P112' : 'HF-P113', { ...where, message: `COLLATE ${collation} ignores ${what}` }),
      )
    } else if (collation !== null && collation !== 'BINARY') {
      findings.push(finding('HF-P113', { ...where, message: `collation ${collation} belongs to the application` }))
    }
    if (generated)
      findings.push(
        finding('HF-P130', {
          ...where,
          message: `${generated.stored ? 'stored' : 'virtual'}: ${generated.expression}`,
        }),
      )
  }
  return findings
}

function indexFindings(table: SourceTable): Finding[] {
  return table.indexes.flatMap((index) =>
    index.parts
      .filter((part) => part.expression !== null)
      .map((part) => finding('HF-P119', { table: table.name, message: `index ${index.name}: ${part.expression}` })),
  )
}

/** SQLite checks foreign keys only when each connection asks for it. */
function orphans(database: DatabaseSync, table: SourceTable, scan: boolean): Finding[] {
  const findings: Finding[] = []
  for (const key of table.foreignKeys) {
    const [column = null] = key.columns
    const parent = rowOf(
      database,
      "SELECT name FROM pragma_table_list WHERE schema = 'main' AND lower(name) = lower(?)",
      key.references.table,
    )
    if (!parent || key.references.columns.length !== key.columns.length) {
      const message = parent
        ? `${key.references.table} has no such key`
        : `the parent table ${key.references.table} does not exist`
      findings.push(finding('HF-P141', { table: table.name, column, message, severity: 'warn' }))
      continue
    }
    if (!scan) continue
    const value = countOrphans(database, table, key)
    if (value === 0) continue
    const message = `${counted(value, 'rows', 'name')} a row of ${key.references.table} that does not exist`
    findings.push(
      finding('HF-P141', { table: table.name, column, count: { value, exact: true }, message, severity: 'warn' }),
    )
  }
  return findings
}

function countOrphans(database: DatabaseSync, table: SourceTable, key: SourceForeignKey): number {
  const pairs = key.columns.map((column, i) => `p.${ident(key.references.columns[i] ?? '')} = c.${ident(column)}`)
  const given = key.columns.map((column) => `c.${ident(column)} IS NOT NULL`)
  const sql = `SELECT count(*) FROM main.${ident(table.name)} AS c WHERE ${given.join(' AND ')}
    AND NOT EXISTS (SELECT 1 FROM main.${ident(key.references.table)} AS p WHERE ${pairs.join(' AND ')})`
  return Number(rowOf(database, sql)?.[0] ?? 0)
}

/** Whether a column is part of a key or a unique index. */
export function isKeyed(table: SourceTable, name: string): boolean {
  if (rowidAlias(table) === name) return true
  return (
    table.primaryKey.some((column) => sameName(column, name)) ||
    table.indexes.some((i) => i.unique && i.parts.some((part) => part.column === name))
  )
}
