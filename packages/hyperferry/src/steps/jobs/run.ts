/** Runs named jobs once, now, in the order that loses nothing. */
import { HyperferryError } from '../../errors.ts'
import { readJob, runJob } from '../../target/jobs.ts'
import { jobsOf, lineOf, mustBeOurs, nothingHere, resultOf, stateOf } from './context.ts'
import type { JobLine, JobsContext, JobsResult } from './context.ts'

/** Schedules stay as they are. Throws HF-U001 for a job of another table, HF-J001 for one of another role, HF-B022 when interrupted. */
export async function runJobs(ctx: JobsContext, ids: readonly number[]): Promise<JobsResult> {
  const { capabilities } = ctx.target
  if (!capabilities.policies) return nothingHere(ctx)
  const session = await ctx.target.session()
  try {
    const jobs = (await jobsOf(session, ctx, ids)).filter((job) => ids.includes(job.id))
    mustBeOurs(jobs)
    const lines: JobLine[] = []
    for (const job of jobs) {
      if (ctx.signal.aborted) throw new HyperferryError('HF-B022', { what: `interrupted before job ${job.id}` })
      ctx.events.emit({ kind: 'note', table: job.table, code: null, message: `runs ${job.name}` })
      await runJob(session, capabilities, job.id)
      const now = await readJob(session, job.id)
      lines.push({ ...lineOf(job, 'ran'), after: now === null ? null : stateOf(now) })
    }
    return resultOf(lines, [], [])
  } finally {
    await session.release()
  }
}
