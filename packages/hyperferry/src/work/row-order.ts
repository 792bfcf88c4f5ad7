/** Whether the tool itself can put rows into the order of a table's columnstore, so that the server need not doubt it. */
import { readColumnstore } from '../target/catalog.ts'
import type { Session } from '../target/connect.ts'
import type { TableWork } from './table-work.ts'

/** Types whose values are equal exactly if their bytes are. A numeric of 1.0 and one of 1.00 are one segment, and would be taken for two. */
const SAME_BYTES = new Set(['bool', 'int2', 'int4', 'int8', 'date', 'uuid', 'text', 'varchar'])

/**
 * The direction of time when the columnstore orders by the time alone, the tasks are ranges of that time, and segments can be told by their bytes; else null.
 * The server's settings are asked, not the plan's, and so are collations: one that is not deterministic calls different bytes equal.
 */
export async function rowOrder(session: Session, work: TableWork): Promise<'asc' | 'desc' | null> {
  const { table, schema, columns, types } = work
  const time = columns.find(({ name }) => name === table.time?.column)
  if (time === undefined || table.split !== 'time' || time.source !== table.axis) return null
  const settings = await readColumnstore(session, schema, table.name)
  const [first, ...more] = settings?.orderBy ?? []
  if (settings === null || first === undefined || more.length > 0 || first.column !== time.name) return null
  if (settings.segmentBy.join('\n') !== (table.columnstore?.segmentBy ?? []).join('\n')) return null
  const segments = settings.segmentBy.map((name) => types[columns.findIndex((column) => column.name === name)])
  if (!segments.every((type) => type !== undefined && SAME_BYTES.has(type.name))) return null
  const { rows } = await session.query<{ vague: boolean }>(
    `select exists (select from pg_attribute a join pg_collation c on c.oid = a.attcollation join pg_class t on t.oid = a.attrelid
       join pg_namespace n on n.oid = t.relnamespace
     where n.nspname = $1 and t.relname = $2 and a.attname = any ($3::text[]) and not c.collisdeterministic) as vague`,
    [schema, table.name, settings.segmentBy],
  )
  if (rows[0]?.vague !== false) return null
  return first.descending ? 'desc' : 'asc'
}
