/** Primary and unique keys. In a hypertable each must hold the time column. */
import { defaultKeyName } from '../../config/plan-shape.ts'
import { finding } from '../../source/finding-codes.ts'
import type { PlannedKey, PlannedTable, SourceIndex } from '../../model.ts'
import type { Report, TableDraft } from './draft-types.ts'
import { MAX_ENTRY_BYTES, maxBytes } from './entry-size.ts'
import { targetNames } from './lookup.ts'
import { indexName } from './names.ts'
import type { Namespace } from './names.ts'

/** Sets `keys` and `mode` of the draft. `relations` is the namespace of tables, keys and indexes. */
export function draftKeys(draft: TableDraft, relations: Namespace, report: Report): void {
  const { source, planned } = draft
  const primary = primaryKey(draft, relations, report)
  const unique = source.indexes.filter(isPlainUnique).flatMap((index) => uniqueKey(draft, index, relations, report))
  const keys = primary === null ? unique : [primary, ...unique]
  planned.keys = keys.filter(
    (key, i) => keys.findIndex((other) => other.columns.join('\0') === key.columns.join('\0')) === i,
  )
  for (const key of planned.keys) reportSize(draft, key, report)
  if (planned.keys.length === 0) {
    report(finding('HF-P110', { table: source.name, message: `${source.name} has no key` }))
  }
  planned.mode = planned.keys.some((key) => key.columns.every((name) => !isNullable(planned, name)))
    ? 'merge'
    : 'replace'
}

function reportSize({ source, planned }: TableDraft, key: PlannedKey, report: Report): void {
  const columns = planned.columns.filter(({ name }) => key.columns.includes(name))
  const bytes = columns.reduce((sum, column) => sum + maxBytes(column), 0)
  // Without a declared bound nothing can be said.
  if (bytes <= MAX_ENTRY_BYTES || !Number.isFinite(bytes)) return
  report(
    finding('HF-P160', {
      table: source.name,
      message: `key ${key.name} may have entries of up to ${bytes} bytes`,
      action: 'The key is proposed; a longer value is refused. Alternative: leave the key out of the plan.',
    }),
  )
}

/** A unique index that can be a constraint: columns only, whole, of all rows. */
export function isPlainUnique(index: SourceIndex): boolean {
  return (
    index.unique &&
    index.where === null &&
    index.parts.every(({ column, prefix }) => column !== null && prefix === null)
  )
}

function primaryKey(draft: TableDraft, relations: Namespace, report: Report): PlannedKey | null {
  const { source, planned } = draft
  const columns = targetNames(planned, source.primaryKey)
  if (columns === null || columns.length === 0) return null
  const withTime = withTimeColumn(draft, columns, 'the primary key', report)
  const nullable = nullableInData(draft, columns)
  if (nullable.length === 0) {
    // What is declared nullable but never is (SQLite) can be NOT NULL; a NULL met later goes to quarantine.
    for (const column of planned.columns) if (withTime.includes(column.name)) column.nullable = false
    return { name: relations.take(defaultKeyName(planned.name)), columns: withTime, primary: true }
  }
  report(
    finding('HF-P114', {
      table: source.name,
      column: source.primaryKey[columns.indexOf(nullable[0] ?? '')] ?? null,
      message: `${nullable.join(', ')} in the primary key of ${source.name} holds NULL`,
      action:
        'A unique key is proposed instead: NULLs stay distinct, as in the source. Alternative: a primary key; rows with NULL then go to quarantine.',
    }),
  )
  return { name: relations.take(indexName(planned.name, '', columns, 'key')), columns: withTime, primary: false }
}

function uniqueKey(draft: TableDraft, index: SourceIndex, relations: Namespace, report: Report): PlannedKey[] {
  const { planned } = draft
  const columns = targetNames(
    planned,
    index.parts.map(({ column }) => column ?? ''),
  )
  if (columns === null || new Set(columns).size < columns.length) return []
  const withTime = withTimeColumn(draft, columns, `unique key ${index.name}`, report)
  return [
    { name: relations.take(indexName(planned.name, index.name, columns, 'key')), columns: withTime, primary: false },
  ]
}

function withTimeColumn({ source, planned }: TableDraft, columns: string[], what: string, report: Report): string[] {
  // Without chunks the table is an ordinary one.
  if (planned.time === null || planned.chunkInterval === null || columns.includes(planned.time.column)) return columns
  const wider = [...columns, planned.time.column]
  report(
    finding('HF-P302', {
      table: source.name,
      message: `${what} of ${source.name} is (${wider.join(', ')}) instead of (${columns.join(', ')})`,
      action:
        'The time column was added: uniqueness is weaker than in the source. Alternative: kind: relational with the key as it was, without time, chunkInterval and notNull of the time column.',
    }),
  )
  return wider
}

/** Of a primary key's columns, those that are declared nullable in the source or hold NULL, and do hold NULL. */
function nullableInData({ assessment, planned }: TableDraft, columns: readonly string[]): string[] {
  const holds = new Set(assessment.columns.filter(({ hasNulls }) => hasNulls).map(({ column }) => column))
  return columns.filter((name) => {
    const column = planned.columns.find((candidate) => candidate.name === name)
    return column !== undefined && holds.has(column.source) && name !== planned.time?.column
  })
}

function isNullable(table: PlannedTable, name: string): boolean {
  return table.columns.find((column) => column.name === name)?.nullable ?? true
}
