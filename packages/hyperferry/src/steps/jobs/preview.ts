/** What pause and restore are about to do, in words and in SQL. Reads only. */
import { alterSql, runSql } from '../../target/jobs.ts'
import type { Job } from '../../target/jobs.ts'
import { jobsOf } from './context.ts'
import type { JobsContext } from './context.ts'
import { foundNow, judge } from './restore.ts'

export interface JobsPreview {
  lines: string[]
  sql: string[]
}

/** Jobs that run by their schedule. */
export async function previewPause(ctx: JobsContext, named: readonly number[] = []): Promise<JobsPreview> {
  const session = await ctx.target.session()
  try {
    const jobs = (await jobsOf(session, ctx, named)).filter((job) => job.scheduled)
    return {
      lines: jobs.map(sentence),
      sql: jobs.map((job) => `${alterSql(ctx.target.capabilities, job.id, { ...job, scheduled: false })};`),
    }
  } finally {
    await session.release()
  }
}

/** Jobs that wait, in the order of starting. */
export async function previewRestore(ctx: JobsContext): Promise<JobsPreview> {
  const session = await ctx.target.session()
  try {
    const preview: JobsPreview = { lines: [], sql: [] }
    for (const found of await foundNow(session, ctx)) {
      const line = await judge(session, ctx, found)
      const { job, snapshot } = found
      if (job === null || line.outcome !== 'waiting') {
        preview.lines.push(`${line.name}: ${line.outcome}; ${line.reason ?? ''}`)
        continue
      }
      const at = { scheduled: true, timezone: snapshot.timezone, nextStart: snapshot.nextStart ?? job.nextStart }
      preview.lines.push(
        `${sentence({ ...job, object: snapshot.object })}${line.reason === null ? '' : `: ${line.reason}`}`,
      )
      preview.sql.push(`${alterSql(ctx.target.capabilities, job.id, at)};`)
    }
    return preview
  } finally {
    await session.release()
  }
}

/** Named jobs in the order of running. */
export async function previewRun(ctx: JobsContext, ids: readonly number[]): Promise<JobsPreview> {
  const session = await ctx.target.session()
  try {
    const jobs = (await jobsOf(session, ctx, ids)).filter((job) => ids.includes(job.id))
    return { lines: jobs.map(sentence), sql: jobs.map((job) => `${runSql(ctx.target.capabilities, job.id)};`) }
  } finally {
    await session.release()
  }
}

function sentence({ name, object, schedule }: Pick<Job, 'name' | 'object' | 'schedule'>): string {
  return `${name}${object === null ? '' : ` of ${object}`}, every ${schedule}`
}
