/** How the jobs of the migrated tables stand, and what restore would do. */
import { readActions } from '../../target/jobs.ts'
import { jobsOf, lineOf, nothingHere, resultOf } from './context.ts'
import type { JobLine, JobsContext, JobsResult } from './context.ts'
import { foundNow, judge } from './restore.ts'

/** Changes nothing and takes no lock. */
export async function jobsStatus(ctx: JobsContext): Promise<JobsResult> {
  const { capabilities } = ctx.target
  if (!capabilities.policies) return nothingHere(ctx)
  const session = await ctx.target.session()
  try {
    const waiting = new Map<number, JobLine>()
    for (const found of await foundNow(session, ctx)) {
      waiting.set(found.snapshot.jobId, await judge(session, ctx, found))
    }
    const own = (await jobsOf(session, ctx)).map((job) => {
      const kept = waiting.get(job.id)
      waiting.delete(job.id)
      const running = job.running ? 'runs at this moment' : null
      if (job.scheduled) return lineOf(job, 'scheduled', running)
      return kept ?? lineOf(job, 'paused before', 'not by this migration: restore leaves it as it is')
    })
    const rest = [...waiting.values()]
    const listed = new Set([...own, ...rest].map(({ id }) => id))
    const actions = (await readActions(session, capabilities))
      .filter((job) => !listed.has(job.id))
      .map((job) =>
        lineOf(job, 'action', `belongs to no table; to pause it too: hyperferry jobs pause --job ${job.id}`),
      )
    const lines = [...own, ...rest, ...actions]
    return resultOf(lines, lines.length === 0 ? ['The migrated tables have no policies.'] : [], [])
  } finally {
    await session.release()
  }
}
