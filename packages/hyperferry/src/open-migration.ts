/** From a plan file to open databases and a claimed migration, and back to nothing open. */
import { planHash, firstDifference, readPlan } from './config/plan-file.ts'
import type { LoadedPlan } from './config/plan-file.ts'
import { expand } from './config/urls.ts'
import { controlVersion, installControl } from './control/install.ts'
import { registerTables } from './control/ledger.ts'
import { withMigrationLock } from './control/lock.ts'
import { claimMigration, mustBeSame, storedMigration } from './control/migration-row.ts'
import type { Claim } from './control/migration-row.ts'
import { refuseTablesOfOthers } from './control/owned-elsewhere.ts'
import { startedMigration } from './control/started.ts'
import { mustFit } from './fit.ts'
import type { Json, Plan } from './model.ts'
import { openSource } from './source/registry.ts'
import type { Source } from './source/source.ts'
import type { StepContext } from './steps/context.ts'
import { openTarget } from './target/connect.ts'
import { withSession } from './target/with-session.ts'
import type { Session, Target } from './target/connect.ts'
import type { PaceOrders } from './throttle/pace.ts'
import { VERSION } from './version.ts'
import { noEvents } from './work/events.ts'
import type { Events } from './work/events.ts'

export interface PlanOptions {
  /** Default `hyperferry.yaml`. */
  planFile?: string
  env?: Readonly<Record<string, string | undefined>>
  /** Takes the place of the plan's `backfill.workers`. */
  workers?: number
  /** URLs that take the place of the plan's. */
  source?: string
  target?: string
  events?: Events
  /** What the person at the terminal says while it runs. */
  orders?: PaceOrders
  signal?: AbortSignal
  hardSignal?: AbortSignal
}

/** What is open while a command runs. */
export interface Opened {
  plan: Plan
  source: Source
  target: Target
  events: Events
  orders?: PaceOrders
  signal: AbortSignal
  hardSignal: AbortSignal
  /** Source tables and columns that the plan does not carry. */
  leftOut: string[]
}

const never = new AbortController().signal

/** Reads the plan named by the options. Throws HF-U010 … HF-U013, HF-P023. */
export function loadPlan(options: PlanOptions): LoadedPlan {
  return readPlan(options.planFile ?? 'hyperferry.yaml', options.env ?? process.env)
}

/**
 * Opens source and target for `use` and closes them whatever happens. Throws HF-P020 and HF-B021 when the migration was started with another plan or
 * other databases, HF-B023 when a table belongs to another migration, HF-P021 when the plan was made for another source, HF-P022 and HF-P023 when it
 * asks for what cannot be; nothing was changed then.
 */
export async function withDatabases<T>(
  loaded: LoadedPlan,
  options: PlanOptions,
  use: (opened: Opened) => Promise<T>,
): Promise<T> {
  const plan = withWorkers(loaded.plan, options.workers)
  const rest = {
    plan,
    events: options.events ?? noEvents,
    signal: options.signal ?? never,
    hardSignal: options.hardSignal ?? never,
    ...(options.orders === undefined ? {} : { orders: options.orders }),
  }
  const urls = { source: options.source ?? loaded.sourceUrl, target: options.target ?? loaded.targetUrl }
  const how = {
    ...urls,
    timezone: plan.source.timezone,
    // As steps/backfill/pace.ts has it for other numbers of workers.
    connections: plan.backfill.workers + 2,
    signal: rest.hardSignal,
  }
  return openBoth(how, async (both) => {
    const opened = { ...rest, ...both }
    await withSession(both.target, (session) => mustGoOn(session, opened), { extra: true })
    const { leftOut } = await mustFit(plan, both.source)
    if (leftOut.length > 0) rest.events.emit({ kind: 'note', table: null, code: null, message: notMoved(leftOut) })
    return use({ ...opened, leftOut })
  })
}

/** Said at every command: what a person took out of the plan must not be forgotten. */
function notMoved(leftOut: readonly string[]): string {
  const more = leftOut.length > 5 ? ` and ${leftOut.length - 5} more` : ''
  return `not in the plan, so not moved: ${leftOut.slice(0, 5).join(', ')}${more}`
}

/** Workers of the command line take the place of the plan's before connections are counted; they are no structural part of it. */
function withWorkers(plan: Plan, workers: number | undefined): Plan {
  return workers === undefined ? plan : { ...plan, backfill: { ...plan.backfill, workers } }
}

/** Opens two databases given by URL, without a plan. */
export async function withUrls<T>(
  options: PlanOptions & { source: string; target: string },
  use: (opened: Pick<Opened, 'source' | 'target'>) => Promise<T>,
): Promise<T> {
  const env = options.env ?? process.env
  const urls = { source: expand(options.source, env), target: expand(options.target, env) }
  return openBoth({ ...urls, timezone: 'UTC', connections: 2, signal: options.hardSignal ?? never }, use)
}

interface HowToOpen {
  source: string
  target: string
  timezone: string
  connections: number
  signal: AbortSignal
}

/** The target first: it is the one that remembers. */
export async function openBoth<T>(
  how: HowToOpen,
  use: (both: { source: Source; target: Target }) => Promise<T>,
): Promise<T> {
  const { timezone, connections, signal } = how
  const target = await openTarget(how.target, { connections, signal })
  try {
    const source = await openSource(how.source, { timezone, connections, signal })
    try {
      return await use({ source, target })
    } finally {
      await source.close()
    }
  } finally {
    await target.close()
  }
}

/** For commands that change the target: installs the control schema, takes the lock, claims the migration. */
export async function withClaim<T>(opened: Opened, use: (context: StepContext) => Promise<T>): Promise<T> {
  const { plan, target } = opened
  await withSession(target, installControl, { extra: true })
  return withMigrationLock(target, plan.migration, async () => {
    const migrationId = await withSession(target, (session) => claim(session, opened), { extra: true })
    return use({ ...opened, migrationId })
  })
}

/** For commands that only read: the migration must have been started. Throws HF-B014. */
export async function withStarted<T>(opened: Opened, use: (context: StepContext) => Promise<T>): Promise<T> {
  const { id: migrationId } = await withSession(
    opened.target,
    (session) => startedMigration(session, opened.plan.migration),
    { extra: true },
  )
  return use({ ...opened, migrationId })
}

async function claim(session: Session, opened: Opened): Promise<number> {
  const { migrationId } = await claimMigration(session, claimOf(opened))
  await registerTables(session, migrationId, opened.plan.tables)
  return migrationId
}

/** Before anything else is looked at: an edit of the plan must not be told as a difference of the objects that it leads to. Only reads. */
async function mustGoOn(session: Session, opened: Omit<Opened, 'leftOut'>): Promise<void> {
  if ((await controlVersion(session)) === null) return
  const { migration, target, tables } = opened.plan
  const stored = await storedMigration(session, migration)
  if (stored !== null) mustBeSame(stored, claimOf(opened))
  await refuseTablesOfOthers(session, stored?.id ?? null, {
    schema: target.schema,
    names: tables.map(({ name }) => name),
  })
}

function claimOf({ plan, source, target }: Pick<Opened, 'plan' | 'source' | 'target'>): Claim {
  return {
    name: plan.migration,
    planHash: planHash(plan),
    planJson: plan as unknown as Json,
    source: source.info,
    targetIdentity: target.info.identity,
    tool: VERSION,
    firstDifference: (stored) => firstDifference(stored as unknown as Plan, plan),
  }
}
