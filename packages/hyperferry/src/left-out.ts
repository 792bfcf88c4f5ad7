/** Tables and columns of the source that the plan does not carry: taken out by a person, or named under `exclude`. */
import type { Plan, SourceTable } from './model.ts'

/** Names as `table` and `table.column`, in the order of the source; empty when everything moves. */
export function leftOut(plan: Plan, tables: readonly SourceTable[]): string[] {
  const planned = new Map(plan.tables.map((table) => [table.source, table]))
  return tables.flatMap((table) => {
    const carried = planned.get(table.name)
    if (!carried) return [table.name]
    const columns = new Set(carried.columns.map((column) => column.source))
    return table.columns.filter((column) => !columns.has(column.name)).map((column) => `${table.name}.${column.name}`)
  })
}
