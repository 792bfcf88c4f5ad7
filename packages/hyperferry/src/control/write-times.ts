/** How long the writes of an application take: as its processes say it, and as it was without a backfill. */
import type { Json } from '../model.ts'
import type { Session } from '../target/connect.ts'
import { countsOf } from './write-counts.ts'
import type { WriteCounts } from './write-counts.ts'

export interface WriteTimes {
  /** Number of the process in the control schema. */
  writer: string
  /** Since it has begun. */
  total: WriteCounts
  /** Of the last half minute. */
  lately: WriteCounts
}

/** Of all processes with the library that were heard of within some seconds; earlier versions of the library say nothing of it. */
export async function readWriteTimes(session: Session, migrationId: number): Promise<WriteTimes[]> {
  const { rows } = await session.query<{ writer: string; total: Json; lately: Json }>(
    `select id::text as writer, facts #> '{writeTimes,total}' as total, facts #> '{writeTimes,lately}' as lately from hyperferry.writer
     where migration_id = $1 and closed is null and kind = 'library' and facts -> 'writeTimes' is not null
       and heartbeat_at > clock_timestamp() - interval '5 seconds' order by hyperferry.writer.id`,
    [migrationId],
  )
  return rows.map(({ writer, total, lately }) => ({ writer, total: countsOf(total), lately: countsOf(lately) }))
}

/** Milliseconds of the application's writes while no task runs. */
export interface QuietTimes {
  p50Ms: number
  p99Ms: number
}

/** What an earlier run knew, if it has ended within a minute: what is measured now would be its own doing. */
export async function readQuietTimes(session: Session, migrationId: number): Promise<QuietTimes | null> {
  const { rows } = await session.query<{ quiet: QuietTimes | null }>(
    `select quiet from hyperferry.pacing where migration_id = $1 and quiet_at > clock_timestamp() - interval '1 minute'`,
    [migrationId],
  )
  return rows[0]?.quiet ?? null
}
