/** Indexes that only make reading faster: taken off an empty table and made again, they are what they were. */
import { HyperferryError } from '../errors.ts'
import type { Session } from './session.ts'
import { ident, literal, qualified } from './sql.ts'

export interface PlainIndex {
  schema: string
  name: string
  /** CREATE INDEX, with qualified names. */
  definition: string
  /** null: that of the database. */
  tablespace: string | null
  comment: string | null
}

/**
 * Of an ordinary table or hypertable. Left out is what guards rows (unique, exclusion, replica identity) or is marked in ways that its definition does not tell
 * (clustered, statistics targets, members of extensions), and whatever something else depends on. Partitioned tables answer none.
 */
export async function plainIndexes(session: Session, table: string): Promise<PlainIndex[]> {
  const { rows } = await session.query<PlainIndex>(
    `select n.nspname as schema, c.relname as name, pg_get_indexdef(c.oid) as definition, t.spcname as tablespace,
       obj_description(c.oid, 'pg_class') as comment
     from pg_index i join pg_class r on r.oid = i.indrelid join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
     left join pg_tablespace t on t.oid = c.reltablespace
     where i.indrelid = $1::regclass and r.relkind = 'r' and not c.relispartition and i.indisvalid and i.indisready
       and not (i.indisunique or i.indisexclusion or i.indisclustered or i.indisreplident)
       and not exists (select from pg_attribute a where a.attrelid = c.oid and a.attstattarget >= 0)
       and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype in ('e', 'x', 'i'))
       and not exists (select from pg_depend d where d.refclassid = 'pg_class'::regclass and d.refobjid = c.oid)
     order by c.relname`,
    [table],
  )
  return rows
}

export function dropSql({ schema, name }: PlainIndex): string {
  return `drop index ${qualified(schema, name)}`
}

/** Makes it, or finds it made. Within a transaction. Throws HF-S010 when another one has its name, or it was begun and never became valid. */
export async function makeIndex(session: Session, index: PlainIndex): Promise<void> {
  const name = qualified(index.schema, index.name)
  const present = await lookAt(session, name)
  if (present?.definition === index.definition && present.usable) return
  if (present !== null) {
    throw new HyperferryError('HF-S010', {
      what: present.usable
        ? `${name} is there, but is another one: ${present.definition}`
        : `${name} is there, but is not valid`,
      hint: 'Drop or rename it.',
    })
  }
  await session.query(`set local default_tablespace to ${index.tablespace === null ? "''" : ident(index.tablespace)}`)
  // Functions in its expressions find their tables as they do for others.
  await session.query('set local search_path to default')
  await session.query(index.definition)
  await session.query('set local search_path to pg_catalog, pg_temp')
  if (index.comment !== null) await session.query(`comment on index ${name} is ${literal(index.comment)}`)
}

async function lookAt(session: Session, name: string): Promise<{ definition: string; usable: boolean } | null> {
  const { rows } = await session.query<{ definition: string; usable: boolean }>(
    `select coalesce(pg_get_indexdef(c.oid), 'no index') as definition, coalesce(i.indisvalid and i.indisready, true) as usable
     from pg_class c left join pg_index i on i.indexrelid = c.oid where c.oid = to_regclass($1)`,
    [name],
  )
  return rows[0] ?? null
}
