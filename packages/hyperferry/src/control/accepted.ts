/** Who has answered for a closed gate, and why: kept as an event, whatever became of the command. */
import type { Gate } from '../model.ts'
import type { Session } from '../target/connect.ts'

/** Notes those of `closed` that a person opened. `codes` are the ones given. */
export async function noteAccepted(
  session: Session,
  migrationId: number,
  { closed, codes, reason }: { closed: readonly Gate[]; codes: readonly string[]; reason: string | undefined },
): Promise<void> {
  for (const { code, reason: state } of closed.filter((gate) => codes.includes(gate.code))) {
    await session.query(
      `insert into hyperferry.event (migration_id, kind, message, data)
       values ($1, 'gate accepted', $2, jsonb_build_object('code', $3::text, 'state', $4::text, 'by', session_user))`,
      [migrationId, reason ?? '', code, state],
    )
  }
}
