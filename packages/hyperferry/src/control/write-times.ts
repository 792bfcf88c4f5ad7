/** How long the writes of an application take: as its processes say it, and as it was without a backfill. */
import type { Json } from '../model.ts'
import type { Session } from '../target/connect.ts'
import { countsOf } from './write-counts.ts'
import type { WriteCounts } from './write-counts.ts'

export interface WriteTimes {
  /** Number of the process in the control schema. */
  writer: string
  /** Since it was heard of. */
  ageMs: number
  /** Writes that have not ended. */
  inFlight: number
  /** Those that have, since the process has begun. */
  total: WriteCounts
  /** Those of the last half minute. */
  lately: WriteCounts
}

/** Of processes with the library that were heard of within a minute; earlier versions of the library say nothing of it. */
export async function readWriteTimes(session: Session, migrationId: number): Promise<WriteTimes[]> {
  const { rows } = await session.query<{ writer: string; age: string; flying: string; total: Json; lately: Json }>(
    `select id::text as writer, (extract(epoch from clock_timestamp() - heartbeat_at) * 1000)::int8::text as age, in_flight::text as flying,
       facts #> '{writeTimes,total}' as total, facts #> '{writeTimes,lately}' as lately
     from hyperferry.writer
     where migration_id = $1 and closed is null and kind = 'library' and facts -> 'writeTimes' is not null
       and heartbeat_at > clock_timestamp() - interval '1 minute' order by hyperferry.writer.id`,
    [migrationId],
  )
  return rows.map(({ writer, age, flying, total, lately }) => ({
    writer,
    ageMs: Number(age),
    inFlight: Number(flying),
    total: countsOf(total),
    lately: countsOf(lately),
  }))
}

/** How long the application's writes take while no task runs, in milliseconds. */
export interface QuietTimes {
  p50Ms: number
  /** null: too few writes to tell. */
  p99Ms: number | null
}

/** What a run knew that has worked within the last minute, so that what is measured now would be its doing; null: there was none. */
export async function readQuietTimes(
  session: Session,
  migrationId: number,
): Promise<{ quiet: QuietTimes | null } | null> {
  const { rows } = await session.query<{ quiet: QuietTimes | null }>(
    `select quiet from hyperferry.pacing where migration_id = $1 and worked_at > clock_timestamp() - interval '1 minute'`,
    [migrationId],
  )
  return rows[0] ?? null
}
