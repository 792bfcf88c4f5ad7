/** Deleting the rows of a range of time. */
import type { Capabilities } from './capabilities.ts'
import { listChunks } from './chunks.ts'
import type { Session } from './session.ts'
import { ident, qualified } from './sql.ts'

export interface TimeRange {
  schema: string
  table: string
  column: string
  /** SQL literals with their casts, as in values/axis-instant.ts; null is unbounded. */
  from: string | null
  to: string | null
  /** The same bounds as instants; they say which chunks are concerned. */
  instants: { from: bigint | null; to: bigint | null }
}

/**
 * Deletes within the transaction that is open; returns how many rows. On a hypertable each chunk concerned by itself: deleting from the hypertable locks all
 * chunks and all of their indexes before 2.29. A chunk that is made meanwhile has late rows only, and these lead to another round.
 */
export async function deleteRange(session: Session, caps: Capabilities, range: TimeRange): Promise<number> {
  const condition = conditionOf(range)
  const chunks = await listChunks(session, range.schema, range.table, caps)
  if (chunks.length === 0) return rowsOf(session, qualified(range.schema, range.table), condition)
  let deleted = 0
  const { from, to } = range.instants
  for (const chunk of chunks) {
    if (from !== null && chunk.to !== null && chunk.to <= from) continue
    if (to !== null && chunk.from !== null && chunk.from >= to) continue
    deleted += await rowsOf(session, qualified(chunk.schema, chunk.name), condition)
  }
  return deleted
}

/** ` where …`, or nothing. NULL is in no range with a bound. */
function conditionOf({ column, from, to }: TimeRange): string {
  const name = ident(column)
  const parts = [from === null ? null : `${name} >= ${from}`, to === null ? null : `${name} < ${to}`]
  const given = parts.filter((part) => part !== null)
  return given.length === 0 ? `${name} is not null` : given.join(' and ')
}

async function rowsOf(session: Session, target: string, condition: string): Promise<number> {
  const { rowCount } = await session.query(`delete from ${target} where ${condition}`)
  return rowCount ?? 0
}
