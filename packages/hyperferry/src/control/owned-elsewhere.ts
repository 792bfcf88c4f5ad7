/** Two migrations never fill one table: the receipts of each would stand for rows that the other may have changed. */
import { HyperferryError } from '../errors.ts'
import type { Session } from '../target/connect.ts'

/**
 * Throws HF-B023 when a table of the migration (`migrationId` null: not begun) was registered by another one before. The control schema must exist.
 */
export async function refuseTablesOfOthers(
  session: Session,
  migrationId: number | null,
  tables: { schema: string; names: readonly string[] },
): Promise<void> {
  const { rows } = await session.query<{ table: string; migration: string }>(
    `select t.target as table, m.name as migration
     from hyperferry.migrated_table t join hyperferry.migration m on m.id = t.migration_id
     where t.target_schema = $1 and t.target = any ($2::text[]) and m.id is distinct from $3::int
       and not exists (select from hyperferry.migrated_table own where own.migration_id = $3::int
         and own.target_schema = t.target_schema and own.target = t.target and own.id < t.id)
     order by t.id limit 1`,
    [tables.schema, tables.names, migrationId],
  )
  const [first] = rows
  if (first === undefined) return
  throw new HyperferryError('HF-B023', {
    what: `table "${tables.schema}"."${first.table}" belongs to migration "${first.migration}"`,
    details: { table: first.table, migration: first.migration },
  })
}
