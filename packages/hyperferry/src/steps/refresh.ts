/** Step 7b: refreshes the continuous aggregates over the migrated hypertables and proves what they hold. */
import { putRefreshed, refreshedWindows } from '../control/refreshed.ts'
import { HyperferryError } from '../errors.ts'
import { failpoint } from '../failpoints.ts'
import type { Gate } from '../model.ts'
import type { Preview } from '../preview.ts'
import { isUpToDate, readAggregates, refreshSql } from '../target/aggregates.ts'
import type { Aggregate } from '../target/aggregates.ts'
import type { Session } from '../target/connect.ts'
import type { StepContext } from './context.ts'
import { prove } from './refresh/proof.ts'
import type { Proof } from './refresh/proof.ts'
import { windowsOf } from './refresh/windows.ts'
import type { Window } from './refresh/windows.ts'

export type RefreshContext = Pick<StepContext, 'plan' | 'target' | 'events' | 'signal' | 'migrationId'>

export interface RefreshResult {
  /** In the order of the work: by level. */
  aggregates: RefreshedAggregate[]
  /** Whether every window holds what its query gives; null when there was none. */
  equal: boolean | null
  notes: string[]
  gates: Gate[]
  /** 0; 3 when a window is different; 4 when an aggregate had to be left out. */
  exitCode: 0 | 3 | 4
}

interface RefreshedAggregate {
  name: string
  /** Table of the plan at the bottom. */
  table: string
  level: number
  windows: RefreshedWindow[]
  /** Buckets left as they are because the rows below were dropped. */
  kept: Window[]
}

interface RefreshedWindow extends Window, Proof {
  /** `known`: proven by an earlier run, and the server says that nothing has changed since. */
  status: 'proven' | 'known' | 'different'
}

export interface PlannedRefresh {
  aggregate: Aggregate
  windows: Window[]
  kept: Window[]
  /** Why it cannot be done here. */
  left: string | null
}

/** What would be done: windows of each aggregate. Reads only. Throws HF-J001 when one belongs to another role, HF-U001 for an unknown table. */
export async function planRefresh(
  ctx: Pick<RefreshContext, 'plan' | 'target'>,
  tables?: readonly string[],
): Promise<PlannedRefresh[]> {
  const session = await ctx.target.session()
  try {
    const planned: PlannedRefresh[] = []
    for (const aggregate of await aggregatesOf(session, ctx, tables)) {
      planned.push(await planOne(session, ctx, aggregate))
    }
    return planned
  } finally {
    await session.release()
  }
}

/** The same in words and in SQL. */
export function previewRefresh(
  { target }: Pick<RefreshContext, 'target'>,
  planned: readonly PlannedRefresh[],
): Preview {
  const lines = planned.map(({ aggregate, windows, kept, left }) => {
    if (left !== null) return `${left}: left out`
    const range = windows.length === 0 ? '' : `, [${windows[0]?.from}, ${windows.at(-1)?.to})`
    const gone =
      kept.length === 0 ? '' : `; ${kept.length} buckets stay as they are, because rows below them were dropped`
    return `${nameOf(aggregate)}, level ${aggregate.level}: ${windows.length} windows${range}${gone}`
  })
  const sql = planned.flatMap(({ aggregate, windows }) =>
    windows.map((window) => `${refreshSql(target.capabilities, aggregate, window)};`),
  )
  return {
    title: `Refreshes ${planned.length} continuous aggregates and compares them with their queries:`,
    lines,
    sql,
  }
}

/**
 * Level by level, oldest window first, up to the last bucket that is complete now. Each window is proven by content and remembered, so that a
 * later run asks the server whether it still holds. Throws HF-J001, HF-U001, HF-B022 when interrupted.
 */
export async function refresh(
  ctx: RefreshContext,
  options: { tables?: readonly string[] } = {},
): Promise<RefreshResult> {
  if (!ctx.target.capabilities.continuousAggregates) {
    const notes = [`${ctx.target.info.version} has no continuous aggregates: nothing to do.`]
    return { aggregates: [], equal: null, notes, gates: [], exitCode: 0 }
  }
  const session = await ctx.target.session()
  try {
    const aggregates: RefreshedAggregate[] = []
    const left: string[] = []
    for (const aggregate of await aggregatesOf(session, ctx, options.tables)) {
      // Planned one by one: what an aggregate covers is known when the one below is done.
      const planned = await planOne(session, ctx, aggregate)
      if (planned.left === null) aggregates.push(await refreshOne(session, ctx, planned))
      else left.push(planned.left)
    }
    return summary(aggregates, left)
  } finally {
    await session.release()
  }
}

