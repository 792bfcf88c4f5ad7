/** Who has answered for a closed gate, and why: kept as an event, whatever became of the command. */
import type { Gate } from '../model.ts'
import type { Session } from '../target/connect.ts'

/** Notes those of `found` that were closed and that a person opened. */
// eslint-disable-next-line max-params -- where, of what, and what the person said
export async function noteAccepted(
  session: Session,
  migrationId: number,
  found: readonly Gate[],
  { accept = [], reason }: { accept?: readonly string[]; reason?: string },
): Promise<void> {
  for (const { code, reason: state } of found.filter((gate) => !gate.ok && accept.includes(gate.code))) {
    await session.query(
      `insert into hyperferry.event (migration_id, kind, message, data)
       values ($1, 'gate accepted', $2, jsonb_build_object('code', $3::text, 'state', $4::text, 'by', session_user))`,
      [migrationId, reason ?? '', code, state],
    )
  }
}
