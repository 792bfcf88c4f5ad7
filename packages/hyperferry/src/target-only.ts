/** Commands that need the target and its books only: the source may be switched off by then. */
import { firstDifference, planHash } from './config/plan-file.ts'
import { installControl } from './control/install.ts'
import { withMigrationLock } from './control/lock.ts'
import type { StoredMigration } from './control/migration-row.ts'
import { startedMigration } from './control/started.ts'
import { HyperferryError } from './errors.ts'
import type { Plan } from './model.ts'
import { loadPlan } from './open-migration.ts'
import type { PlanOptions } from './open-migration.ts'
import { openTarget } from './target/connect.ts'
import type { Target } from './target/connect.ts'
import { withSession } from './target/with-session.ts'
import { noEvents } from './work/events.ts'
import type { Events } from './work/events.ts'

interface Opened {
  plan: Plan
  target: Target
  events: Events
  signal: AbortSignal
}

/** What a step that needs no source is given. */
export interface TargetContext extends Opened {
  migrationId: number
}

const never = new AbortController().signal

/** Opens the plan's target for `use` and closes it whatever happens. */
export async function onTarget<T>(options: PlanOptions, use: (opened: Opened) => Promise<T>): Promise<T> {
  const { plan, targetUrl } = loadPlan(options)
  const target = await openTarget(options.target ?? targetUrl, { connections: 2, signal: options.hardSignal ?? never })
  try {
    return await use({ plan, target, events: options.events ?? noEvents, signal: options.signal ?? never })
  } finally {
    await target.close()
  }
}

/** The migration as it was started here; changes nothing. Throws HF-B014 when it was not, HF-B021 or HF-P020 when it was another one. */
export async function started(opened: Opened): Promise<TargetContext> {
  const name = opened.plan.migration
  const stored = await withSession(opened.target, (session) => startedMigration(session, name), { extra: true })
  mustBeSame(stored, opened.plan, opened.target)
  return { ...opened, migrationId: stored.id }
}

/** Brings the control schema up to date and runs `use` under the migration's lock. */
export async function underLock<T>(context: TargetContext, use: () => Promise<T>): Promise<T> {
  const session = await context.target.session({ extra: true })
  try {
    await installControl(session)
  } finally {
    await session.release()
  }
  return withMigrationLock(context.target, context.plan.migration, use)
}

function mustBeSame(stored: StoredMigration, plan: Plan, target: Target): void {
  if (stored.targetIdentity !== target.info.identity) {
    throw new HyperferryError('HF-B021', {
      what: `migration "${plan.migration}" was started into another target database; this one holds a copy of its books`,
    })
  }
  if (stored.planHash !== planHash(plan)) {
    const where = firstDifference(stored.plan as unknown as Plan, plan)
    throw new HyperferryError('HF-P020', { what: `the plan was edited since the start: ${where ?? 'somewhere'}` })
  }
}