async function aggregatesOf(
  session: Session,
  { plan, target }: Pick<RefreshContext, 'plan' | 'target'>,
  tables?: readonly string[],
): Promise<Aggregate[]> {
  const series = plan.tables.filter((table) => table.kind === 'timeseries')
  const unknown = tables?.find((name) => !series.some((table) => table.name === name))
  if (unknown !== undefined) {
    throw new HyperferryError('HF-U001', {
      what: `no time series "${unknown}" in the plan`,
      hint: 'Name a time series of the plan file by its name in the target.',
    })
  }
  const names = series.map((table) => table.name).filter((name) => tables === undefined || tables.includes(name))
  const found = await readAggregates(session, target.capabilities, plan.target.schema, names)
  const foreign = found.filter((one) => !one.mayRefresh)
  if (foreign[0] !== undefined) {
    throw new HyperferryError('HF-J001', {
      what: `${foreign.map(nameOf).join(', ')}: owned by ${foreign[0].owner}; only the owner may refresh`,
    })
  }
  return found
}

async function planOne(
  session: Session,
  { plan, target }: Pick<RefreshContext, 'plan' | 'target'>,
  aggregate: Aggregate,
): Promise<PlannedRefresh> {
  if (aggregate.width === null) {
    const left = `${nameOf(aggregate)}: its buckets (${aggregate.type}) are not made by time_bucket`
    return { aggregate, windows: [], kept: [], left }
  }
  const unit = plan.tables.find((table) => table.name === aggregate.table)?.time?.unit ?? null
  const ground = { schema: plan.target.schema, unit, timezone: plan.source.timezone }
  return { aggregate, ...(await windowsOf(session, target.capabilities, aggregate, ground)), left: null }
}

async function refreshOne(session: Session, ctx: RefreshContext, planned: PlannedRefresh): Promise<RefreshedAggregate> {
  const { aggregate, windows, kept } = planned
  const name = nameOf(aggregate)
  const earlier = await refreshedWindows(session, ctx.migrationId, name)
  const done: RefreshedWindow[] = []
  const tell = progress(ctx, name, windows.length)
  for (const window of windows) {
    if (ctx.signal.aborted) throw new HyperferryError('HF-B022', { what: `interrupted while ${name} was refreshed` })
    const known = earlier.find(({ from, to }) => from === window.from && to === window.to)
    if (known !== undefined && (await isUpToDate(session, aggregate, window))) {
      done.push({ ...window, rows: known.rows, missing: 0, extra: 0, status: 'known' })
    } else {
      const proof = await refreshWindow(session, ctx, aggregate, window)
      const equal = proof.missing + proof.extra === 0
      if (equal) await putRefreshed(session, ctx.migrationId, name, { ...window, rows: proof.rows })
      done.push({ ...window, ...proof, status: equal ? 'proven' : 'different' })
      failpoint('refresh.after-window')
    }
    tell(done.length)
  }
  return { name, table: aggregate.table, level: aggregate.level, windows: done, kept }
}

/** A second time by force when the server had not noticed a change (rows that were attached, or written without a note of it). */
async function refreshWindow(
  session: Session,
  { target }: RefreshContext,
  aggregate: Aggregate,
  window: Window,
): Promise<Proof> {
  await session.query(refreshSql(target.capabilities, aggregate, window))
  const proof = await prove(session, aggregate, window)
  if (proof.missing + proof.extra === 0) return proof
  await session.query(refreshSql(target.capabilities, aggregate, window, true))
  return prove(session, aggregate, window)
}

const TELL_EVERY_MS = 2000

function progress(ctx: RefreshContext, name: string, total: number): (done: number) => void {
  let last = 0
  return (done) => {
    const now = performance.now()
    if (now - last < TELL_EVERY_MS && done < total) return
    last = now
    ctx.events.emit({ kind: 'step', step: 'refresh', message: `${name}, ${done} of ${total} windows` })
  }
}

function summary(aggregates: RefreshedAggregate[], left: string[]): RefreshResult {
  const windows = aggregates.flatMap((one) => one.windows)
  const different = aggregates.filter((one) => one.windows.some(({ status }) => status === 'different'))
  const kept = aggregates.filter((one) => one.kept.length > 0)
  const gates: Gate[] = [
    {
      code: 'HF-J003',
      ok: different.length === 0,
      reason:
        different.length === 0
          ? 'every window holds what its query gives'
          : `different from their query: ${different.map(({ name }) => name).join(', ')}`,
    },
    ...kept.map(({ name, kept: buckets }) => ({
      code: 'HF-J004',
      ok: true,
      reason: `${name}: ${buckets.length} buckets from ${buckets[0]?.from} on are left as they are, because rows below them were dropped`,
    })),
    ...left.map((reason) => ({ code: 'HF-J006', ok: false, reason })),
  ]
  return {
    aggregates,
    equal: windows.length === 0 ? null : different.length === 0,
    notes: aggregates.length + left.length === 0 ? ['The migrated tables have no continuous aggregates.'] : [],
    gates,
    exitCode: different.length > 0 ? 3 : left.length > 0 ? 4 : 0,
  }
}

const nameOf = ({ schema, view }: Aggregate): string => `${schema}.${view}`
