/** Whether what writers had committed when they were asked has arrived. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Target } from '../target/connect.ts'
import { withSession } from '../target/with-session.ts'
import { barrier } from './barrier.ts'

interface Progress {
  id: string
  /** Records of its journal that are in the target. */
  applied: string
  /** Records that were not, when it answered last. */
  left: string
}

/**
 * Asks all writers and waits until every record that they had committed by then is in the target (or parked), whatever follows behind: true. False when
 * that takes longer than `seconds`. Throws as `barrier` does. External writers are not asked.
 */
export async function delivered(
  target: Target,
  migrationId: number,
  { seconds, signal }: { seconds: number; signal: AbortSignal },
): Promise<boolean> {
  const end = performance.now() + seconds * 1000
  const goals = new Map<string, bigint>()
  for (const { id, applied, left } of await progress()) goals.set(id, BigInt(applied) + BigInt(left))
  for (;;) {
    const now = await progress()
    if (now.every(({ id, applied, left }) => left === '0' || BigInt(applied) >= (goals.get(id) ?? 0n))) return true
    if (performance.now() > end) return false
    await sleep(50)
  }

  /** `applied` is read after the answer, so a goal may be too high, never too low. */
  async function progress(): Promise<Progress[]> {
    await barrier(target, migrationId, { signal })
    return withSession(target, async (session) => {
      const { rows } = await session.query<Progress>(
        `select w.id::text, coalesce(i.applied, 0)::text as applied, (w.in_flight + w.pending + w.in_doubt)::text as left
         from hyperferry.writer w left join hyperferry.inbox i on i.journal = w.journal
         where w.migration_id = $1 and w.kind = 'library' and w.closed is null`,
        [migrationId],
      )
      return rows
    })
  }
}
