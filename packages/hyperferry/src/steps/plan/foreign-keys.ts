/** Foreign keys that the target can hold. The others are named; their values are copied all the same. */
import { finding } from '../../source/finding-codes.ts'
import type { FindingCode } from '../../source/finding-codes.ts'
import type { PlannedForeignKey, PlannedTable, SourceForeignKey } from '../../model.ts'
import { parsePgType } from '../../values/pgtype.ts'
import type { DraftTarget, Report, TableDraft } from './draft-types.ts'
import { findTable, targetNames } from './lookup.ts'
import type { Namespace } from './names.ts'

export interface ForeignKeyContext {
  drafts: readonly TableDraft[]
  target: DraftTarget
  /** Namespace of the table's constraints. */
  constraints: Namespace
}

/** Sets `foreignKeys` of the draft; keys and types of all drafts must be final. */
export function draftForeignKeys(draft: TableDraft, context: ForeignKeyContext, report: Report): void {
  for (const key of draft.source.foreignKeys) {
    const made = draftForeignKey(draft, key, context)
    if ('why' in made) {
      const message = `foreign key ${key.name} of ${draft.source.name} to ${key.references.table}: ${made.why}`
      report(finding(made.code, { table: draft.source.name, message }))
    } else {
      draft.planned.foreignKeys.push({ ...made, name: context.constraints.take(made.name) })
    }
  }
}

type LeftOut = { code: FindingCode; why: string }

function draftForeignKey(
  draft: TableDraft,
  key: SourceForeignKey,
  { drafts, target }: ForeignKeyContext,
): PlannedForeignKey | LeftOut {
  const no = (why: string, code: FindingCode = 'HF-P305'): LeftOut => ({ code, why })
  const other = findTable(drafts, key.references.table)
  if (!other) return no('that table is not in the plan')
  const { planned } = draft
  const columns = targetNames(planned, key.columns)
  const sources = key.references.columns.length > 0 ? key.references.columns : other.source.primaryKey
  const targets = targetNames(other.planned, sources)
  if (columns === null || targets === null || columns.length !== targets.length || columns.length === 0) {
    return no('its columns do not exist')
  }
  const [fromSeries, toSeries] = [isHypertable(planned), isHypertable(other.planned)]
  if (fromSeries && toSeries) return no('both are hypertables', 'HF-P303')
  if (toSeries && !target.foreignKeyToHypertable) return no('the target cannot refer to a hypertable', 'HF-P304')
  if (!other.planned.keys.some(({ columns: unique }) => sameSet(unique, targets))) {
    return no(`(${targets.join(', ')}) is no key there${toSeries ? ', since the time column was added to it' : ''}`)
  }
  for (const [i, name] of columns.entries()) {
    const [from, to] = [typeOf(planned, name), typeOf(other.planned, targets[i] ?? '')]
    if (from !== to) return no(`${name} is ${from}, and ${targets[i] ?? ''} is ${to}`)
  }
  return {
    name: key.name === '' ? `${planned.name}_${columns.join('_')}_fkey` : key.name,
    columns,
    references: { table: other.planned.name, columns: targets },
    onDelete: key.onDelete,
    onUpdate: key.onUpdate,
  }
}

function isHypertable(table: PlannedTable): boolean {
  return table.kind === 'timeseries' && table.chunkInterval !== null
}

function typeOf(table: PlannedTable, name: string): string {
  return parsePgType(table.columns.find((column) => column.name === name)?.type ?? 'text').text
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item) => b.includes(item))
}
