/** Chunks on their way into the columnstore, one transaction each. */
import { HyperferryError } from '../errors.ts'
import type { PlannedTable } from '../model.ts'
import { microsToUnit } from '../values/time.ts'
import type { Capabilities } from './capabilities.ts'
import { intervalMicros } from './chunk-interval.ts'
import { precreateChunks } from './chunks.ts'
import type { Session } from './session.ts'
import { ident, literal, qualified } from './sql.ts'
import { transaction } from './transaction.ts'

export interface StoredChunk {
  schema: string
  name: string
  /** Bits: 1 compressed, 2 not in order, 4 frozen, 8 holds rows as well. */
  status: number
}

/** Compressed, in order, nothing beside it. */
const WHOLLY_COLUMNAR = 1
const FROZEN = 4

/**
 * The end of what the policy of the plan would compress now: a chunk belongs to it that ends at or before. In microseconds since 1970 UTC, or in the unit of
 * an integer time column. null when the plan's `after` is no interval, or there is no columnstore.
 */
export async function columnstoreCutoff(session: Session, table: PlannedTable): Promise<bigint | null> {
  const after = table.columnstore?.after
  if (after === undefined || intervalMicros(after) === null) return null
  const { rows } = await session.query<{ micros: string }>(
    `select trunc(extract(epoch from now() - $1::interval) * 1000000)::int8::text as micros`,
    [after],
  )
  const micros = BigInt(rows[0]?.micros ?? '0')
  return microsToUnit(micros, table.time?.unit ?? 'us')
}

/** Chunks that end at or before the cutoff and are not wholly columnar yet, oldest first. */
export async function chunksToCompress(
  session: Session,
  { schema, table, cutoff }: { schema: string; table: string; cutoff: bigint },
): Promise<StoredChunk[]> {
  const { rows } = await session.query<StoredChunk>(
    `${CHUNKS} where range_end <= $3::numeric and status <> ${WHOLLY_COLUMNAR} and status & ${FROZEN} = 0 order by range_end, name`,
    [schema, table, String(cutoff)],
  )
  return rows
}

/** Chunks that lie in [from, to) in part or whole and hold neither rows nor columns. */
async function untouchedChunks(
  session: Session,
  { schema, table, from, to }: { schema: string; table: string; from: bigint; to: bigint },
): Promise<StoredChunk[]> {
  const { rows } = await session.query<StoredChunk>(
    `${CHUNKS} where range_start < $4::numeric and range_end > $3::numeric and status = 0 order by range_end, name`,
    [schema, table, String(from), String(to)],
  )
  const empty: StoredChunk[] = []
  for (const chunk of rows) {
    const found = await session.query<{ present: boolean }>(
      `select exists (select from ${qualified(chunk.schema, chunk.name)}) as present`,
    )
    if (found.rows[0]?.present === false) empty.push(chunk)
  }
  return empty
}

/**
 * Makes the chunks of [from, to) where they are missing, and the columnar side of those that hold nothing yet, each in a transaction of its own. A COPY would do both, but
 * holds the lock on the hypertable that it takes until its commit. A chunk that somebody reads or writes, or was faster with, is left to the COPY.
 */
export async function openChunks(
  session: Session,
  capabilities: Capabilities,
  where: { schema: string; table: string; from: bigint; to: bigint },
): Promise<void> {
  const { schema, table, from, to } = where
  await precreateChunks(session, { schema, table, capabilities }, from, to)
  for (const chunk of await untouchedChunks(session, where))
    await transaction(session, () => compressChunk(session, capabilities, chunk)).catch(unlessBusy)
}

function unlessBusy(error: unknown): void {
  if (!(error instanceof HyperferryError) || !BUSY.has(error.sqlstate ?? '')) throw error
}
const BUSY = new Set(['55P03', '40P01', '42710'])

const STATUS = '_timescaledb_functions.chunk_status'
const micros = (column: string): string =>
  `case when isfinite(${column}) then trunc(extract(epoch from ${column}) * 1000000) end`
const CHUNKS = `select schema, name, status from (
  select chunk_schema::text as schema, chunk_name::text as name,
    ${STATUS}(format('%I.%I', chunk_schema, chunk_name)::regclass)::int4 as status,
    coalesce(range_start_integer, ${micros('range_start')}) as range_start, coalesce(range_end_integer, ${micros('range_end')}) as range_end
  from timescaledb_information.chunks where hypertable_schema = $1 and hypertable_name = $2) as chunk`

/**
 * Compresses a chunk, or what has come to a compressed one since, inside the open transaction. One call takes rows in beside columns that are out of order, the next one
 * orders them. The lock is asked for with patience of two seconds: whoever waits behind us waits that long at most. Returns the status after it.
 */
export async function compressChunk(session: Session, caps: Capabilities, chunk: StoredChunk): Promise<number> {
  const name = literal(qualified(chunk.schema, chunk.name))
  await session.query(COMPRESS_SETTINGS)
  let status = chunk.status
  for (let pass = 0; pass < 3; pass += 1) {
    await session.query(
      `select from ${ident(caps.extensionSchema ?? 'public')}.compress_chunk(${name}::regclass, if_not_compressed => true)`,
    )
    const { rows } = await session.query<{ status: number }>(`select ${STATUS}(${name}::regclass)::int4 as status`)
    status = rows[0]?.status ?? status
    if (status === WHOLLY_COLUMNAR) break
  }
  return status
}

/** An empty chunk compresses badly, which the server's log need not be told of. */
const COMPRESS_SETTINGS = `set local synchronous_commit = off; set local lock_timeout = '2s';
select set_config(name, 'off', true) from pg_catalog.pg_settings where name = 'timescaledb.enable_compression_ratio_warnings'`

/** Bytes of the hypertable with indexes and what is compressed. */
export async function hypertableBytes(
  session: Session,
  caps: Capabilities,
  { schema, table }: { schema: string; table: string },
): Promise<number> {
  const { rows } = await session.query<{ bytes: string | null }>(
    `select ${ident(caps.extensionSchema ?? 'public')}.hypertable_size(${literal(qualified(schema, table))}::regclass)::text as bytes`,
  )
  return Number(rows[0]?.bytes ?? 0)
}
