/** A relational table whose rows of the source wait in a stage, to be compared with what stands in the target. */
import type { PlannedTable } from '../model.ts'
import type { Job } from './careful.ts'

export interface StagedTable {
  job: Job
  /** Rows of the spool. */
  total: number
}

/** The columns by which a row of the source finds its row in the target; null when rows cannot be told apart. */
export function keyOf(table: PlannedTable): readonly string[] | null {
  const usable = new Set(
    table.columns.filter(({ nullable, generated }) => !nullable && generated === null).map(({ name }) => name),
  )
  const fit = table.keys.filter(({ columns }) => columns.length > 0 && columns.every((name) => usable.has(name)))
  return (fit.find(({ primary }) => primary) ?? fit[0])?.columns ?? null
}
