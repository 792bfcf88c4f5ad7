/** Making the chunk of a task beforehand, so that workers do not wait for each other's transactions: a chunk made by a COPY locks the hypertable until its commit. */
import { messageOf } from '../errors.ts'
import type { Session, Target } from '../target/connect.ts'
import { precreateChunks } from '../target/chunks.ts'
import { isHypertable } from '../target/ddl.ts'
import { axisLiteral, targetAxis } from '../values/axis.ts'
import { isTransient } from './backoff.ts'
import type { Events } from './events.ts'
import type { TableWork } from './table-work.ts'
import type { Task } from './tasks.ts'

/** Makes the chunks that a task's rows need, where that is possible and the task lies within few of them; else does nothing. */
export type ChunkMaker = (session: Session, task: Task) => Promise<void>

/** A span wider than this is mostly empty, and empty chunks would be made for nothing. */
const MOST_CHUNKS = 2n

export interface ChunkMakerOptions {
  target: Target
  events: Events
  work: TableWork
  grid: { interval: bigint; origin: bigint } | null
  /** Zone of wall-clock columns. */
  timezone: string
}

/** For one table; remembers which chunks it has seen to. */
export function chunkMaker(options: ChunkMakerOptions): ChunkMaker {
  const { target, work, grid, timezone } = options
  const { capabilities } = target
  const axis = targetAxis(work.table)
  if (grid === null || axis === null || !capabilities.createChunk || !isHypertable(work.table, capabilities)) {
    return async () => {}
  }
  const seen = new Set<bigint>()
  const cellOf = (position: bigint): bigint => {
    const offset = position - grid.origin
    const cell = offset / grid.interval
    return offset < 0n && offset % grid.interval !== 0n ? cell - 1n : cell
  }
  let usable = true
  return async (session, { span: { from, to } }) => {
    if (from === null || to === null || !usable) return
    const [first, last] = [cellOf(from), cellOf(to - 1n)]
    if (last - first >= MOST_CHUNKS || (seen.has(first) && seen.has(last))) return
    const literals = [from, to].map((position) => axisLiteral(work.table, position, timezone))
    const { rows } = await session.query<{ low: string | null; high: string | null }>(
      `select ${literals.map((literal, index) => `${micros(literal, axis.type)} as ${index === 0 ? 'low' : 'high'}`).join(', ')}`,
    )
    const [bounds] = rows
    if (bounds === undefined || bounds.low === null || bounds.high === null) return
    const where = { schema: work.schema, table: work.table.name, capabilities }
    try {
      await precreateChunks(session, where, BigInt(bounds.low), BigInt(bounds.high))
    } catch (error) {
      // Only speed is lost: the COPY makes its chunk itself, and will say so if that is impossible.
      if (isTransient(error) || session.state !== 'idle') throw error
      usable = false
      const message = `${work.table.name}: chunks cannot be made beforehand (${messageOf(error)})`
      options.events.emit({ kind: 'note', table: work.table.name, code: null, message })
    }
    seen.add(first).add(last)
  }
}

/** As TimescaleDB counts: microseconds since 1970 in UTC, integers as they are; null beyond. */
function micros(literal: string, type: string): string {
  if (!/^(timestamp|date)/.test(type)) return `(${literal})::pg_catalog.int8::pg_catalog.text`
  return `case when pg_catalog.isfinite(${literal}) then pg_catalog.trunc(extract(epoch from ${literal}) * 1000000)::pg_catalog.int8::pg_catalog.text end`
}
