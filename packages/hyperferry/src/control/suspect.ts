/** Intervals in which a write may be in one store only. */
import type { Session } from '../target/connect.ts'

export interface SuspectWindow {
  writer: string
  /** Source table; null: any time series. */
  collection: string | null
  /** ISO 8601 UTC with microseconds. */
  from: string
  to: string
  reason: string
}

/**
 * Windows that are still open, oldest first: no verify that began after the window was noted has found everything equal. Everything is the whole of each
 * time series (nothing else is written twice), compared by content; counts prove nothing.
 */
export async function openSuspects(session: Session, migrationId: number): Promise<SuspectWindow[]> {
  const { rows } = await session.query<SuspectWindow>(
    `select w.name as writer, s.collection, to_char(s.from_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as from,
       to_char(s.to_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as to, s.reason
     from hyperferry.suspect_window s join hyperferry.writer w on w.id = s.writer_id
     where s.migration_id = $1 and not exists (
       select from hyperferry.step v
       where v.migration_id = $1 and v.step = 'verify' and v.status = 'done' and v.started_at > s.created_at
         and v.output ->> 'equal' = 'true' and v.output ->> 'level' in ('digest', 'rows')
         and not exists (
           select from hyperferry.migrated_table t
           where t.migration_id = $1 and t.kind = 'timeseries' and not v.output -> 'tables' @> jsonb_build_array(
             jsonb_build_object('source', t.source, 'equal', true, 'partial', false))))
     order by s.id`,
    [migrationId],
  )
  return rows
}
