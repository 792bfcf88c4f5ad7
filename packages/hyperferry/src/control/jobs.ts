/** What jobs were before they were paused. A snapshot is open until its job was put back, or is no longer ours to put back. */
import type { Gate, Json } from '../model.ts'
import type { Job, JobKind } from '../target/jobs.ts'
import type { Session } from '../target/session.ts'

export interface Snapshot {
  id: string
  jobId: number
  /** `paused`: by `jobs pause`. `planned`: made paused by `schema`; the plan says that it should run. */
  origin: 'paused' | 'planned'
  table: string | null
  object: string | null
  kind: JobKind
  /** The catalog's row without `scheduled`, as text of a jsonb. */
  definition: string
  timezone: string | null
  /** Text of a timestamptz in UTC; null when the server is to choose. */
  nextStart: string | null
}

/** Keeps a job as it is now; an open snapshot of it is settled, because somebody has changed the job since. */
export async function putSnapshot(
  session: Session,
  migrationId: number,
  job: Pick<Job, 'id' | 'table' | 'object' | 'kind' | 'definition' | 'timezone' | 'nextStart'>,
  origin: Snapshot['origin'],
): Promise<void> {
  await session.query(
    `update hyperferry.job_snapshot set state = 'left', settled_at = clock_timestamp()
     where migration_id = $1 and job_id = $2 and state = 'paused'`,
    [migrationId, job.id],
  )
  await session.query(
    `insert into hyperferry.job_snapshot (migration_id, job_id, origin, target_table, object, kind, definition, timezone, next_start)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      migrationId,
      job.id,
      origin,
      job.table,
      job.object,
      job.kind,
      job.definition,
      job.timezone,
      origin === 'planned' ? null : job.nextStart,
    ],
  )
}

/** Open snapshots of a migration, by id; none when the control schema is older than they are. */
export async function openSnapshots(session: Session, migrationId: number): Promise<Snapshot[]> {
  const { rows: known } = await session.query<{ known: boolean }>(
    `select to_regclass('hyperferry.job_snapshot') is not null as known`,
  )
  if (known[0]?.known !== true) return []
  const { rows } = await session.query<Snapshot>(
    `select id::text, job_id as "jobId", origin, target_table as "table", object, kind, definition::text, timezone,
       next_start::text as "nextStart"
     from hyperferry.job_snapshot where migration_id = $1 and state = 'paused' order by job_id`,
    [migrationId],
  )
  return rows
}

/** Closes a snapshot; whether it was still open. */
export async function settleSnapshot(session: Session, id: string, state: 'restored' | 'left'): Promise<boolean> {
  const { rowCount } = await session.query(
    `update hyperferry.job_snapshot set state = $2, settled_at = clock_timestamp() where id = $1 and state = 'paused'`,
    [id, state],
  )
  return rowCount === 1
}

export interface ChangedField {
  field: string
  was: Json
  is: Json
}

/** Columns of the catalog that differ; those that only one of the two has came or went with a version of the extension. */
export async function changedFields(session: Session, was: string, is: string): Promise<ChangedField[]> {
  const { rows } = await session.query<ChangedField>(
    `select w.key as field, w.value as was, i.value as is
     from jsonb_each($1::jsonb) w join jsonb_each($2::jsonb) i using (key) where w.value <> i.value order by 1`,
    [was, is],
  )
  return rows
}

/** Told in results and status: how many jobs wait for `jobs restore`. Informational, never closed; null when none waits. */
export async function waitingGate(session: Session, migrationId: number): Promise<Gate | null> {
  const { length } = await openSnapshots(session, migrationId)
  if (length === 0) return null
  const jobs = length === 1 ? '1 job is paused and waits' : `${length} jobs are paused and wait`
  return {
    code: 'HF-G010',
    ok: true,
    reason: `${jobs}: hyperferry jobs restore, when the application runs on the target`,
  }
}
