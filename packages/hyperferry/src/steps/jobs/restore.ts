/** Puts jobs back to what their snapshots say; what somebody has changed since is told and not overwritten. */
import { changedFields, openSnapshots, settleSnapshot } from '../../control/jobs.ts'
import type { Snapshot } from '../../control/jobs.ts'
import { HyperferryError } from '../../errors.ts'
import { failpoint } from '../../failpoints.ts'
import type { Session } from '../../target/connect.ts'
import { alterJob, alterSql, inOrder, readJob } from '../../target/jobs.ts'
import type { Job } from '../../target/jobs.ts'
import { transaction } from '../../target/transaction.ts'
import { jobsOf, lineOf, mustBeOurs, nothingHere, resultOf, stateOf } from './context.ts'
import type { JobLine, JobsContext, JobsResult } from './context.ts'

export interface RestoreOptions {
  /** Starts are a minute apart, from the next minute on, or later if they were to come later. */
  staggered?: boolean
}

/**
 * Refresh first, columnstore, retention last; each job in one transaction with its record, so that it is started once. Throws HF-J001 before
 * anything is changed when a job belongs to another role, HF-B022 when interrupted.
 */
export async function restore(ctx: JobsContext, options: RestoreOptions = {}): Promise<JobsResult> {
  if (!ctx.target.capabilities.policies) return nothingHere(ctx)
  const session = await ctx.target.session()
  try {
    const found = await foundNow(session, ctx)
    mustBeOurs(found.flatMap(({ job }) => (job === null || job.scheduled ? [] : [job])))
    const lines: JobLine[] = []
    let minute = 0
    for (const { snapshot } of found) {
      if (ctx.signal.aborted) throw new HyperferryError('HF-B022', { what: 'interrupted while jobs were restored' })
      const line = await restoreOne(session, ctx, {
        snapshot,
        minute: options.staggered === true ? minute + 1 : null,
      })
      if (line.outcome === 'restored') minute += 1
      lines.push(line)
      failpoint('jobs.after-one')
    }
    const changed = lines.filter((line) => line.outcome === 'changed').map((line) => line.id)
    const gate = {
      code: 'HF-J005',
      ok: changed.length === 0,
      reason:
        changed.length === 0 ? 'no paused job was changed' : `changed since it was paused: job ${changed.join(', ')}`,
    }
    return resultOf(lines, lines.length === 0 ? ['No job waits to be restored.'] : [], [gate])
  } finally {
    await session.release()
  }
}

interface Found {
  snapshot: Snapshot
  job: Job | null
}

/** Open snapshots with their jobs as they are now, in the order of starting. */
export async function foundNow(session: Session, ctx: JobsContext): Promise<Found[]> {
  const levels = new Map((await jobsOf(session, ctx)).map(({ id, level }) => [id, level]))
  const found: (Found & { kind: Job['kind']; level: number; id: number })[] = []
  for (const snapshot of await openSnapshots(session, ctx.migrationId)) {
    const id = snapshot.jobId
    found.push({ snapshot, job: await readJob(session, id), kind: snapshot.kind, level: levels.get(id) ?? 0, id })
  }
  return found.toSorted(inOrder).map(({ snapshot, job }) => ({ snapshot, job }))
}

async function restoreOne(
  session: Session,
  ctx: JobsContext,
  { snapshot, minute }: { snapshot: Snapshot; minute: number | null },
): Promise<JobLine> {
  const { capabilities } = ctx.target
  return transaction(session, async () => {
    // Read again: the one before may have taken its time.
    const job = await readJob(session, snapshot.jobId)
    const judged = await judge(session, ctx, { snapshot, job })
    if (judged.outcome !== 'waiting' || job === null) {
      if (judged.outcome !== 'changed') await settleSnapshot(session, snapshot.id, 'left')
      return judged
    }
    const nextStart = await nextStartOf(session, snapshot, job, minute)
    // Somebody else may have restored it since it was read.
    if (!(await settleSnapshot(session, snapshot.id, 'restored'))) return { ...judged, outcome: 'started' }
    await alterJob(session, capabilities, job, { scheduled: true, timezone: snapshot.timezone, nextStart })
    const now = await readJob(session, job.id)
    return { ...judged, outcome: 'restored', reason: promise(job), after: now === null ? null : stateOf(now) }
  })
}

/** What would become of an open snapshot: `waiting` can be restored. */
export async function judge(session: Session, ctx: JobsContext, { snapshot, job }: Found): Promise<JobLine> {
  const { table, object, kind, jobId } = snapshot
  if (job === null) {
    const gone = { id: jobId, kind, name: `job ${jobId}`, table, object, before: null, after: null }
    return { ...gone, outcome: 'deleted', reason: 'somebody has deleted it' }
  }
  const line = { ...lineOf(job, 'waiting', promise(job)), table, object }
  if (job.scheduled) return { ...line, outcome: 'started', reason: 'somebody has started it already' }
  const changed = await changedFields(session, snapshot.definition, job.definition)
  if (changed.length === 0) return line
  const what = changed.map(({ field, was, is }) => `${field} was ${JSON.stringify(was)}, is ${JSON.stringify(is)}`)
  const start = { scheduled: true, timezone: job.timezone, nextStart: null }
  return {
    ...line,
    outcome: 'changed',
    reason: `${what.join('; ')}. To start it as it is now: ${alterSql(ctx.target.capabilities, job.id, start)}`,
  }
}

/** A start that was not recorded is left as it is: null would let the server compute another one from the zone. */
// eslint-disable-next-line max-params -- what was, what is, and when
async function nextStartOf(
  session: Session,
  snapshot: Snapshot,
  job: Job,
  minute: number | null,
): Promise<string | null> {
  const exact = snapshot.nextStart ?? job.nextStart
  if (minute === null) return exact
  const { rows } = await session.query<{ at: string }>(
    `select greatest($1::timestamptz, date_trunc('second', clock_timestamp()) + $2 * interval '1 minute')::text as at`,
    [exact, minute],
  )
  return rows[0]?.at ?? exact
}

/** What a person must know before retention goes on. */
function promise(job: Job): string | null {
  if (job.kind !== 'retention' || job.config === null) return null
  const config = JSON.parse(job.config) as Record<string, unknown>
  const age = config['drop_after'] ?? config['drop_created_before']
  return typeof age === 'string' || typeof age === 'number' ? `drops what is older than ${age}` : null
}
