/** Pauses the jobs of the migrated tables, each together with a record of what it was. */
import { setTimeout as sleep } from 'node:timers/promises'
import { openSnapshots, putSnapshot } from '../../control/jobs.ts'
import { HyperferryError } from '../../errors.ts'
import { failpoint } from '../../failpoints.ts'
import type { Gate } from '../../model.ts'
import type { Session } from '../../target/connect.ts'
import { alterJob, readJob } from '../../target/jobs.ts'
import type { Job } from '../../target/jobs.ts'
import { transaction } from '../../target/transaction.ts'
import { jobsOf, lineOf, mustBeOurs, nothingHere, resultOf, stateOf } from './context.ts'
import type { JobLine, JobsContext, JobsResult } from './context.ts'

export interface PauseOptions {
  /** Actions that are to be paused too. */
  jobs?: readonly number[]
  /** Seconds to wait for instances that run. Default: until they end. */
  wait?: number
}

const POLL_MS = 500

/**
 * Leaves alone what is paused already. Can be repeated: a job that somebody has started since is recorded anew and paused again. Throws HF-J001
 * before anything is changed when a job belongs to another role, HF-B022 when interrupted.
 */
export async function pause(ctx: JobsContext, options: PauseOptions = {}): Promise<JobsResult> {
  if (!ctx.target.capabilities.policies) return nothingHere(ctx)
  const session = await ctx.target.session()
  try {
    const jobs = await jobsOf(session, ctx, options.jobs)
    mustBeOurs(jobs.filter((job) => job.scheduled))
    const known = new Set((await openSnapshots(session, ctx.migrationId)).map(({ jobId }) => jobId))
    const lines: JobLine[] = []
    for (const job of jobs) {
      if (ctx.signal.aborted) throw new HyperferryError('HF-B022', { what: 'interrupted while jobs were paused' })
      if (job.scheduled) lines.push(await pauseOne(session, ctx, job))
      else if (known.has(job.id)) lines.push(lineOf(job, 'already paused'))
      else lines.push(lineOf(job, 'paused before', 'not by this migration: it stays as it is'))
    }
    const gates = [await untilNoneRuns(session, ctx, jobs, options.wait ?? Number.POSITIVE_INFINITY)]
    return resultOf(lines, lines.length === 0 ? ['The migrated tables have no policies.'] : [], gates)
  } finally {
    await session.release()
  }
}

async function pauseOne(session: Session, ctx: JobsContext, listed: Job): Promise<JobLine> {
  const line = await transaction(session, async () => {
    const { table, object, level } = listed
    const now = await readJob(session, listed.id)
    if (now === null) return { ...lineOf(listed, 'deleted'), after: null }
    const job = { ...now, table, object, level }
    if (!job.scheduled) return lineOf(job, 'paused before', 'somebody has paused it a moment ago')
    await putSnapshot(session, ctx.migrationId, job, 'paused')
    failpoint('jobs.after-snapshot')
    await alterJob(session, ctx.target.capabilities, job, { ...job, scheduled: false })
    const after = await readJob(session, job.id)
    return { ...lineOf(job, 'paused'), after: after === null ? null : stateOf(after) }
  })
  failpoint('jobs.after-one')
  return line
}

/** A paused job whose instance still runs can drop or compress what is copied meanwhile. */
async function untilNoneRuns(session: Session, ctx: JobsContext, jobs: readonly Job[], seconds: number): Promise<Gate> {
  const deadline = performance.now() + seconds * 1000
  let told = ''
  for (;;) {
    const running: number[] = []
    for (const { id } of jobs) if ((await readJob(session, id))?.running === true) running.push(id)
    if (running.length === 0) return { code: 'HF-J002', ok: true, reason: 'no job of the migrated tables runs' }
    const names = running.join(', ')
    if (performance.now() >= deadline) {
      return { code: 'HF-J002', ok: false, reason: `still running: job ${names}; run hyperferry jobs pause again` }
    }
    if (ctx.signal.aborted) throw new HyperferryError('HF-B022', { what: `interrupted while job ${names} still ran` })
    if (names !== told) {
      ctx.events.emit({ kind: 'note', table: null, code: null, message: `waits for job ${names}, which still runs` })
    }
    told = names
    await sleep(POLL_MS)
  }
}
