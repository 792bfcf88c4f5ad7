/** Checkpoints that came before their time, because of the amount of WAL: the sign that the disk writes pages twice. */
import type { Sight, Watched } from './sight.ts'

const WITHIN_MS = 300_000

/** Since the run began, or within five minutes. */
export async function checkpointsAsked({ session, postgres, checkpoints, nowMs }: Watched): Promise<Sight> {
  const { rows } = await session.query<{ asked: string }>(
    postgres >= 170_000
      ? 'select num_requested as asked from pg_stat_checkpointer'
      : 'select checkpoints_req as asked from pg_stat_bgwriter',
  )
  checkpoints.put(nowMs, Number(rows[0]?.asked))
  return { value: checkpoints.growth(nowMs, WITHIN_MS)?.value ?? 0 }
}
