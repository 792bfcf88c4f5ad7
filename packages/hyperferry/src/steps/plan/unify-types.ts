/** One type for all columns that foreign keys bind together, however long the chain: PostgreSQL compares them for ever. */
import { finding } from '../../source/finding-codes.ts'
import type { PlannedColumn, SourceForeignKey } from '../../model.ts'
import type { Report, TableDraft } from './draft-types.ts'
import { joinTypes, keyType } from './type-join.ts'
import { findColumn, findTable } from './lookup.ts'

/** Changes the types of the drafts' columns in place. Columns without a common type keep theirs; their foreign key is left out later. */
export function unifyTypes(drafts: readonly TableDraft[], report: Report): void {
  for (const draft of drafts) {
    const unique = draft.source.indexes.filter((index) => index.unique).flatMap(({ parts }) => parts)
    for (const name of [...draft.source.primaryKey, ...unique.map(({ column }) => column ?? '')]) plainKey(draft, name)
  }
  const members = new Map<PlannedColumn, { draft: TableDraft; column: PlannedColumn }>()
  const links: [PlannedColumn, PlannedColumn][] = []
  for (const draft of drafts) {
    for (const key of draft.source.foreignKeys) {
      for (const [from, to] of pairs(draft, key, drafts)) {
        members.set(from.column, from)
        members.set(to.column, to)
        links.push([from.column, to.column])
      }
    }
  }
  for (const group of groups([...members.keys()], links)) {
    const type = group
      .map((column) => keyType(column.type))
      .reduce<string | null>((a, b) => (a === null ? null : joinTypes(a, b)), keyType(group[0]?.type ?? 'text'))
    if (type === null) continue
    for (const column of group) {
      const member = members.get(column)
      if (member) retype(member.draft, column, type, report)
    }
  }
}

function plainKey({ planned }: TableDraft, source: string): void {
  const column = planned.columns.find((candidate) => candidate.source === source)
  if (column) setType(column, keyType(column.type))
}

function retype({ source, planned }: TableDraft, column: PlannedColumn, type: string, report: Report): void {
  if (column.type === type) return
  report(
    finding('HF-P307', {
      table: source.name,
      column: column.source,
      message: `${planned.name}.${column.name} is ${type} instead of ${column.type}, as the other end of its foreign key`,
    }),
  )
  setType(column, type)
}

function setType(column: PlannedColumn, type: string): void {
  if (column.type === 'boolean' && type !== 'boolean') {
    column.default = column.default === 'true' ? '1' : column.default === 'false' ? '0' : column.default
  }
  column.type = type
}

type Member = { draft: TableDraft; column: PlannedColumn }

function* pairs(draft: TableDraft, key: SourceForeignKey, drafts: readonly TableDraft[]): Generator<[Member, Member]> {
  const other = findTable(drafts, key.references.table)
  if (!other) return
  const targets = key.references.columns.length > 0 ? key.references.columns : other.source.primaryKey
  for (const [i, name] of key.columns.entries()) {
    const from = findColumn(draft.planned, name)
    const to = findColumn(other.planned, targets[i])
    if (from && to && from !== to)
      yield [
        { draft, column: from },
        { draft: other, column: to },
      ]
  }
}

/** Connected groups of the links. */
function groups<T>(items: readonly T[], links: readonly (readonly [T, T])[]): T[][] {
  const leader = new Map(items.map((item) => [item, item]))
  const find = (item: T): T => {
    const above = leader.get(item) ?? item
    return above === item ? item : find(above)
  }
  for (const [a, b] of links) leader.set(find(a), find(b))
  const grouped = new Map<T, T[]>()
  for (const item of items) grouped.set(find(item), [...(grouped.get(find(item)) ?? []), item])
  return [...grouped.values()]
}
