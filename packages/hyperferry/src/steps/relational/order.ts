/** The order of copying relational tables. */
import type { PlannedTable } from '../../model.ts'

/** Referenced tables before those that reference them; within a circle, and where nothing else decides, the plan's order. */
export function parentsFirst(tables: readonly PlannedTable[]): PlannedTable[] {
  const byName = new Map(tables.map((table) => [table.name, table]))
  const ordered = new Set<PlannedTable>()
  const underWay = new Set<PlannedTable>()
  const visit = (table: PlannedTable): void => {
    if (ordered.has(table) || underWay.has(table)) return
    underWay.add(table)
    for (const { references } of table.foreignKeys) {
      const parent = byName.get(references.table)
      if (parent !== undefined) visit(parent)
    }
    ordered.add(table)
  }
  tables.forEach(visit)
  return [...ordered]
}
