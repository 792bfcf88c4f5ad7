/** Rows that could not be represented, kept with their reason. Written in the transaction of the task that met them. */
import type { RejectedRow } from '../model.ts'
import type { Session } from '../target/connect.ts'
import { hasDecisions } from './decisions.ts'

/** A row as `listQuarantine` shows it. */
export interface QuarantinedRow extends RejectedRow {
  id: string
  /** Source table. */
  table: string
  status: 'open' | 'delivered' | 'discarded' | 'gone'
  /** ISO 8601 UTC with microseconds. */
  at: string
  settledAt: string | null
  /** How it was settled, by whom, and why. */
  how: 'fix' | 'retry' | 'discard' | 'gone' | null
  by: string | null
  settledReason: string | null
  /** Of a fix: what a person gave, by source column. */
  settledValues: Record<string, string | null> | null
}

/** Rows of one statement: bounds the size of one parameter, since a row may hold megabytes. */
const ROWS_AT_ONCE = 500
const BYTES_AT_ONCE = 8 * 1024 * 1024

/** Stores rejected rows under a receipt; call it within the task's transaction, after `insertReceipt`. */
export async function putQuarantine(
  session: Session,
  tableId: number,
  receiptId: bigint,
  rows: readonly RejectedRow[],
): Promise<void> {
  let batch: RejectedRow[] = []
  let bytes = 0
  const flush = async (): Promise<void> => {
    if (batch.length > 0) await insert(session, [tableId, receiptId], batch)
    batch = []
    bytes = 0
  }
  for (const row of rows) {
    const size = sizeOf(row)
    if (batch.length >= ROWS_AT_ONCE || (bytes > 0 && bytes + size > BYTES_AT_ONCE)) await flush()
    batch.push(row)
    bytes += size
  }
  await flush()
}

/** key and values go as text of type json: PostgreSQL would refuse an escaped NUL if it had to take them apart. */
async function insert(
  session: Session,
  [tableId, receiptId]: readonly [number, bigint],
  rows: readonly RejectedRow[],
): Promise<void> {
  await session.query(
    `insert into hyperferry.quarantine_row (table_id, receipt_id, code, column_name, reason, sqlstate, key, row_values, row_hash, source_key)
     select $1, $2, r.code, r.column_name, r.reason, r.sqlstate, r.key::json, r.row_values::json, r.row_hash, r.row_hash is null
     from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
       as r(code, column_name, reason, sqlstate, key, row_values, row_hash)`,
    [
      tableId,
      receiptId,
      rows.map((row) => row.code),
      rows.map((row) => row.column),
      rows.map((row) => printable(row.reason)),
      rows.map((row) => row.sqlstate),
      rows.map((row) => JSON.stringify(row.key)),
      rows.map((row) => JSON.stringify(row.values)),
      rows.map((row) => row.hash ?? null),
    ],
  )
}

/** PostgreSQL holds no NUL. */
export function printable(reason: string): string {
  return reason.replaceAll('\0', '\u{fffd}')
}

function sizeOf(row: RejectedRow): number {
  return Object.values(row.values).reduce((sum, value) => sum + (value?.length ?? 0), 200)
}

export interface ListOptions {
  /** Source name; default all tables. */
  table?: string
  codes?: readonly string[]
  /** Default 100. */
  limit?: number
  /** Also those that were settled. */
  all?: boolean
  /** Only rows with larger ids: for reading page by page. */
  after?: string
}

/** Rows in quarantine, oldest first: open ones, unless `all` is asked for. */
export async function listQuarantine(
  session: Session,
  migrationId: number,
  options: ListOptions = {},
): Promise<QuarantinedRow[]> {
  const settled = (await hasDecisions(session))
    ? `q.settled_how as how, q.settled_by as by, q.settled_reason as "settledReason", q.settled_values as "settledValues"`
    : 'null::text as how, null::text as by, null::text as "settledReason", null::json as "settledValues"'
  const { rows } = await session.query<QuarantinedRow>(
    `select q.id::text, t.source as table, q.code, q.column_name as column, q.reason, q.sqlstate, q.key, q.row_values as values,
       q.status, to_char(q.created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at,
       to_char(q.settled_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "settledAt", ${settled}
     from hyperferry.quarantine_row q join hyperferry.migrated_table t on t.id = q.table_id
     where t.migration_id = $1 and ($2::text is null or t.source = $2) and ($3 or q.status = 'open')
       and ($5::text[] is null or q.code = any ($5)) and q.id > $6
     order by q.id limit $4`,
    [
      migrationId,
      options.table ?? null,
      options.all === true,
      options.limit ?? 100,
      options.codes ?? null,
      options.after ?? '0',
    ],
  )
  return rows
}

/** Open rows for each table that has some, by source name. */
export async function countOpen(session: Session, migrationId: number): Promise<{ table: string; count: bigint }[]> {
  const { rows } = await session.query<{ table: string; count: string }>(
    `select t.source as table, count(*) as count
     from hyperferry.quarantine_row q join hyperferry.migrated_table t on t.id = q.table_id
     where t.migration_id = $1 and q.status = 'open' group by t.source order by t.source`,
    [migrationId],
  )
  return rows.map((row) => ({ table: row.table, count: BigInt(row.count) }))
}
