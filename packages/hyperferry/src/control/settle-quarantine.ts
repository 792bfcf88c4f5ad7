/** What becomes of rows in quarantine, and what the receipts say of it: both in one transaction (docs/design/0013). */
import { HyperferryError } from '../errors.ts'
import type { Lane, Loss, RejectedRow, Span } from '../model.ts'
import type { Session } from '../target/connect.ts'
import { Digest } from '../values/digest.ts'
import { printable } from './quarantine.ts'
import { addLosses } from './totals.ts'

export type SettledStatus = 'delivered' | 'discarded' | 'gone'
export type SettledHow = 'fix' | 'retry' | 'discard' | 'gone'

/** A row in quarantine with all that is needed to settle it. */
export interface KeptRow extends Omit<RejectedRow, 'hash'> {
  id: string
  tableId: number
  /** Source table. */
  table: string
  receiptId: string
  /** Of the row as it was sent; null: the transcoder refused it. */
  hash: string | null
  /** Whether `key` is in the source's own words. */
  sourceKey: boolean
  /** Of its receipt. */
  lane: Lane
  span: Span
}

/** Which rows are meant. Nothing given: all. */
export interface Selection {
  ids?: readonly string[]
  /** Source names. */
  tables?: readonly string[]
  codes?: readonly string[]
}

export interface Found {
  id: string
  table: string
  code: string
  status: 'open' | SettledStatus
}

const CHOSEN = `from hyperferry.quarantine_row q join hyperferry.migrated_table t on t.id = q.table_id
  where t.migration_id = $1 and ($2::int8[] is null or q.id = any ($2)) and ($3::text[] is null or t.source = any ($3))
    and ($4::text[] is null or q.code = any ($4))`

/** The rows of a selection, oldest first: those named by their ids whatever became of them, else open ones. Throws HF-Q001 for an id that is not there. */
export async function chosen(session: Session, migrationId: number, selection: Selection): Promise<Found[]> {
  const { ids, tables, codes } = selection
  const { rows } = await session.query<Found>(
    `select q.id::text, t.source as table, q.code, q.status ${CHOSEN} and ($2::int8[] is not null or q.status = 'open') order by q.id`,
    [migrationId, ids ?? null, tables ?? null, codes ?? null],
  )
  const found = new Set(rows.map(({ id }) => id))
  const missing = (ids ?? []).filter((id) => !found.has(id))
  if (missing.length === 0) return rows
  throw new HyperferryError('HF-Q001', {
    what: `migration has no row ${missing.slice(0, 5).join(', ')} in quarantine${missing.length > 5 ? ', …' : ''}`,
  })
}

/** Those of the rows that are open, locked until the transaction ends. */
export async function lockOpen(session: Session, ids: readonly string[]): Promise<KeptRow[]> {
  const { rows } = await session.query<Omit<KeptRow, 'span'> & { from: string | null; to: string | null }>(
    `select q.id::text, q.table_id as "tableId", t.source as table, q.receipt_id::text as "receiptId", q.code, q.column_name as column, q.reason,
       q.sqlstate, q.key, q.row_values as values, q.row_hash as hash, q.source_key as "sourceKey", r.lane,
       lower(r.span)::text as from, upper(r.span)::text as to
     from hyperferry.quarantine_row q join hyperferry.migrated_table t on t.id = q.table_id join hyperferry.receipt r on r.id = q.receipt_id
     where q.id = any ($1::int8[]) and q.status = 'open' order by q.id for update of q`,
    [ids],
  )
  const position = (text: string | null): bigint | null => (text === null ? null : BigInt(text))
  return rows.map(({ from, to, ...row }) => ({ ...row, span: { from: position(from), to: position(to) } }))
}

/** Closes open rows; within the transaction of what was done about them. Returns how many were. */
export async function settle(
  session: Session,
  ids: readonly string[],
  as: {
    status: SettledStatus
    how: SettledHow
    reason?: string
    /** Of a fix. */
    values?: Readonly<Record<string, string | null>>
    tuple?: Uint8Array
  },
): Promise<number> {
  const { rowCount } = await session.query(
    `update hyperferry.quarantine_row set status = $2, settled_how = $3, settled_reason = $4, settled_values = $5::json, settled_tuple = $6,
       settled_by = session_user, settled_at = clock_timestamp()
     where id = any ($1::int8[]) and status = 'open'`,
    [
      ids,
      as.status,
      as.how,
      as.reason === undefined ? null : printable(as.reason),
      as.values === undefined ? null : JSON.stringify(as.values),
      as.tuple === undefined ? null : Buffer.from(as.tuple),
    ],
  )
  return rowCount ?? 0
}

/** A row that does not fit yet, as it was met now. */
export async function keepOpen(
  session: Session,
  id: string,
  why: Omit<RejectedRow, 'key'> & { key?: RejectedRow['key'] },
): Promise<void> {
  await session.query(
    `update hyperferry.quarantine_row set code = $2, column_name = $3, reason = $4, sqlstate = $5, key = coalesce($6::json, key),
       row_values = $7::json, row_hash = $8
     where id = $1 and status = 'open'`,
    [
      id,
      why.code,
      why.column,
      printable(why.reason),
      why.sqlstate,
      why.key === undefined ? null : JSON.stringify(why.key),
      JSON.stringify(why.values),
      why.hash ?? null,
    ],
  )
}

/** Rows that are in the target now: from the quarantine of their receipt to its rows and its digest. */
export async function bookDelivered(
  session: Session,
  receiptId: string,
  delivered: { digest: Digest; bytes: number; losses: readonly Loss[] },
): Promise<void> {
  const { rows } = await session.query<{ digest: string; losses: Loss[] }>(
    'select digest, losses from hyperferry.receipt where id = $1 for update',
    [receiptId],
  )
  const [now] = rows
  if (now === undefined) throw new HyperferryError('HF-X001', { what: `receipt ${receiptId} is gone` })
  const digest = Digest.parse(now.digest)
  digest.merge(delivered.digest)
  await session.query(
    `update hyperferry.receipt set rows = rows + $2, quarantined = quarantined - $2, bytes = bytes + $3, digest = $4, losses = $5 where id = $1`,
    [
      receiptId,
      delivered.digest.rows,
      delivered.bytes,
      digest.toString(),
      JSON.stringify(addLosses([...now.losses, ...delivered.losses])),
    ],
  )
}

/** Rows that the source has no more count no more. */
export async function bookGone(session: Session, receiptId: string, rows: number): Promise<void> {
  await session.query('update hyperferry.receipt set quarantined = quarantined - $2 where id = $1', [receiptId, rows])
}
