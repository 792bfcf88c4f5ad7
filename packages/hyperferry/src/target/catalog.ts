/** Reads tables back as the server sees them. Expressions come in the server's own rendering. */
import type { ReferentialAction } from '../model.ts'
import type { Session } from './session.ts'

export interface CatalogTable {
  oid: number
  schema: string
  name: string
  /** `r` table, `p` partitioned table, `v` view, … */
  relkind: string
  owner: string
  comment: string | null
  columns: CatalogColumn[]
  constraints: CatalogConstraint[]
  /** Indexes that do not belong to a constraint. */
  indexes: CatalogIndex[]
}

export interface CatalogColumn {
  name: string
  /** As format_type writes it. */
  type: string
  notNull: boolean
  default: string | null
  identity: boolean
  generated: string | null
  comment: string | null
}

export interface CatalogConstraint {
  name: string
  /** p primary key, u unique, c check, f foreign key. */
  type: 'p' | 'u' | 'c' | 'f'
  columns: string[]
  definition: string
  validated: boolean
  references: {
    schema: string
    table: string
    columns: string[]
    onDelete: ReferentialAction
    onUpdate: ReferentialAction
  } | null
}

interface CatalogIndex {
  name: string
  unique: boolean
  valid: boolean
  method: string
  /** Columns, expressions and options of all parts, and the predicate. */
  definition: string
}

/** The table of this name, whatever kind of relation it is; null when there is none. */
export async function readTable(session: Session, schema: string, name: string): Promise<CatalogTable | null> {
  const { rows } = await session.query<CatalogTable>(`${TABLE} where n.nspname = $1 and c.relname = $2`, [schema, name])
  return rows[0] ?? null
}

/** The temporary table of this session. */
export async function readTemporary(session: Session, name: string): Promise<CatalogTable | null> {
  const { rows } = await session.query<CatalogTable>(`${TABLE} where c.oid = to_regclass($1)`, [`pg_temp.${name}`])
  return rows[0] ?? null
}

const actions = `case %s when 'a' then 'no action' when 'r' then 'restrict' when 'c' then 'cascade' when 'n' then 'set null' else 'set default' end`

/** pg_get_expr and pg_get_indexdef leave out the table's own name, so that twins compare equal. */
const TABLE = `
select c.oid, n.nspname::text as schema, c.relname::text as name,
  c.relkind::text as relkind, pg_get_userbyid(c.relowner)::text as owner, obj_description(c.oid, 'pg_class') as comment,
  (select coalesce(json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
      'notNull', a.attnotnull, 'identity', a.attidentity <> '',
      'default', case when a.attgenerated = '' then pg_get_expr(d.adbin, d.adrelid) end,
      'generated', case when a.attgenerated <> '' then pg_get_expr(d.adbin, d.adrelid) end,
      'comment', col_description(c.oid, a.attnum)) order by a.attnum), '[]')
   from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
   where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
  (select coalesce(json_agg(json_build_object('name', k.conname, 'type', k.contype, 'validated', k.convalidated,
      'columns', (select coalesce(json_agg(a.attname order by x.ord), '[]') from unnest(k.conkey) with ordinality x(num, ord)
        join pg_attribute a on a.attrelid = k.conrelid and a.attnum = x.num),
      'definition', pg_get_constraintdef(k.oid),
      'references', case when k.contype = 'f' then json_build_object('schema', fn.nspname, 'table', f.relname,
        'columns', (select json_agg(a.attname order by x.ord) from unnest(k.confkey) with ordinality x(num, ord)
          join pg_attribute a on a.attrelid = k.confrelid and a.attnum = x.num),
        'onDelete', ${actions.replace('%s', 'k.confdeltype')}, 'onUpdate', ${actions.replace('%s', 'k.confupdtype')}) end)
      order by k.conname), '[]')
   from pg_constraint k left join pg_class f on f.oid = k.confrelid left join pg_namespace fn on fn.oid = f.relnamespace
   where k.conrelid = c.oid and k.contype in ('p', 'u', 'c', 'f') and k.conparentid = 0) as constraints,
  (select coalesce(json_agg(json_build_object('name', i.relname, 'unique', x.indisunique, 'valid', x.indisvalid,
      'method', m.amname, 'definition', json_build_array(
        (select json_agg(json_build_array(pg_get_indexdef(x.indexrelid, p, true), x.indoption[p - 1],
           (select opcname from pg_opclass where oid = x.indclass[p - 1]), x.indcollation[p - 1]) order by p)
         from generate_series(1, x.indnatts::int4) p where p <= x.indnkeyatts),
        x.indnkeyatts, pg_get_expr(x.indpred, x.indrelid))::text) order by i.relname), '[]')
   from pg_index x join pg_class i on i.oid = x.indexrelid join pg_am m on m.oid = i.relam
   where x.indrelid = c.oid and not exists (select from pg_constraint k where k.conindid = i.oid and k.conrelid = c.oid)
  ) as indexes
from pg_class c join pg_namespace n on n.oid = c.relnamespace`

