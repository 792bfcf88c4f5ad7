/** What every command that changes something does: show it, ask, then do it under the migration's lock. */
import { loadPlan, withClaim, withDatabases } from './open-migration.ts'
import type { Opened, PlanOptions } from './open-migration.ts'
import type { Preview } from './preview.ts'
import type { StepContext } from './steps/context.ts'

export interface MutatingOptions extends PlanOptions {
  /** Asked with a preview before anything is changed; false ends the command without a change. Default: go on. */
  confirm?: (preview: Preview) => Promise<boolean>
  /** Answer the preview and stop. */
  dryRun?: boolean
}
export interface Previewed {
  preview: Preview
}

interface Mutation<T> {
  preview: (opened: Opened) => Promise<Preview> | Preview
  /** Looked at before anything is asked or changed. */
  before?: (opened: Opened) => Promise<void>
  run: (context: StepContext, opened: Opened) => Promise<T>
}

/** Shows what will be done, asks, then does it under the migration's lock. */
export async function mutate<T>(options: MutatingOptions, mutation: Mutation<T>): Promise<T | Previewed> {
  return withDatabases(loadPlan(options), options, async (opened) => {
    await mutation.before?.(opened)
    const preview = await mutation.preview(opened)
    if (options.dryRun === true) return { preview }
    if (options.confirm && !(await options.confirm(preview))) return { preview }
    return withClaim(opened, (context) => mutation.run(context, opened))
  })
}

/** Nobody is asked about nothing. */
export async function confirmed<T>(
  options: MutatingOptions,
  preview: Preview,
  run: () => Promise<T>,
): Promise<T | Previewed> {
  if (options.dryRun === true) return { preview }
  if (preview.lines.length > 0 && options.confirm && !(await options.confirm(preview))) return { preview }
  return run()
}
