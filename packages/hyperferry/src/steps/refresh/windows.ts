/** Which windows of an aggregate are refreshed: whole buckets, a chunk at a time, never of the future, never where rows were dropped. */
import type { TimeUnit } from '../../model.ts'
import { bucketSql, isInteger, nextSql } from '../../target/aggregates.ts'
import type { Aggregate } from '../../target/aggregates.ts'
import type { Capabilities } from '../../target/capabilities.ts'
import type { Session } from '../../target/connect.ts'
import { ident, literal, qualified } from '../../target/sql.ts'

/** Half-open, as text in the type of the bucket. */
export interface Window {
  from: string
  to: string
}

export interface Windows {
  windows: Window[]
  /** Buckets whose rows are gone in part or whole; a refresh would take the buckets too. */
  kept: Window[]
}

export interface Ground {
  schema: string
  /** Of integer time without a function that tells the present. */
  unit: TimeUnit | null
  /** Wall-clock times are of this zone. */
  timezone: string
}

/** Up to the last bucket that is complete now; nothing when there are no rows. Reads only. */
export async function windowsOf(
  session: Session,
  caps: Capabilities,
  aggregate: Aggregate,
  ground: Ground,
): Promise<Windows> {
  const bottom = await bottomOf(session, aggregate, ground)
  const now = nowSql(aggregate, ground, bottom.now)
  const { rows } = await session.query<{ from: string | null; to: string | null }>(`
    with r(lo, hi) as (
      select min(t), max(t) from (
        select ${ident(bottom.time)} as t from ${bottom.table}
        union all select ${ident(aggregate.sourceTime)} from ${aggregate.source.quoted}) x)
    select ${bucketSql(caps, aggregate, 'lo')}::text as from,
      least(${nextSql(aggregate, bucketSql(caps, aggregate, 'hi'))}, ${now === null ? 'null' : bucketSql(caps, aggregate, now)})::text as to
    from r`)
  const { from = null, to = null } = rows[0] ?? {}
  if (from === null || to === null) return { windows: [], kept: [] }
  const kept = await bucketsWithoutRows(session, aggregate, to)
  const cut = await session.query<Window>(cutSql(caps, aggregate, { bottom: bottom.name, schema: ground.schema }), [
    from,
    to,
    kept.map((window) => window.from),
    kept.map((window) => window.to),
  ])
  return { windows: cut.rows, kept }
}

/** Windows begin where chunks of the table below or of the one at the bottom begin, moved down to the start of a bucket. */
function cutSql(caps: Capabilities, aggregate: Aggregate, ground: { bottom: string; schema: string }): string {
  const { type, source } = aggregate
  const start = isInteger(aggregate) ? 'c.range_start_integer' : instantSql(aggregate, 'c.range_start')
  const finite = isInteger(aggregate) ? 'true' : 'isfinite(c.range_start)'
  return `
    with b as (
      select $1::text::${type} as b union select $2::text::${type}
      union select x::${type} from unnest($3::text[] || $4::text[]) x
      union select ${bucketSql(caps, aggregate, `(${start})::${type}`)} from timescaledb_information.chunks c
        where ${finite} and ((${chunksOf({ schema: ground.schema, name: ground.bottom })})
          or (${chunksOf(source)}))),
    w as (select b as lo, lead(b) over (order by b) as hi from b where b between $1::text::${type} and $2::text::${type})
    select lo::text as from, hi::text as to from w
    where hi is not null and lo <> all(select x::${type} from unnest($3::text[]) x) order by lo`
}

/** Buckets that are there while the rows below are not, and their neighbours when a chunk ends inside of them. */
async function bucketsWithoutRows(session: Session, aggregate: Aggregate, to: string): Promise<Window[]> {
  const { type, source } = aggregate
  const [bucket, time] = [ident(aggregate.bucket), ident(aggregate.sourceTime)]
  const [start, end] = ['range_start', 'range_end'].map((name) =>
    isInteger(aggregate) ? `c.${name}_integer` : instantSql(aggregate, `c.${name}`),
  )
  const covered = (condition: string): string =>
    `exists (select from timescaledb_information.chunks c
       where ${chunksOf(source)} and ${condition})`
  const { rows } = await session.query<Window>(
    `with m as (select b, ${nextSql(aggregate, 'b')} as n
        from (select distinct ${bucket} as b from ${aggregate.materialized} where ${bucket} < $1::text::${type}) x),
      gone as (select b, n from m where not exists (select from ${source.quoted} s where s.${time} >= m.b and s.${time} < m.n)),
      torn as (
        select m.b, m.n from m join gone g on m.b = g.n where not ${covered(`${start} <= m.b and ${end} > m.b`)}
        union select m.b, m.n from m join gone g on m.n = g.b where not ${covered(`${start} < m.n and ${end} >= m.n`)})
     select b::text as from, n::text as to from (select * from gone union select * from torn) x order by b`,
    [to],
  )
  return rows
}

/** By name: a cast to regclass would fail for chunks in schemas that are closed to this role. */
function chunksOf({ schema, name }: { schema: string; name: string }): string {
  return `c.hypertable_schema = ${literal(schema)} and c.hypertable_name = ${literal(name)}`
}

interface Bottom {
  name: string
  table: string
  time: string
  /** Function that tells the present in integer time. */
  now: string | null
}

async function bottomOf(session: Session, aggregate: Aggregate, { schema }: Ground): Promise<Bottom> {
  const { rows } = await session.query<{ time: string; now: string | null }>(
    `select column_name::text as time, case when integer_now_func is not null then format('%I.%I', integer_now_func_schema, integer_now_func) end as now
     from (select d.column_name, d.integer_now_func, h.integer_now_func_schema from timescaledb_information.dimensions d
       join _timescaledb_catalog.hypertable t on t.schema_name = d.hypertable_schema and t.table_name = d.hypertable_name
       join _timescaledb_catalog.dimension h on h.hypertable_id = t.id and h.column_name = d.column_name
       where d.hypertable_schema = $1 and d.hypertable_name = $2 and d.dimension_number = 1) x`,
    [schema, aggregate.table],
  )
  const [row] = rows
  if (row === undefined) throw new Error(`${aggregate.table} is no hypertable`)
  return { name: aggregate.table, table: qualified(schema, aggregate.table), ...row }
}

/** Microseconds, milliseconds, … since 1970 of this moment; null where nobody knows the unit: then the newest row is the limit. */
function nowSql(aggregate: Aggregate, ground: Ground, now: string | null): string | null {
  if (isInteger(aggregate)) {
    if (now !== null) return `${now}()`
    if (ground.unit === null) return null
    const factor = { s: '1', ms: '1000', us: '1000000', ns: '1000000000' }[ground.unit]
    return `floor(extract(epoch from clock_timestamp()) * ${factor})::${aggregate.type}`
  }
  if (aggregate.type === 'timestamp with time zone') return 'clock_timestamp()'
  // Wall clocks west of Greenwich are behind: the earlier of the two is no future for either.
  const zones = ['UTC', ...(/^[a-z]/i.test(ground.timezone) ? [ground.timezone] : [])]
  return `least(${zones.map((zone) => `clock_timestamp() at time zone ${literal(zone)}`).join(', ')})::${aggregate.type}`
}

/** A chunk's bound in the type of the bucket: the view shows times without a zone as if they were UTC. */
function instantSql({ type }: Aggregate, bound: string): string {
  return type === 'timestamp with time zone' ? bound : `(${bound} at time zone 'UTC')::${type}`
}
