/** The books of `copy --defer-indexes`: what an import has taken off its table and owes it. See docs/design/0011. */
import { HyperferryError } from '../errors.ts'
import type { Session } from '../target/connect.ts'
import type { PlainIndex } from '../target/plain-indexes.ts'
import { hasControlTable } from './install.ts'

export interface OwedIndex extends PlainIndex {
  id: number
  importId: number
  importName: string
}

interface Table {
  schema: string
  table: string
}

/**
 * Must be in the transaction that drops the index. Says no, and changes nothing, when an index of that name is owed to another table, or another one to this: what is noted
 * is never written over.
 */
export async function oweIndex(
  session: Session,
  importId: number,
  { target, index }: { target: string; index: PlainIndex },
): Promise<boolean> {
  const { rowCount } = await session.query(
    `insert into hyperferry.import_index as x (import_id, table_oid, index_schema, index_name, definition, tablespace, comment)
     values ($1, $2::regclass, $3, $4, $5, $6, $7)
     on conflict (index_schema, index_name) do update set import_id = excluded.import_id
       where x.table_oid = excluded.table_oid and x.definition = excluded.definition
         and x.tablespace is not distinct from excluded.tablespace and x.comment is not distinct from excluded.comment`,
    [importId, target, index.schema, index.name, index.definition, index.tablespace, index.comment],
  )
  return rowCount === 1
}

/** What the table is owed, by whatever import, in the order in which it is to be made. */
export async function indexesOwedTo(session: Session, { schema, table }: Table): Promise<OwedIndex[]> {
  const { rows } = await session.query<OwedIndex>(
    `select x.id, x.index_schema as schema, x.index_name as name, x.definition, x.tablespace, x.comment, i.id as "importId", i.name as "importName"
     from hyperferry.import_index x join hyperferry.import i on i.id = x.import_id
     where i.target_schema = $1 and i.target = $2 order by x.id`,
    [schema, table],
  )
  return rows
}

/** Whether there can be any: an older control schema has no such books, and a target that nothing was copied into has none at all. */
export function hasIndexBooks(session: Session): Promise<boolean> {
  return hasControlTable(session, 'import_index')
}

/** Names of all indexes that are owed, to any table. Without books none is. */
export async function indexesOwedAtAll(session: Session): Promise<string[]> {
  if (!(await hasIndexBooks(session))) return []
  const { rows } = await session.query<{ name: string }>(
    `select format('%I.%I', index_schema, index_name) as name from hyperferry.import_index order by id`,
  )
  return rows.map(({ name }) => name)
}

/** Takes over what an import owes, from another one. */
export async function takeOverIndexes(session: Session, from: number, to: number): Promise<void> {
  await session.query('update hyperferry.import_index set import_id = $2 where import_id = $1', [from, to])
}

/**
 * Within the transaction that makes the index, before it: nobody else makes it meanwhile. Says whether it is still owed. Throws HF-S010 when the table it was taken off has
 * another name now.
 */
export async function claimIndex(session: Session, { id, name }: OwedIndex): Promise<boolean> {
  const { rows } = await session.query<{ was: string; is: string | null }>(
    `delete from hyperferry.import_index x using hyperferry.import i where x.id = $1 and i.id = x.import_id
     returning format('%I.%I', i.target_schema, i.target) as was,
       (select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = x.table_oid) as is`,
    [id],
  )
  const [found] = rows
  if (found === undefined) return false
  if (found.is !== null && found.is !== found.was) {
    throw new HyperferryError('HF-S010', {
      what: `index ${name} was taken off ${found.was}, which is called ${found.is} now`,
      hint: 'Make it there by hand (select definition from hyperferry.import_index), then delete its row from that table.',
    })
  }
  return true
}
