/** Continuous aggregates over some hypertables: what they are, by the catalog, and SQL in their own buckets. */
import type { Capabilities } from './capabilities.ts'
import type { Session } from './session.ts'
import { ident, literal, qualified } from './sql.ts'

export interface Aggregate {
  /** Hypertable of the plan at the bottom. */
  table: string
  schema: string
  view: string
  /** 1 over the hypertable, 2 over an aggregate of level 1. */
  level: number
  owner: string
  /** Only its owner may refresh it. */
  mayRefresh: boolean
  /** Table that holds the buckets: quoted. */
  materialized: string
  /** Table below: the hypertable, or what holds the buckets of the aggregate below. */
  source: { schema: string; name: string; quoted: string }
  /** Time column of the table below. */
  sourceTime: string
  /** Column of the view that holds the start of the bucket. */
  bucket: string
  /** `timestamp with time zone`, `timestamp without time zone`, `date`, `bigint`, `integer`, `smallint`. */
  type: string
  /** null when buckets are not made by time_bucket, or not by time. */
  width: Width | null
  /** The query behind it. */
  definition: string
  columns: { name: string; type: string }[]
  /** Ids of the catalog: its own and the table's below. */
  id: number
  sourceId: number
}

interface Width {
  width: string
  origin: string | null
  offset: string | null
  timezone: string | null
}

/** In the order in which they must be refreshed: each after the one it reads. None where there are no aggregates. */
export async function readAggregates(
  session: Session,
  caps: Capabilities,
  schema: string,
  tables: readonly string[],
): Promise<Aggregate[]> {
  if (!caps.continuousAggregates) return []
  const { rows } = await session.query<Row>(QUESTION, [schema, tables])
  return rows.map(({ materializedName, sourceName, width, origin, offset, timezone, byTimeBucket, ...row }) => ({
    ...row,
    materialized: qualified(...materializedName),
    source: { schema: sourceName[0], name: sourceName[1], quoted: qualified(...sourceName) },
    width: byTimeBucket && width !== null && TYPES.has(row.type) ? { width, origin, offset, timezone } : null,
  }))
}

interface Row extends Omit<Aggregate, 'materialized' | 'source' | 'width'> {
  materializedName: [string, string]
  sourceName: [string, string]
  byTimeBucket: boolean
  width: string | null
  origin: string | null
  offset: string | null
  timezone: string | null
}

const INTEGERS = new Set(['bigint', 'integer', 'smallint'])
const TYPES = new Set([...INTEGERS, 'timestamp with time zone', 'timestamp without time zone', 'date'])

export function isInteger(aggregate: Pick<Aggregate, 'type'>): boolean {
  return INTEGERS.has(aggregate.type)
}

/** SQL for the start of the bucket that holds `value`, an expression of the aggregate's type. */
export function bucketSql(caps: Capabilities, aggregate: Aggregate, value: string): string {
  const { width, origin, offset, timezone } = widthOf(aggregate)
  const integer = isInteger(aggregate)
  const args = [
    integer ? `${literal(width)}::int8` : `interval ${literal(width)}`,
    integer ? `(${value})::int8` : `(${value})`,
  ]
  if (timezone !== null) args.push(`timezone => ${literal(timezone)}`)
  if (origin !== null) args.push(`origin => ${literal(origin)}::${aggregate.type}`)
  if (offset !== null) args.push(`"offset" => ${literal(offset)}::${integer ? 'int8' : 'interval'}`)
  return `${extensionName(caps)}.time_bucket(${args.join(', ')})::${aggregate.type}`
}

/** SQL for the start of the bucket after the one that starts at `start`. */
export function nextSql(aggregate: Aggregate, start: string): string {
  const { width, timezone } = widthOf(aggregate)
  if (isInteger(aggregate)) return `(${start} + ${literal(width)}::int8)::${aggregate.type}`
  const step = `interval ${literal(width)}`
  if (timezone === null) return `(${start} + ${step})::${aggregate.type}`
  // A day or month of the zone is a step on its wall clock.
  return `(((${start}) at time zone ${literal(timezone)} + ${step}) at time zone ${literal(timezone)})`
}

