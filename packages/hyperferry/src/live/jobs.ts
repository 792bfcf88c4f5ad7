/** Command `jobs`; needs the target only. */
import { confirmed } from '../mutate.ts'
import type { MutatingOptions, Previewed } from '../mutate.ts'
import type { PlanOptions } from '../open-migration.ts'
import { recorded } from '../recorded.ts'
import {
  jobsStatus as jobsStatusStep,
  nothingHere,
  pause,
  previewPause,
  previewRestore,
  previewRun,
  restore,
  runJobs,
} from '../steps/jobs.ts'
import type { JobsPreview, JobsResult, PauseOptions, RestoreOptions } from '../steps/jobs.ts'
import { onTarget, started, underLock } from '../target-only.ts'
import type { TargetContext } from '../target-only.ts'

export type { JobsResult } from '../steps/jobs.ts'

/** Step 7a: pauses the jobs of the migrated tables, with a record of what they were. */
export async function jobsPause(options: MutatingOptions & PauseOptions): Promise<JobsResult | Previewed> {
  return changeJobs(options, 'pause', {
    title: (count) => `Pauses ${count} jobs of the migrated tables:`,
    preview: (context) => previewPause(context, options.jobs),
    run: (context) => pause(context, options),
  })
}

/** Step 7a: puts them back as they were. */
export async function jobsRestore(options: MutatingOptions & RestoreOptions): Promise<JobsResult | Previewed> {
  const how = options.staggered === true ? ', their starts a minute apart' : ''
  return changeJobs(options, 'restore', {
    title: () => `Puts jobs of the migrated tables back to their schedules${how}:`,
    preview: previewRestore,
    run: (context) => restore(context, options),
  })
}

/** Runs jobs once, now, in the right order; their schedules stay. */
export async function jobsRun(options: MutatingOptions & { jobs: readonly number[] }): Promise<JobsResult | Previewed> {
  return changeJobs(options, 'run', {
    title: (count) => `Runs ${count} jobs once, now:`,
    preview: (context) => previewRun(context, options.jobs),
    run: (context) => runJobs(context, options.jobs),
  })
}

/** How the jobs of the migrated tables stand. */
export async function jobsStatus(options: PlanOptions): Promise<JobsResult> {
  return onTarget(options, async (opened) =>
    opened.target.capabilities.policies ? jobsStatusStep(await started(opened)) : nothingHere(opened),
  )
}

interface JobsChange {
  title: (count: number) => string
  preview: (context: TargetContext) => Promise<JobsPreview>
  run: (context: TargetContext) => Promise<JobsResult>
}

// eslint-disable-next-line max-params -- the options, and what is done with them
async function changeJobs(
  options: MutatingOptions,
  action: string,
  change: JobsChange,
): Promise<JobsResult | Previewed> {
  return onTarget(options, async (opened) => {
    if (!opened.target.capabilities.policies) return nothingHere(opened)
    const context = await started(opened)
    const look = await change.preview(context)
    const preview = { title: change.title(look.lines.length), ...look }
    return confirmed(options, preview, () =>
      underLock(context, () => recorded(context, `jobs ${action}`, () => change.run(context))),
    )
  })
}
