/** Whether a plan was made for this source, and what differs first if not. */
import { fingerprint } from './config/plan-file.ts'
import { HyperferryError } from './errors.ts'
import { leftOut } from './left-out.ts'
import type { Plan, SourceTable } from './model.ts'
import type { Source } from './source/source.ts'
import { tableWork } from './work/table-work.ts'

/**
 * Throws HF-P021 unless the source has the definitions the plan was made from. Tables or columns that a person took out of the plan are no
 * difference: the fingerprint is that of the source, not of the plan. Then HF-P022 and HF-P023 for conversions and rules that cannot be.
 * Answers what is not in the plan, so that it can be told.
 */
export async function mustFit(plan: Plan, source: Source): Promise<{ leftOut: string[] }> {
  const { tables } = await source.inventory()
  const covered = tables.filter((table) => !plan.exclude.includes(table.name))
  if (fingerprint(covered) !== plan.source.fingerprint) {
    throw new HyperferryError('HF-P021', {
      what: `the plan was made for another database, or ${source.info.database} has changed since: ${firstDifference(plan, covered)}`,
    })
  }
  // Compiled here only to fail before anything is made.
  for (const table of plan.tables) tableWork(plan.target.schema, table, 0, source.reader(table))
  return { leftOut: leftOut(plan, tables) }
}

function firstDifference(plan: Plan, tables: readonly SourceTable[]): string {
  const live = new Map(tables.map((table) => [table.name, table]))
  for (const planned of plan.tables) {
    const table = live.get(planned.source)
    if (!table) return `table ${planned.source} is missing`
    const types = new Map(table.columns.map((column) => [column.name, column.type]))
    for (const column of planned.columns) {
      const type = types.get(column.source)
      if (type === undefined) return `column ${planned.source}.${column.source} is missing`
      if (type !== column.sourceType)
        return `${planned.source}.${column.source} is ${type} instead of ${column.sourceType}`
    }
    const known = new Set(planned.columns.map((column) => column.source))
    const added = table.columns.find((column) => !known.has(column.name))
    if (added) return `column ${planned.source}.${added.name} is not in the plan`
  }
  const known = new Set(plan.tables.map((table) => table.source))
  const added = tables.find((table) => !known.has(table.name))
  if (added) return `table ${added.name} is not in the plan (name it under exclude to leave it out)`
  return 'keys or nullability differ'
}
