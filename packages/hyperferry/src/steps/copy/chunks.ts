/**
 * Chunks made before the rows come, and their columnar side where rows are compressed on the way: what a COPY makes itself locks the hypertable until that COPY commits,
 * and the other workers wait.
 */
import { splitRow } from '../../csv/fields.ts'
import { rowBytes, rowTable, withoutEnd } from '../../csv/rows.ts'
import type { Capabilities } from '../../target/capabilities.ts'
import { readHypertable } from '../../target/catalog.ts'
import { precreateChunks } from '../../target/chunks.ts'
import { openChunks } from '../../target/columnstore-chunks.ts'
import type { Session } from '../../target/connect.ts'
import { isTransient } from '../../work/backoff.ts'
import type { ImportJob } from './job.ts'
import type { PieceBytes } from './piece-bytes.ts'

/** Looks at the first and the last row of a piece; in a file in order of time all others lie between. */
export type ChunkMaker = (session: Session, piece: PieceBytes) => Promise<void>

/** A piece that spans more of them is in no order, and chunks that nobody needs would be made. */
const MOST_CHUNKS = 50n
const EDGE = 64 * 1024

export async function chunkMaker(session: Session, job: ImportJob, capabilities: Capabilities): Promise<ChunkMaker> {
  const dimension = capabilities.createChunk ? await readHypertable(session, job.schema, job.table) : null
  const index = dimension === null ? -1 : job.columns.indexOf(dimension.column)
  const interval = dimension?.micros ?? dimension?.integer ?? null
  if (dimension === null || index < 0 || interval === null) return async () => {}
  const type = dimension.micros === null ? 'int8' : 'timestamptz'
  const seen = new Set<bigint>()
  let usable = true
  const { schema, table } = job
  // One after the other: who finds a chunk empty while another worker copies into it already would wait for that COPY.
  let before: Promise<unknown> = Promise.resolve()
  const inTurn = async (use: () => Promise<void>): Promise<void> => {
    const turn = before.then(use)
    before = turn.catch(() => {})
    return turn
  }
  const make = async (current: Session, piece: PieceBytes): Promise<void> => {
    if (!usable) return
    try {
      const times = await edgeTexts(job, piece, index)
      const [low, high] = await positions(current, times, type)
      if (low === undefined || high === undefined || (high - low) / interval > MOST_CHUNKS) return
      if (seen.has(low / interval) && seen.has(high / interval)) return
      const range = { schema, table, from: low, to: high + 1n }
      if (job.compress !== '' && !job.staged) await openChunks(current, capabilities, range)
      else await precreateChunks(current, { schema, table, capabilities }, range.from, range.to)
      seen.add(low / interval).add(high / interval)
    } catch (error) {
      // Only speed is lost: the COPY makes its chunk itself, and names the row if there is something wrong with it.
      if (isTransient(error) || current.state !== 'idle') throw error
      usable = false
    }
  }
  return (current, piece) => inTurn(() => make(current, piece))
}

/** The time of the first and of the last row, as written. Rows in quotes are left to the server. */
async function edgeTexts(job: ImportJob, piece: PieceBytes, index: number): Promise<string[]> {
  const { first, last } = await edges(piece)
  return [first, last].flatMap((bytes, which) => {
    if (bytes.includes(job.dialect.quote)) return []
    const table = rowTable(bytes, job.syntax)
    const rows = table.starts.length - 1
    // The first row is whole unless it is very long; the last one is whole if one stands before it.
    if (rows < 2) return []
    const row = withoutEnd(rowBytes(table, which === 0 ? 0 : rows - 1))
    const field = splitRow(row, job.dialect)[index]
    return field === undefined ? [] : [field.bytes.toString('latin1')]
  })
}

async function edges(piece: PieceBytes): Promise<{ first: Buffer; last: Buffer }> {
  const size = piece.to - piece.from
  return { first: await piece.part(0, Math.min(EDGE, size)), last: await piece.part(Math.max(0, size - EDGE), size) }
}

/** As TimescaleDB counts: microseconds since 1970 in UTC, integers as they are. In the order of their size. */
async function positions(session: Session, texts: readonly string[], type: string): Promise<bigint[]> {
  const { rows } = await session.query<{ at: string | null }>(
    `select ${type === 'int8' ? 'each::pg_catalog.int8' : 'pg_catalog.trunc(extract(epoch from each::pg_catalog.timestamptz) * 1000000)::pg_catalog.int8'}::pg_catalog.text as at
     from pg_catalog.unnest($1::pg_catalog.text[]) as each order by 1`,
    [texts],
  )
  return rows.flatMap(({ at }) => (at === null ? [] : [BigInt(at)])).toSorted((a, b) => (a < b ? -1 : 1))
}
