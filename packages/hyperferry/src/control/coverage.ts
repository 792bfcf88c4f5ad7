/** What the receipts of a table leave to do, worked out by the server: a table of terabytes has a million of them, and none is needed here. */
import { MAIN_LANE, RESIDUAL_LANE } from '../model.ts'
import type { CompletionPoint, Lane, Split, Span } from '../model.ts'
import type { Session } from '../target/connect.ts'
import { spanText } from './spans.ts'

const EVERYTHING: readonly Span[] = [{ from: null, to: null }]

/**
 * The spans of the main lane that the backfill is responsible for: everything, or, once a completion point was decided and the table is split by time, what
 * lies before T and from F on. Tables split otherwise are covered whole, and rows are told apart by their time.
 */
export function partOf(
  { split }: { split: Split },
  point: Pick<CompletionPoint, 'position' | 'beyondPosition'> | undefined,
): readonly Span[] {
  if (point === undefined || split !== 'time') return EVERYTHING
  return [
    { from: null, to: point.position },
    { from: point.beyondPosition, to: null },
  ]
}

/**
 * The parts of `within` (default: everything) that no receipt of the lane covers, in order, as few as possible. While the application writes, only what
 * lies outside of [T, F) is to be copied (docs/design/0009); of a table that is not split by time that is said of the rows, not of the positions.
 */
// eslint-disable-next-line max-params -- a lane of a table, and where to look
export async function gaps(
  session: Session,
  tableId: number,
  lane: Lane,
  within: readonly Span[] = EVERYTHING,
): Promise<Span[]> {
  const { rows } = await session.query<{ from: string | null; to: string | null }>(
    `with part as (select range_agg(each) as spans from unnest($3::numrange[]) as each)
     select lower(gap)::text as from, upper(gap)::text as to
     from unnest((select spans from part) - coalesce(
       (select range_agg(span) from hyperferry.receipt where table_id = $1 and lane = $2 and span && (select spans from part)),
       '{}'::nummultirange)) as gap
     order by gap`,
    [tableId, lane, within.map(spanText)],
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

/** Whether nothing of a table is left to copy; `part` as `partOf` says, default everything. */
// eslint-disable-next-line max-params -- a table, and the part of it that counts
export async function isComplete(
  session: Session,
  tableId: number,
  table: { split: Split },
  part: readonly Span[] = EVERYTHING,
): Promise<boolean> {
  for (const lane of lanesOf(table))
    if ((await gaps(session, tableId, lane, lane === MAIN_LANE ? part : EVERYTHING)).length > 0) return false
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
