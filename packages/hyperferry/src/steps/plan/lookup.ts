/** Finding tables and columns by the names a source uses in its foreign keys: exactly, else without regard to case. */
import type { PlannedColumn, PlannedTable } from '../../model.ts'
import type { TableDraft } from './draft-types.ts'

export function findTable(drafts: readonly TableDraft[], source: string): TableDraft | undefined {
  return byName(drafts, (draft) => draft.source.name, source)
}

export function findColumn(table: PlannedTable, source: string | undefined): PlannedColumn | undefined {
  return source === undefined ? undefined : byName(table.columns, (column) => column.source, source)
}

/** Target names of source columns; null when one of them is not planned. */
export function targetNames(table: PlannedTable, sources: readonly string[]): string[] | null {
  const found = sources.map((source) => findColumn(table, source)?.name)
  return found.every((name) => name !== undefined) ? found : null
}

function byName<T>(items: readonly T[], nameOf: (item: T) => string, name: string): T | undefined {
  return (
    items.find((item) => nameOf(item) === name) ??
    items.find((item) => nameOf(item).toLowerCase() === name.toLowerCase())
  )
}
