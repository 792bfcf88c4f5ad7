/** Who writes: processes with the library, as they report themselves, and writers declared by hand. */
import type { Json, Lateness, Stage, WriterInfo } from '../model.ts'
import type { Session } from '../target/connect.ts'
import { countsOf, percentile, writesIn } from './write-counts.ts'

/** A writer that was not heard of for so long is silent; it polls at least twice a second. */
const SILENT_AFTER_SECONDS = 15

interface Row {
  id: string
  name: string
  kind: WriterInfo['kind']
  closed: 'clean' | 'superseded' | 'lost' | 'stopped' | null
  stage: Stage
  epoch: number
  dualSince: string | null
  held: string | null
  barrier: string
  inFlight: string
  pending: string
  inDoubt: string
  low: Record<string, string>
  lateness: Record<string, Lateness>
  offset: string | null
  error: string | null
  facts: Record<string, Json>
  age: string
}

/** Writers of a migration, oldest first. `open`: without those that ended, whichever way. */
export async function writersOf(
  session: Session,
  migrationId: number,
  which: 'open' | 'all' = 'open',
): Promise<WriterInfo[]> {
  const { rows } = await session.query<Row>(
    `select id::text, name, kind, closed, stage, epoch, to_char(dual_since, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "dualSince", held,
       barrier::text, in_flight::text as "inFlight", pending::text, in_doubt::text as "inDoubt", low, lateness, facts,
       clock_offset_us::text as "offset", clock_error_us::text as error,
       (extract(epoch from clock_timestamp() - heartbeat_at) * 1000)::int8::text as age
     from hyperferry.writer where migration_id = $1 and ($2 = 'all' or closed is null) order by hyperferry.writer.id`,
    [migrationId, which],
  )
  return rows.map(writer)
}

function writer({ closed, barrier, inFlight, pending, inDoubt, offset, error, age, facts, ...row }: Row): WriterInfo {
  const heartbeatAgeMs = Number(age)
  const { writeTimes, ...others } = facts
  const state = closed ?? stateOf(row.kind, heartbeatAgeMs)
  return {
    ...row,
    state,
    barrier: Number(barrier),
    inFlight: Number(inFlight),
    pending: Number(pending),
    inDoubt: Number(inDoubt),
    clock: offset === null || error === null ? null : { offsetUs: Number(offset), errorUs: Number(error) },
    writes: state === 'alive' ? writesOf(writeTimes) : null,
    facts: others,
    heartbeatAgeMs,
  }
}

function writesOf(times: Json | undefined): WriterInfo['writes'] {
  const lately =
    typeof times === 'object' && times !== null && 'lately' in times ? countsOf(times['lately']) : new Map()
  const [p50Ms, p99Ms] = [percentile(lately, 0.5), percentile(lately, 0.99)]
  return p50Ms === null || p99Ms === null ? null : { count: writesIn(lately), p50Ms, p99Ms }
}

function stateOf(kind: WriterInfo['kind'], ageMs: number): WriterInfo['state'] {
  if (kind === 'external') return 'declared'
  return ageMs > SILENT_AFTER_SECONDS * 1000 ? 'silent' : 'alive'
}
