/** Rows that nobody has decided about, and how many of them a person has said may stay. */
import { countOpen } from '../control/quarantine.ts'
import { stepHistory } from '../control/step-log.ts'
import type { Session } from '../target/connect.ts'
import { acceptedRows } from './books.ts'

/** `sources`: only of these tables of the source. `accepted` is what the last `relational` and `backfill` were told. */
export async function openQuarantine(
  session: Session,
  migrationId: number,
  sources?: ReadonlySet<string>,
): Promise<{ open: number; accepted: number }> {
  const open = (await countOpen(session, migrationId)).filter(({ table }) => sources?.has(table) ?? true)
  return {
    open: open.reduce((sum, { count }) => sum + Number(count), 0),
    accepted: acceptedRows(await stepHistory(session, migrationId)),
  }
}
