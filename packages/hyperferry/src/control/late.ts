/** Rows that writers deliver into the backfill's part of a table, and the receipts they concern (docs/design/0009, mode replace). */
import type { Lane, Span } from '../model.ts'
import type { Session } from '../target/connect.ts'
import { spanText } from './spans.ts'

/**
 * The highest number that a late op was given so far. Its transaction may still run: who wants to be sure that every op up to here is visible
 * waits for the transactions that write the table at this moment, since numbers are given out after the rows were written.
 */
export async function lastLateOp(session: Session): Promise<bigint> {
  const { rows } = await session.query<{ last: string }>(
    `select coalesce(pg_sequence_last_value(pg_get_serial_sequence('hyperferry.late_op', 'id')::regclass), 0)::text as last`,
  )
  return BigInt(rows[0]?.last ?? '0')
}

/** Rows delivered into the backfill's part so far. */
export async function lateRows(session: Session, tableId: number): Promise<bigint> {
  const { rows } = await session.query<{ rows: string }>(
    'select coalesce(sum(rows), 0)::text as rows from hyperferry.late_op where table_id = $1',
    [tableId],
  )
  return BigInt(rows[0]?.rows ?? '0')
}

/** A receipt whose range got rows after it was deleted. */
export interface Touched {
  id: bigint
  lane: Lane
  span: Span
}

/** How many late ops are looked at together. */
const PAGE = 2000

/**
 * The receipts of the main lane that have to be done again: a late op with a higher number than they remember falls into their span. `spanOf` gives the
 * positions of rows whose instants lie between two, both included.
 */
export async function touchedReceipts(
  session: Session,
  tableId: number,
  spanOf: (low: bigint, high: bigint) => Span,
): Promise<Touched[]> {
  const found = new Map<string, Touched>()
  let after = await oldestWatermark(session, tableId)
  if (after === null) return []
  for (;;) {
    const { rows: late } = await session.query<{ id: string; low: string; high: string }>(
      `select id::text, lower(span)::text as low, upper(span)::text as high from hyperferry.late_op
       where table_id = $1 and hyperferry.late_op.id > $2 order by hyperferry.late_op.id limit ${PAGE}`,
      [tableId, String(after)],
    )
    const last = late.at(-1)
    if (last === undefined) return [...found.values()]
    after = BigInt(last.id)
    const spans = late.map(({ low, high }) => spanText(spanOf(BigInt(low), BigInt(high))))
    // The first two conditions are what the index of the exclusion constraint needs.
    const { rows } = await session.query<{ id: string; lane: Lane; from: string | null; to: string | null }>(
      `select distinct r.id::text, r.lane, lower(r.span)::text as from, upper(r.span)::text as to
       from unnest($2::bigint[], $3::numrange[]) as late (id, span)
       join hyperferry.receipt r on int4range(r.table_id, r.table_id, '[]') = int4range($1, $1, '[]')
         and int4range(r.lane, r.lane, '[]') = int4range(0, 0, '[]') and r.span && late.span and r.late_since < late.id`,
      [tableId, late.map(({ id }) => id), spans],
    )
    for (const { id, lane, from, to } of rows) {
      found.set(id, {
        id: BigInt(id),
        lane,
        span: { from: from === null ? null : BigInt(from), to: to === null ? null : BigInt(to) },
      })
    }
  }
}

/** The lowest number that a receipt of the table remembers; null when none does. */
export async function oldestWatermark(session: Session, tableId: number): Promise<bigint | null> {
  const { rows } = await session.query<{ since: string | null }>(
    'select min(late_since)::text as since from hyperferry.receipt where table_id = $1',
    [tableId],
  )
  const since = rows[0]?.since ?? null
  return since === null ? null : BigInt(since)
}

/** Whether rows came into the part after its oldest receipt: a table that is done as a whole has to be done again. */
export async function isTouched(session: Session, tableId: number): Promise<boolean> {
  const { rows } = await session.query<{ touched: boolean }>(
    `select exists (select from hyperferry.late_op where table_id = $1
       and id > (select min(late_since) from hyperferry.receipt where table_id = $1)) as touched`,
    [tableId],
  )
  return rows[0]?.touched === true
}

/** The range is copied again, and its rows come into quarantine again; what was decided about them is not forgotten without a word. */
const UNDONE = `insert into hyperferry.event (migration_id, kind, table_id, message, data)
  select t.migration_id, 'quarantine decision undone', t.id, 'the range is copied again',
    json_build_object('how', q.settled_how, 'by', q.settled_by, 'reason', q.settled_reason, 'key', q.key)
  from hyperferry.quarantine_row q join hyperferry.migrated_table t on t.id = q.table_id`
const DECIDED = `and q.settled_how in ('fix', 'discard')`

/** Takes a receipt back, in the transaction that does its range again; false when somebody else has. */
export async function takeBack(session: Session, receiptId: bigint): Promise<boolean> {
  // First the lock: of two tools that redo a range, the second waits here and then finds it gone.
  const { rows } = await session.query('select from hyperferry.receipt where id = $1 for update', [String(receiptId)])
  if (rows.length === 0) return false
  await session.query(`${UNDONE} where q.receipt_id = $1 ${DECIDED}`, [String(receiptId)])
  await session.query('delete from hyperferry.quarantine_row where receipt_id = $1', [String(receiptId)])
  await session.query('delete from hyperferry.receipt where id = $1', [String(receiptId)])
  return true
}

/** All receipts of a table, in the transaction that empties it. */
export async function takeAllBack(session: Session, tableId: number): Promise<void> {
  await session.query(`${UNDONE} where q.table_id = $1 ${DECIDED}`, [tableId])
  await session.query('delete from hyperferry.quarantine_row where table_id = $1', [tableId])
  await session.query('delete from hyperferry.receipt where table_id = $1', [tableId])
}

/** Open parked records of a table that hold rows of the backfill's part: in the source, not in the target, and nobody knows when they will come. */
export async function parkedInPart(
  session: Session,
  migrationId: number,
  table: { source: string; instant: bigint; beyondInstant: bigint },
): Promise<number> {
  const { rows } = await session.query<{ records: number }>(
    `select count(*)::int as records from hyperferry.parked_op
     where migration_id = $1 and collection = $2 and status = 'open' and direction = 'to target'
       and (low_instant is null or low_instant < $3 or low_instant >= $4)`,
    [migrationId, table.source, String(table.instant), String(table.beyondInstant)],
  )
  return rows[0]?.records ?? 0
}
