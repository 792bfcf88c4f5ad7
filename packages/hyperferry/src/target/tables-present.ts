/** Whether the tables of a plan were made. */
import type { PlannedTable } from '../model.ts'
import type { Target } from './connect.ts'

/** The planned tables that are not in the target, by target name. */
export async function missingTables(
  target: Target,
  schema: string,
  tables: readonly PlannedTable[],
): Promise<string[]> {
  const { rows } = await target.query<{ name: string }>(
    `select wanted.name from unnest($2::text[]) as wanted(name)
     where not exists (
       select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       where n.nspname = $1 and c.relname = wanted.name and c.relkind in ('r', 'p'))`,
    [schema, tables.map((table) => table.name)],
  )
  return rows.map((row) => row.name)
}
