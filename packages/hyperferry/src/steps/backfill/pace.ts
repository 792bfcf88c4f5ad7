/** The pace of a backfill: the plan's, what people say meanwhile, and what the servers can bear. */
import { Governor } from '../../throttle/governor.ts'
import type { Pace } from '../../throttle/pace.ts'
import { paceOf } from '../../work/pace-settings.ts'
import { nameOfPerson } from '../../work/person.ts'
import type { StepContext } from '../context.ts'

/** Runs `use` under a governor, which ends with it. */
export async function paced<T>(
  ctx: StepContext,
  options: { workers?: number; noWait?: boolean },
  use: (pace: Pace) => Promise<T>,
): Promise<T> {
  const { source, target, events } = ctx
  const governor = new Governor({
    target,
    migrationId: ctx.migrationId,
    plan: paceOf(ctx.plan, options.workers),
    sourceLoad:
      source.load === undefined ? null : (wanted) => source.load?.(wanted) ?? Promise.reject(new Error('gone')),
    roomFor: (count) => {
      // One task more than workers is read, and the feed walks the source meanwhile.
      source.roomFor?.(count + 2)
      target.roomFor(count + 1)
    },
    noWait: options.noWait ?? false,
    person: nameOfPerson(),
    tell: (state) => events.emit({ kind: 'pace', state }),
    note: (message) => events.emit({ kind: 'note', table: null, code: null, message }),
  })
  try {
    await governor.start()
    ctx.orders?.listen((order) => governor.obey(order))
    return await use(governor)
  } finally {
    ctx.orders?.listen(null)
    await governor.stop()
  }
}