export interface CatalogHypertable {
  column: string
  /** Length of a chunk for time types, in microseconds. */
  micros: bigint | null
  /** For integer time. */
  integer: bigint | null
}

/** The time dimension of a hypertable; null for an ordinary table. Ask only where the extension is present. */
export async function readHypertable(
  session: Session,
  schema: string,
  name: string,
): Promise<CatalogHypertable | null> {
  const { rows } = await session.query<{ column: string; micros: string | null; integer: string | null }>(
    `select column_name::text as column, trunc(extract(epoch from time_interval) * 1000000)::int8::text as micros,
       integer_interval::int8::text as integer
     from timescaledb_information.dimensions
     where hypertable_schema = $1 and hypertable_name = $2 and dimension_number = 1`,
    [schema, name],
  )
  const row = rows[0]
  if (row === undefined) return null
  return {
    column: row.column,
    micros: row.micros === null ? null : BigInt(row.micros),
    integer: row.integer === null ? null : BigInt(row.integer),
  }
}

export interface CatalogColumnstore {
  segmentBy: string[]
  orderBy: { column: string; descending: boolean }[]
}

/** Columnstore settings of a hypertable; null when it has none. */
export async function readColumnstore(
  session: Session,
  schema: string,
  name: string,
): Promise<CatalogColumnstore | null> {
  const { rows } = await session.query<{ column: string; segment: number | null; descending: boolean | null }>(
    `select attname::text as column, segmentby_column_index as segment, not orderby_asc as descending
     from timescaledb_information.compression_settings where hypertable_schema = $1 and hypertable_name = $2
     order by segmentby_column_index, orderby_column_index`,
    [schema, name],
  )
  const enabled = await session.query<{ enabled: boolean }>(
    `select compression_enabled as enabled from timescaledb_information.hypertables
     where hypertable_schema = $1 and hypertable_name = $2`,
    [schema, name],
  )
  if (enabled.rows[0]?.enabled !== true) return null
  return {
    segmentBy: rows.filter((row) => row.segment !== null).map((row) => row.column),
    orderBy: rows
      .filter((row) => row.segment === null)
      .map((row) => ({ column: row.column, descending: row.descending === true })),
  }
}

/** Whether a columnstore policy stands on the table, running or paused. */
export async function hasColumnstorePolicy(session: Session, schema: string, name: string): Promise<boolean> {
  const { rows } = await session.query<{ present: boolean }>(
    `select exists (select from timescaledb_information.jobs where proc_name = 'policy_compression'
       and hypertable_schema = $1 and hypertable_name = $2) as present`,
    [schema, name],
  )
  return rows[0]?.present === true
}

/** Whether a schema of this name exists. */
export async function schemaExists(session: Session, schema: string): Promise<boolean> {
  const { rows } = await session.query<{ present: boolean }>(
    'select exists (select from pg_namespace where nspname = $1) as present',
    [schema],
  )
  return rows[0]?.present === true
}
