/** From a plan file to an open source, for commands that need no target. */
import type { LoadedPlan } from './config/plan-file.ts'
import { mustFit } from './fit.ts'
import type { Opened, PlanOptions } from './open-migration.ts'
import { openSource } from './source/registry.ts'
import { noEvents } from './work/events.ts'

const never = new AbortController().signal

/** Opens the source for `use` and closes it whatever happens. Throws HF-P021 when the plan was made for another source, HF-P022 and HF-P023 when it asks for what cannot be. */
export async function withSource<T>(
  { plan: written, sourceUrl }: LoadedPlan,
  options: PlanOptions,
  use: (opened: Omit<Opened, 'target' | 'leftOut'>) => Promise<T>,
): Promise<T> {
  const workers = options.workers ?? written.backfill.workers
  const plan = { ...written, backfill: { ...written.backfill, workers } }
  const hardSignal = options.hardSignal ?? never
  const how = { timezone: plan.source.timezone, connections: workers + 1, signal: hardSignal }
  const source = await openSource(options.source ?? sourceUrl, how)
  try {
    await mustFit(plan, source)
    return await use({ plan, source, events: options.events ?? noEvents, signal: options.signal ?? never, hardSignal })
  } finally {
    await source.close()
  }
}
