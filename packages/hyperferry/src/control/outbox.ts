/** What the target, while it is primary, still has for the source. */
import type { Session } from '../target/connect.ts'

/** Records of the outbox; one that is being delivered is locked and still there. */
export async function countOutbox(session: Session, migrationId: number): Promise<number> {
  const { rows } = await session.query<{ n: string }>(
    'select count(*)::text as n from hyperferry.outbox where migration_id = $1',
    [migrationId],
  )
  return Number(rows[0]?.n ?? 0)
}
