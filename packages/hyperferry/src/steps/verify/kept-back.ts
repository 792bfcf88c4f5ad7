/** The quarantined rows of one table, as little of them as is needed to recognise them. */
import { hasDecisions } from '../../control/decisions.ts'
import type { PlannedTable } from '../../model.ts'
import type { Session } from '../../target/connect.ts'
import type { KeptBack } from './excused.ts'

/** Rows held at most; beyond them rows of the quarantine are taken for missing ones. */
export const KEPT_BACK_ROWS = 100_000

/** Open rows of a table, and those that a person has fixed or given up. Values, which may be large, come only where the key does not tell the row. */
export async function keptBackRows(session: Session, tableId: number, table: PlannedTable): Promise<KeptBack[]> {
  const how = (await hasDecisions(session)) ? 'q.settled_how' : 'null::text'
  const { rows } = await session.query<KeptBack>(
    `select case when q.status = 'open' then 'open' else ${how} end as how, q.column_name as column, q.key,
       case when k.known and not coalesce(q.column_name = any(k.names), false) then '{}'::json else q.row_values end as values
     from hyperferry.quarantine_row q,
       lateral (select coalesce(bool_and(name = any($2::text[])), false) as known, coalesce(array_agg(name), '{}') as names
         from json_object_keys(q.key) as name) k
     where q.table_id = $1 and (q.status = 'open' or ${how} in ('fix', 'discard')) order by q.id limit $3`,
    [tableId, table.columns.map((column) => column.source), KEPT_BACK_ROWS],
  )
  return rows
}
