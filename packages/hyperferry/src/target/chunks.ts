/** Chunks: listing them, and making them before rows come, so that no long COPY holds the lock that making one takes. */
import { HyperferryError } from '../errors.ts'
import type { Capabilities } from './capabilities.ts'
import type { Session } from './session.ts'
import { qualified } from './sql.ts'

export interface Chunk {
  schema: string
  name: string
  /** Half-open range of the time column: microseconds since 1970-01-01 UTC, or the integer itself. null beyond what a timestamp can show. */
  from: bigint | null
  to: bigint | null
  compressed: boolean
}

/** A refusal rather than a mistake that makes a million chunks. */
const MOST_AT_ONCE = 10_000n

/** Chunks in order of their range; none for an ordinary table. With hash dimensions several share one range. */
export async function listChunks(
  session: Session,
  schema: string,
  table: string,
  caps: Capabilities,
): Promise<Chunk[]> {
  if (!caps.hypertables) return []
  const { rows } = await session.query<Omit<Chunk, 'from' | 'to'> & { from: string | null; to: string | null }>(
    `select chunk_schema::text as schema, chunk_name::text as name, coalesce(is_compressed, false) as compressed,
       coalesce(range_start_integer, ${micros('range_start')})::int8::text as from,
       coalesce(range_end_integer, ${micros('range_end')})::int8::text as to
     from timescaledb_information.chunks where hypertable_schema = $1 and hypertable_name = $2
     order by range_start, range_start_integer, chunk_name`,
    [schema, table],
  )
  return rows.map((row) => ({
    ...row,
    from: row.from === null ? null : BigInt(row.from),
    to: row.to === null ? null : BigInt(row.to),
  }))
}

function micros(column: string): string {
  return `case when isfinite(${column}) then trunc(extract(epoch from ${column}) * 1000000) end`
}

/**
 * Makes the chunks that [from, to) needs, each in a transaction of its own; positions as in `Chunk`. Does nothing where the server cannot
 * (Apache edition, plain PostgreSQL) or the hypertable has more than its time dimension. Returns how many were made.
 */
export async function precreateChunks(
  session: Session,
  target: { schema: string; table: string; capabilities: Capabilities },
  from: bigint,
  to: bigint,
): Promise<number> {
  const { schema, table, capabilities } = target
  if (!capabilities.createChunk || from >= to) return 0
  const dimension = await onlyDimension(session, schema, table)
  if (dimension === null) return 0
  const gaps = gridGaps(await listChunks(session, schema, table, capabilities), dimension.interval, from, to)
  let made = 0
  for (const slice of gaps) {
    // One call, one transaction: the lock on the hypertable lasts a millisecond. Somebody else may have been faster.
    const { rows } = await session.query<{ created: boolean }>(
      'select created from _timescaledb_functions.create_chunk($1::regclass, $2::jsonb)',
      [qualified(schema, table), `{${JSON.stringify(dimension.column)}: [${slice.from}, ${slice.to}]}`],
    )
    if (rows[0]?.created === true) made += 1
  }
  return made
}

/** Slices of the grid that lie in [from, to) in part or whole, without the ground that chunks cover, cut where chunks begin and end. Pure. */
export function gridGaps(
  chunks: readonly Pick<Chunk, 'from' | 'to'>[],
  interval: bigint,
  from: bigint,
  to: bigint,
): { from: bigint; to: bigint }[] {
  const gaps: { from: bigint; to: bigint }[] = []
  const first = floorDivide(from, interval)
  const last = floorDivide(to - 1n, interval)
  if (last - first >= MOST_AT_ONCE) {
    throw new HyperferryError('HF-P023', {
      what: `${last - first + 1n} chunks would be needed: the chunk interval is too short for the range of the data`,
    })
  }
  for (let k = first; k <= last; k += 1n) {
    let slice: { from: bigint; to: bigint } | null = { from: k * interval, to: (k + 1n) * interval }
    const taken = chunks.filter(
      (chunk) => (chunk.from ?? k * interval) < (k + 1n) * interval && (chunk.to ?? (k + 1n) * interval) > k * interval,
    )
    // A chunk of another interval reaches in: the server cuts new chunks around it as rows come; we leave that to it.
    if (taken.length > 0) slice = null
    if (slice !== null) gaps.push(slice)
  }
  return gaps
}

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b
  return a % b !== 0n && a < 0n ? quotient - 1n : quotient
}

async function onlyDimension(
  session: Session,
  schema: string,
  table: string,
): Promise<{ column: string; interval: bigint } | null> {
  const { rows } = await session.query<{ column: string; interval: string | null }>(
    `select column_name::text as column,
       coalesce(integer_interval, trunc(extract(epoch from time_interval) * 1000000))::int8::text as interval
     from timescaledb_information.dimensions where hypertable_schema = $1 and hypertable_name = $2`,
    [schema, table],
  )
  const [dimension] = rows
  if (rows.length !== 1 || dimension === undefined || dimension.interval === null) return null
  return { column: dimension.column, interval: BigInt(dimension.interval) }
}
