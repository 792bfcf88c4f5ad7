/** Secondary indexes, as near to the source's as PostgreSQL has them. */
import { finding } from '../../source/finding-codes.ts'
import type { FindingCode } from '../../source/finding-codes.ts'
import type { PlannedColumn, PlannedIndex, SourceIndex } from '../../model.ts'
import type { Report, TableDraft } from './draft-types.ts'
import { translate } from './expression.ts'
import { isPlainUnique } from './keys.ts'
import { findColumn } from './lookup.ts'
import { MAX_ENTRY_BYTES, maxBytes } from './entry-size.ts'
import { indexName } from './names.ts'
import type { Namespace } from './names.ts'

/** Sets `indexes` of the draft; unique ones that are keys already are left to `keys`. */
export function draftIndexes(draft: TableDraft, relations: Namespace, report: Report): void {
  const { source, planned } = draft
  for (const index of source.indexes) {
    if (isPlainUnique(index)) continue
    const made = draftIndex(draft, index, report)
    if (made !== null) planned.indexes.push({ ...made, name: relations.take(made.name) })
    if (made !== null && made.name !== index.name) reportRename(draft, index, made.name, report)
  }
  addTimeIndex(draft, relations)
}

function draftIndex(draft: TableDraft, index: SourceIndex, report: Report): PlannedIndex | null {
  const { source, planned } = draft
  const leaveOut = (code: FindingCode, why: string, action?: string): null => {
    report(
      finding(code, {
        table: source.name,
        message: `index ${index.name} of ${source.name}: ${why}`,
        ...(action === undefined ? {} : { action }),
      }),
    )
    return null
  }
  if (index.kind === 'fulltext')
    return leaveOut('HF-P117', `full text on ${index.parts.map(({ column }) => column).join(', ')}`)
  if (index.kind === 'spatial') return leaveOut('HF-P118', 'spatial')
  const parts: { column: PlannedColumn; descending: boolean; prefix: number | null }[] = []
  for (const part of index.parts) {
    const column = part.column === null ? undefined : findColumn(planned, part.column)
    if (!column) return leaveOut('HF-P119', `expression ${part.expression ?? part.column ?? ''}`)
    if (column.type === 'json') return leaveOut('HF-P119', `type json of ${column.name} cannot be indexed`)
    parts.push({ column, descending: part.descending, prefix: part.prefix })
  }
  const where = index.where === null ? null : translate(index.where, expressionColumns(draft))
  if (index.where !== null && where === null) return leaveOut('HF-P119', `its predicate ${index.where}`)
  const bytes = parts.reduce((sum, { column }) => sum + maxBytes(column), 0)
  const prefixed = parts.some(({ prefix }) => prefix !== null)
  const names = parts.map(({ column }) => column.name)
  const unique = index.unique && !prefixed && holdsTime(draft, names)
  if (index.unique && !unique && !prefixed) {
    leaveOut(
      'HF-P302',
      'a unique index of a hypertable must hold its time column',
      'Carried as an index that is not unique.',
    )
  }
  const name = indexName(planned.name, index.name, names, 'idx')
  if (prefixed && bytes > MAX_ENTRY_BYTES) {
    if (parts.length > 1) return leaveOut('HF-P116', 'the whole values may be too long for an index', 'Not carried.')
    leaveOut(
      'HF-P116',
      'indexes only a prefix',
      `A hash index on the whole column is proposed, for searches by equality.${index.unique ? ' Uniqueness is not carried.' : ''}`,
    )
    return { name, unique: false, method: 'hash', parts: names, where }
  }
  if (prefixed) {
    leaveOut(
      'HF-P116',
      'indexes only a prefix',
      `An index on the whole column is proposed.${index.unique ? ' Uniqueness is not carried.' : ''}`,
    )
  } else if (bytes > MAX_ENTRY_BYTES && Number.isFinite(bytes)) {
    leaveOut('HF-P160', `its entries may have up to ${bytes} bytes`)
  }
  return {
    name,
    unique,
    method: 'btree',
    parts: parts.map(({ column, descending }) => (descending ? `${column.name} desc` : column.name)),
    where,
  }
}

function expressionColumns({
  source,
  planned,
}: TableDraft): { source: TableDraft['source']['columns'][number]; planned: PlannedColumn }[] {
  return source.columns.flatMap((column) => {
    const target = findColumn(planned, column.name)
    return target ? [{ source: column, planned: target }] : []
  })
}

function holdsTime({ planned }: TableDraft, names: readonly string[]): boolean {
  return planned.time === null || planned.chunkInterval === null || names.includes(planned.time.column)
}

/** The newest rows are what series are asked for; no key or index that begins with the time would answer that. */
function addTimeIndex({ planned }: TableDraft, relations: Namespace): void {
  if (planned.time === null) return
  const { column } = planned.time
  const leads = [
    ...planned.keys.map(({ columns }) => columns[0]),
    ...planned.indexes.map(({ parts }) => parts[0]?.replace(/ desc$/, '')),
  ]
  if (leads.includes(column)) return
  const name = relations.take(`${planned.name}_${column}_idx`)
  planned.indexes.push({ name, unique: false, method: 'btree', parts: [`${column} desc`], where: null })
}

function reportRename({ source }: TableDraft, index: SourceIndex, name: string, report: Report): void {
  if (index.name === '' || index.name.startsWith('sqlite_')) return
  report(finding('HF-P308', { table: source.name, message: `index ${index.name} is named ${name}` }))
}