/** The statement that refreshes [from, to); must be sent alone and outside of a transaction. */
export function refreshSql(
  caps: Capabilities,
  aggregate: Aggregate,
  window: { from: string; to: string },
  force = false,
): string {
  const { schema, view, type } = aggregate
  const bounds = [window.from, window.to].map((bound) => `${literal(bound)}::${type}`)
  const args = [`${literal(qualified(schema, view))}::regclass`, ...bounds, ...(force ? ['force => true'] : [])]
  // In batches, which 2.28 makes by itself, ranges without data would stay invalidated.
  if (batches(caps.timescale)) args.push(`options => '{"buckets_per_batch": 0}'`)
  return `call ${extensionName(caps)}.refresh_continuous_aggregate(${args.join(', ')})`
}

/** Whether the server knows of no change below that [from, to) does not show yet. */
export async function isUpToDate(
  session: Session,
  aggregate: Aggregate,
  window: { from: string; to: string },
): Promise<boolean> {
  const { id, sourceId, type } = aggregate
  // The logs count microseconds since 1970, of wall clocks as if they were UTC.
  const raw = (parameter: string): string =>
    isInteger(aggregate)
      ? `${parameter}::text::int8`
      : `trunc(extract(epoch from ${parameter}::text::${type}) * 1000000)::int8`
  const { rows } = await session.query<{ clean: boolean }>(
    `select not exists (select from _timescaledb_catalog.continuous_aggs_materialization_invalidation_log
         where materialization_id = $1 and lowest_modified_value < ${raw('$4')} and greatest_modified_value >= ${raw('$3')})
       and not exists (select from _timescaledb_catalog.continuous_aggs_hypertable_invalidation_log
         where hypertable_id = $2 and lowest_modified_value < ${raw('$4')} and greatest_modified_value >= ${raw('$3')})
       and exists (select from _timescaledb_catalog.continuous_aggs_invalidation_threshold
         where hypertable_id = $2 and watermark >= ${raw('$4')}) as clean`,
    [id, sourceId, window.from, window.to],
  )
  return rows[0]?.clean === true
}

function batches(timescale: string | null): boolean {
  const [major = 0, minor = 0] = (timescale ?? '').split(/[.-]/).map(Number)
  return major > 2 || (major === 2 && minor >= 28)
}

function widthOf(aggregate: Aggregate): Width {
  if (aggregate.width === null) throw new Error(`${aggregate.view} has no bucket of time`)
  return aggregate.width
}

function extensionName(caps: Capabilities): string {
  return ident(caps.extensionSchema ?? 'public')
}

/** The session's search_path makes definitions come fully qualified. */
const QUESTION = `
with recursive c as (
  select v.*, ca.mat_hypertable_id as id, ca.raw_hypertable_id as source_id
  from timescaledb_information.continuous_aggregates v
  join _timescaledb_catalog.continuous_agg ca on ca.user_view_schema = v.view_schema and ca.user_view_name = v.view_name),
t as (
  select c.hypertable_name::text as bottom, 1 as level, c.* from c where c.hypertable_schema = $1 and c.hypertable_name = any($2::text[])
  union all select t.bottom, t.level + 1, c.* from c join t on c.source_id = t.id)
select t.bottom as "table", t.view_schema::text as schema, t.view_name::text as view, t.level, t.view_owner::text as owner,
  pg_has_role(t.view_owner, 'USAGE') as "mayRefresh", t.id, t.source_id as "sourceId",
  array[t.materialization_hypertable_schema::text, t.materialization_hypertable_name::text] as "materializedName",
  array[t.hypertable_schema::text, t.hypertable_name::text] as "sourceName",
  s.column_name::text as "sourceTime", m.column_name::text as bucket, m.column_type::text as type,
  coalesce(f.bucket_func::text ~ '\\mtime_bucket\\(', false) as "byTimeBucket", f.bucket_width::text as width,
  f.bucket_origin::text as origin, f.bucket_offset::text as offset, f.bucket_timezone::text as timezone,
  t.view_definition as definition,
  (select json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, null)) order by a.attnum)
   from pg_attribute a join pg_class r on r.oid = a.attrelid join pg_namespace n on n.oid = r.relnamespace
   where n.nspname = t.view_schema and r.relname = t.view_name and a.attnum > 0 and not a.attisdropped) as columns
from t
join timescaledb_information.dimensions m on m.hypertable_schema = t.materialization_hypertable_schema
  and m.hypertable_name = t.materialization_hypertable_name and m.dimension_number = 1
join timescaledb_information.dimensions s on s.hypertable_schema = t.hypertable_schema
  and s.hypertable_name = t.hypertable_name and s.dimension_number = 1
left join _timescaledb_catalog.continuous_aggs_bucket_function f on f.mat_hypertable_id = t.id
order by t.level, t.view_schema, t.view_name`
