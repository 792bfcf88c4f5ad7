/** Records that a store refused for good, kept so that the ones behind them could go on; open ones close the gates. */
import { HyperferryError } from '../errors.ts'
import type { Session } from '../target/connect.ts'

export interface ParkedRecord {
  id: string
  direction: 'to target' | 'to source'
  writer: string
  /** Source table. */
  collection: string
  /** As the journal holds it: text of packages/dual-write/src/journal/codec.ts. */
  record: string
  sqlstate: string | null
  reason: string
  /** Smallest instant of its rows, null without one. */
  low: string | null
  /** ISO 8601 UTC with microseconds. */
  at: string
}

/** Open ones, oldest first; `ids` only these. Throws HF-W015 when one of them is not there or not open. */
export async function listParked(
  session: Session,
  migrationId: number,
  ids: readonly number[] = [],
): Promise<ParkedRecord[]> {
  const { rows } = await session.query<ParkedRecord>(
    `select p.id::text, p.direction, w.name as writer, p.collection, p.record::text as record, p.sqlstate, p.reason, p.low_instant::text as low,
       to_char(p.created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at
     from hyperferry.parked_op p join hyperferry.writer w on w.id = p.writer_id
     where p.migration_id = $1 and p.status = 'open' and (cardinality($2::int8[]) = 0 or p.id = any ($2)) order by p.id`,
    [migrationId, ids],
  )
  const found = new Set(rows.map(({ id }) => id))
  const missing = ids.filter((id) => !found.has(String(id)))
  if (missing.length === 0) return rows
  throw new HyperferryError('HF-W015', { what: `no open parked record ${missing.join(', ')}` })
}

/** How many are open. */
export async function countParked(session: Session, migrationId: number): Promise<number> {
  const { rows } = await session.query<{ count: number }>(
    `select count(*)::int as count from hyperferry.parked_op where migration_id = $1 and status = 'open'`,
    [migrationId],
  )
  return rows[0]?.count ?? 0
}

/** Closes one, in the transaction of what was done about it. False when somebody else has closed it meanwhile: nothing may be done then. */
export async function settleParked(session: Session, id: string, status: 'delivered' | 'discarded'): Promise<boolean> {
  const { rowCount } = await session.query(
    `update hyperferry.parked_op set status = $2, settled_at = clock_timestamp() where id = $1 and status = 'open'`,
    [id, status],
  )
  return rowCount === 1
}

/** Puts a record for the source back into the outbox: only writers reach the source. It gets a new number there, since the old one was refused for certain. */
export async function backToOutbox(session: Session, id: string): Promise<void> {
  await session.query(
    `insert into hyperferry.outbox (migration_id, epoch, writer_id, record)
     select p.migration_id, d.epoch, p.writer_id, p.record
     from hyperferry.parked_op p join hyperferry.dual_write d on d.migration_id = p.migration_id where p.id = $1`,
    [id],
  )
}

/** What w1_applied does for a writer: rows that fall into the backfill's part are noted, so that a table without a key is not left with both copies. */
export async function noteLate(
  session: Session,
  migrationId: number,
  late: { source: string; instants: readonly bigint[] },
): Promise<void> {
  await session.query('select from hyperferry.dual_write where migration_id = $1 for key share', [migrationId])
  await session.query(
    `insert into hyperferry.late_op (table_id, span, rows)
     select t.id, numrange(min(i.instant), max(i.instant), '[]'), count(*)
     from hyperferry.migrated_table t join hyperferry.completion_point p on p.table_id = t.id
     cross join unnest($3::numeric[]) as i (instant)
     where t.migration_id = $1 and t.source = $2 and (i.instant < p.instant or i.instant >= p.beyond_instant)
     group by t.id`,
    [migrationId, late.source, late.instants.map(String)],
  )
}

/** A record that is given up leaves the stores different: everything has to be compared before anybody relies on them. */
export async function suspectDiscarded(session: Session, id: string): Promise<void> {
  await session.query(
    `insert into hyperferry.suspect_window (migration_id, writer_id, collection, from_at, to_at, reason)
     select migration_id, writer_id, collection, created_at, clock_timestamp(), 'a parked record was discarded'
     from hyperferry.parked_op where id = $1`,
    [id],
  )
}
