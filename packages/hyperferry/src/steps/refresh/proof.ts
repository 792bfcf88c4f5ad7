/** Whether the buckets that are kept are those that the aggregate's query gives, row by row. */
import { HyperferryError } from '../../errors.ts'
import type { Aggregate } from '../../target/aggregates.ts'
import type { Session } from '../../target/connect.ts'
import { ident, literal } from '../../target/sql.ts'
import type { Window } from './windows.ts'

export interface Proof {
  /** Rows kept. */
  rows: number
  /** Rows of the query that are not kept. */
  missing: number
  /** Rows kept that the query does not give. */
  extra: number
}

/**
 * Compares both ways, duplicates counted, in one snapshot. Sums of binary floats depend on the order of adding: they may differ by a
 * billionth (of single precision: by 1e-5).
 */
export async function prove(session: Session, aggregate: Aggregate, window: Window): Promise<Proof> {
  const sides = (plain: boolean): string => sidesSql(aggregate, window, plain)
  try {
    return await compare(session, aggregate, sides(true))
  } catch (error) {
    // A type without equality, json for one, is compared as text.
    if (!(error instanceof HyperferryError) || error.sqlstate !== '42883') throw error
    return compare(session, aggregate, sides(false))
  }
}

async function compare(session: Session, aggregate: Aggregate, sides: string): Promise<Proof> {
  const exact = await ask(
    session,
    `${sides} select (select count(*) from m)::text as rows,
       (select count(*) from (select * from q except all select * from m) d)::text as missing,
       (select count(*) from (select * from m except all select * from q) d)::text as extra`,
  )
  const floats = aggregate.columns.filter(({ type }) => type in TOLERANCE)
  if (exact.missing + exact.extra === 0 || floats.length === 0) return exact
  return ask(session, `${sides} ${nearly(aggregate)}`)
}

function sidesSql(aggregate: Aggregate, { from, to }: Window, plain: boolean): string {
  const columns = aggregate.columns
    .map(({ name, type }) => (plain || type in TOLERANCE ? ident(name) : `${ident(name)}::text as ${ident(name)}`))
    .join(', ')
  const [low, high] = [from, to].map((bound) => `${literal(bound)}::${aggregate.type}`)
  const where = `where x.${ident(aggregate.bucket)} >= ${low} and x.${ident(aggregate.bucket)} < ${high}`
  const query = aggregate.definition.replace(/;\s*$/, '')
  // The table behind the view: a view in real time would compute what is not kept.
  return `with m as materialized (select ${columns} from ${aggregate.materialized} x ${where}),
    q as materialized (select ${columns} from (${query}) x ${where})`
}

const TOLERANCE: Record<string, string> = { 'double precision': '1e-9', real: '1e-5' }

/** Pairs rows by everything but floats, then looks how far these are apart. */
function nearly({ columns }: Aggregate): string {
  const floats = columns.filter(({ type }) => type in TOLERANCE)
  const key = columns.filter(({ type }) => !(type in TOLERANCE)).map(({ name }) => ident(name))
  const names = floats.map(({ name }) => ident(name))
  const side = (from: string): string =>
    `(select row(${key.join(', ')})::text as k, ${names.join(', ')},
       row_number() over (partition by row(${key.join(', ')})::text order by ${names.join(', ')}) as n from ${from})`
  const close = floats.map(({ name, type }) => {
    const [a, b] = [`a.${ident(name)}::float8`, `b.${ident(name)}::float8`]
    const apart = `abs(${a} - ${b})`
    return `(${a} is not distinct from ${b} or coalesce(${apart} < 'infinity' and ${apart} <= ${TOLERANCE[type] ?? '0'} * greatest(abs(${a}), abs(${b})), false))`
  })
  return `select (select count(*) from m)::text as rows,
      count(*) filter (where b.k is not null)::text as missing, count(*) filter (where a.k is not null)::text as extra
    from ${side('m')} a full join ${side('q')} b on a.k = b.k and a.n = b.n
    where a.k is null or b.k is null or not (${close.join(' and ')})`
}

async function ask(session: Session, sql: string): Promise<Proof> {
  const { rows } = await session.query<{ rows: string; missing: string; extra: string }>(sql)
  const [row] = rows
  return { rows: Number(row?.rows), missing: Number(row?.missing), extra: Number(row?.extra) }
}
