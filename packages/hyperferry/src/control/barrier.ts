/** A question to all writers, answered with what they know after they have seen it: an old heartbeat proves nothing. */
import { setTimeout as sleep } from 'node:timers/promises'
import { HyperferryError } from '../errors.ts'
import type { WriterInfo } from '../model.ts'
import type { Target } from '../target/connect.ts'
import { withSession } from '../target/with-session.ts'
import { writersOf } from './writers.ts'

export interface BarrierOptions {
  /** Default 30. */
  seconds?: number
  signal: AbortSignal
  /** Whether an answer will do; asked again with later answers until it does. Default: any answer. */
  enough?: (writer: WriterInfo) => boolean
}

const POLL_MS = 50

/**
 * Raises the barrier and waits until every open library writer has answered it well enough. Throws HF-B030 naming the writers that have not, HF-B022 when
 * interrupted. Without writers it returns at once. External writers cannot answer; who needs more than their declared lateness must refuse them.
 */
export async function barrier(target: Target, migrationId: number, options: BarrierOptions): Promise<WriterInfo[]> {
  const number = await withSession(target, async (session) => {
    const { rows } = await session.query<{ barrier: string }>(
      'update hyperferry.dual_write set barrier = barrier + 1 where migration_id = $1 returning barrier::text',
      [migrationId],
    )
    return Number(rows[0]?.barrier ?? 0)
  })
  const end = performance.now() + (options.seconds ?? 30) * 1000
  for (;;) {
    if (options.signal.aborted) throw new HyperferryError('HF-B022', { what: 'waiting for the writers: interrupted' })
    const writers = await withSession(target, (session) => writersOf(session, migrationId))
    const missing = writers.filter(
      (each) => each.kind === 'library' && (each.barrier < number || options.enough?.(each) === false),
    )
    if (missing.length === 0) return writers
    if (performance.now() > end) {
      throw new HyperferryError('HF-B030', {
        what: missing.map((each) => `${each.name} ${why(each, number)}`).join('; '),
        details: { writers: missing.map(({ name }) => name) },
      })
    }
    await sleep(POLL_MS)
  }
}

function why(writer: WriterInfo, number: number): string {
  if (writer.barrier < number) return `was not heard of for ${(writer.heartbeatAgeMs / 1000).toFixed(1)} s`
  return `has not delivered ${writer.inFlight + writer.pending + writer.inDoubt} records`
}

/** For `enough`: nothing undelivered falls into the backfill's part of a table. */
export function clearOf(
  source: string,
  part: { instant: bigint; beyondInstant: bigint },
): (writer: WriterInfo) => boolean {
  return ({ low }) => {
    const smallest = low[source]
    // Above F the smallest instant does not tell whether a larger one waits too; so far ahead nothing is in a hurry.
    return smallest === undefined || (BigInt(smallest) >= part.instant && BigInt(smallest) < part.beyondInstant)
  }
}
