/** Values that a person gives for a row. */
import { HyperferryError } from '../../errors.ts'
import type { PlannedColumn, PlannedTable } from '../../model.ts'

/** Column names as a person writes them (source or target), values as text that PostgreSQL reads; null is NULL. */
export interface Fix {
  id: string
  set: Readonly<Record<string, string | null>>
}

export interface GivenValue {
  column: PlannedColumn
  text: string | null
}

/** By target name. Throws HF-Q002 for a name that is no copied column, or that is one twice. */
export function columnsGiven(table: PlannedTable, set: Fix['set']): Map<string, GivenValue> {
  const copied = table.columns.filter((column) => column.generated === null)
  const given = new Map<string, GivenValue>()
  for (const [name, text] of Object.entries(set)) {
    // The quarantine shows the source's names, so they come first.
    const column = copied.find((one) => one.source === name) ?? copied.find((one) => one.name === name)
    if (column === undefined || given.has(column.name)) {
      throw new HyperferryError('HF-Q002', {
        what: `${table.source}: ${column === undefined ? `no column "${name}" that is copied` : `column ${column.source} is given twice`}`,
        hint: `The columns are: ${copied.map(({ source }) => source).join(', ')}.`,
      })
    }
    given.set(column.name, { column, text })
  }
  return given
}
