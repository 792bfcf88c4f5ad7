/** What the receipts of a table leave to do, worked out by the server: a table of terabytes has a million of them, and none is needed here. */
import { MAIN_LANE, RESIDUAL_LANE } from '../model.ts'
import type { Lane, Split, Span } from '../model.ts'
import type { Session } from '../target/connect.ts'
import { spanText } from './spans.ts'

const EVERYTHING: Span = { from: null, to: null }

/** The parts of `within` (default: everything) that no receipt of the lane covers, in order, as few as possible. */
export async function gaps(session: Session, tableId: number, lane: Lane, within: Span = EVERYTHING): Promise<Span[]> {
  const { rows } = await session.query<{ from: string | null; to: string | null }>(
    `select lower(gap)::text as from, upper(gap)::text as to
     from unnest(nummultirange($3::numrange) - coalesce(
       (select range_agg(span) from hyperferry.receipt where table_id = $1 and lane = $2 and span && $3::numrange),
       '{}'::nummultirange)) as gap
     order by gap`,
    [tableId, lane, spanText(within)],
  )
  return rows.map(({ from, to }) => ({
    from: from === null ? null : BigInt(from),
    to: to === null ? null : BigInt(to),
  }))
}

/** The lanes whose receipts together say that a table is done. A table that is not split has no rows apart. */
export function lanesOf({ split }: { split: Split }): Lane[] {
  return split === 'all' ? [MAIN_LANE] : [MAIN_LANE, RESIDUAL_LANE]
}

/** Whether nothing of a table is left to copy. */
export async function isComplete(session: Session, tableId: number, table: { split: Split }): Promise<boolean> {
  for (const lane of lanesOf(table)) if ((await gaps(session, tableId, lane)).length > 0) return false
  return true
}

/** Sums over the receipts of a table: how many there are, and what they carried. */
export async function booked(
  session: Session,
  tableId: number,
): Promise<{ receipts: number; rows: number; bytes: number }> {
  const { rows } = await session.query<{ receipts: string; rows: string; bytes: string }>(
    `select count(*)::text as receipts, coalesce(sum(rows), 0)::text as rows, coalesce(sum(bytes), 0)::text as bytes
     from hyperferry.receipt where table_id = $1`,
    [tableId],
  )
  return {
    receipts: Number(rows[0]?.receipts ?? 0),
    rows: Number(rows[0]?.rows ?? 0),
    bytes: Number(rows[0]?.bytes ?? 0),
  }
}

/** Whether any receipt of the table exists. */
export async function isStarted(session: Session, tableId: number): Promise<boolean> {
  const { rows } = await session.query<{ some: boolean }>(
    'select exists (select from hyperferry.receipt where table_id = $1) as some',
    [tableId],
  )
  return rows[0]?.some === true
}
