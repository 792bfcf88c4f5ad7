/** Windows of aggregates that were refreshed and proven; a later run asks the server whether they still are. */
import type { Session } from '../target/session.ts'

export interface RefreshedWindow {
  from: string
  to: string
  rows: number
}

/** Proven windows of one aggregate. */
export async function refreshedWindows(
  session: Session,
  migrationId: number,
  aggregate: string,
): Promise<RefreshedWindow[]> {
  const { rows } = await session.query<{ from: string; to: string; rows: string }>(
    `select from_bound as from, to_bound as to, rows from hyperferry.refreshed_window where migration_id = $1 and aggregate = $2`,
    [migrationId, aggregate],
  )
  return rows.map((row) => ({ ...row, rows: Number(row.rows) }))
}

/** Keeps a proven window; proven again, it gets the new count. */
export async function putRefreshed(
  session: Session,
  migrationId: number,
  aggregate: string,
  window: RefreshedWindow,
): Promise<void> {
  await session.query(
    `insert into hyperferry.refreshed_window (migration_id, aggregate, from_bound, to_bound, rows) values ($1, $2, $3, $4, $5)
     on conflict (migration_id, aggregate, from_bound, to_bound) do update set rows = excluded.rows, proven_at = clock_timestamp()`,
    [migrationId, aggregate, window.from, window.to, window.rows],
  )
}
