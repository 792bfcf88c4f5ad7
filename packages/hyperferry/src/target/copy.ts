/** The COPY statements of the row path. Columns are always named: the order of the plan is the order on the wire. */
import type { PlannedTable } from '../model.ts'
import { identList, qualified } from './sql.ts'

/** `columns` are target names in plan order, without generated ones. */
export function copySql(schema: string, table: string, columns: readonly string[]): string {
  return `copy ${qualified(schema, table)} (${identList(columns)}) from stdin (format binary)`
}

/** The same from CSV text. The names in its first line must be the columns'. `table` is quoted already. */
export function csvCopySql(table: string, columns: readonly { name: string }[]): string {
  const names = identList(columns.map(({ name }) => name))
  return `copy ${table} (${names}) from stdin (format csv, header match, encoding 'UTF8')`
}

/**
 * Binary COPY of the rows of a table in the column order of the loader. `where` is SQL of a condition, or null for all rows.
 * A query, not the table: COPY of a hypertable's name gives no rows.
 */
export function selectForDigest(schema: string, table: PlannedTable, where: string | null): string {
  const condition = where === null ? '' : ` where ${where}`
  const columns = identList(copiedColumns(table))
  return `copy (select ${columns} from ${qualified(schema, table.name)}${condition}) to stdout (format binary)`
}

/** Target names of the columns that are copied, in plan order: all but the generated ones. */
export function copiedColumns(table: PlannedTable): string[] {
  return table.columns.filter((column) => column.generated === null).map((column) => column.name)
}
