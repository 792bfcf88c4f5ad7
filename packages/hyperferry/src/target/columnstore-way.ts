/** Which way the rows of a planned table take into its columnstore. Pure. */
import type { PlannedTable } from '../model.ts'
import type { Capabilities } from './capabilities.ts'
import { isHypertable } from './ddl-series.ts'

export interface ColumnstoreWay {
  /** `direct`: compressed on the way in. `after`: as rows, and chunk by chunk once the table is complete. */
  way: 'direct' | 'after'
  /** Why not directly; null when it is. */
  reason: string | null
}

/**
 * By the plan and the server; null where the table gets no columnstore. What only the table itself tells (a trigger, say) comes on top: target/direct-compress.ts.
 * Unique indexes count that are made after the rows. Foreign keys do not: they are made afterwards, and servers that compress directly check them over columns too.
 */
export function columnstoreWay(table: PlannedTable, caps: Capabilities): ColumnstoreWay | null {
  if (table.columnstore === null || !caps.columnstore || !isHypertable(table, caps)) return null
  const reason = unsuited(table, caps)
  return { way: reason === null ? 'direct' : 'after', reason }
}

/** For people: what a plan says of a table. */
export function wayAsReason({ way, reason }: ColumnstoreWay): string {
  return way === 'direct'
    ? 'columnstore: past chunks are compressed as their rows come'
    : `columnstore: rows first, past chunks are compressed afterwards (${reason ?? ''})`
}

/** For people: one line of a preview. */
export function wayInWords(table: PlannedTable, { way, reason }: ColumnstoreWay): string {
  const after = table.columnstore?.after ?? ''
  return way === 'direct'
    ? `${table.name}   chunks older than ${after} are compressed as their rows come`
    : `${table.name}   rows first, then chunks older than ${after} are compressed (${reason ?? ''})`
}

function unsuited(table: PlannedTable, caps: Capabilities): string | null {
  if (!caps.directCompress) return `TimescaleDB ${caps.timescale ?? ''} is older than 2.28.1`
  return table.keys.length > 0 || table.indexes.some(({ unique }) => unique) ? 'the table has a unique index' : null
}
