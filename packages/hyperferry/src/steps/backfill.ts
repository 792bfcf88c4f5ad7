/** Step 6: copies the time series, range by range, with several workers. What is done is what the receipts say. */
import { completionPoints } from '../control/completion.ts'
import { booked, isComplete, partOf } from '../control/coverage.ts'
import { dualState, isLive } from '../control/dual-write.ts'
import { durable, registerTables } from '../control/ledger.ts'
import type { Totals } from '../control/ledger.ts'
import { failpoint } from '../failpoints.ts'
import type { PlannedTable } from '../model.ts'
import { columnstoreWay } from '../target/columnstore-way.ts'
import type { Pace } from '../throttle/pace.ts'
import { withSession } from '../work/attempts.ts'
import type { CopyRun } from '../work/attempts.ts'
import { usualRetry } from '../work/backoff.ts'
import type { RetryPolicy } from '../work/backoff.ts'
import { MemoryBudget } from '../work/budget.ts'
import { closeBooks } from '../work/close-books.ts'
import { closeLiveBooks } from '../work/close-live-books.ts'
import { finishTables } from '../work/finish-tables.ts'
import { givingWay } from '../work/give-way.ts'
import { compilePart } from '../work/part.ts'
import { quarantineGate } from '../work/quarantine-gate.ts'
import { tableWork } from '../work/table-work.ts'
import type { TableWork } from '../work/table-work.ts'
import { compressTable } from './backfill/compress-table.ts'
import { copyTable } from './backfill/copy-table.ts'
import type { CopiedTable } from './backfill/copy-table.ts'
import { livePoints } from './backfill/live.ts'
import { paced } from './backfill/pace.ts'
import { replaceTable } from './backfill/replace-table.ts'
import type { BackfillColumnstore, BackfillResult, BackfillTable } from './backfill/result.ts'
import { exportsOf, fromFiles, named, together, withoutFile } from './backfill/with-files.ts'
import type { FromFiles } from './backfill/with-files.ts'
import type { StepContext } from './context.ts'

export { exportsOf } from './backfill/with-files.ts'
export { livePoints } from './backfill/live.ts'
export type { BackfillResult } from './backfill/result.ts'

export interface BackfillOptions {
  /** Tasks at the same time; source and target need as many connections. Default the plan's. */
  workers?: number
  /** Names (source or target) of the tables to copy; default all time series of the plan. */
  tables?: readonly string[]
  /** Folder of exported files to load instead of reading the source: the tables that are in it, relational ones too while nobody writes. */
  fromCsv?: string
  /** Rows that may stay in quarantine. Default 0. */
  acceptQuarantine?: number
  /** End with HF-B040 instead of waiting when something is against going on. */
  noWait?: boolean
  /** How long errors that pass by themselves are waited out. */
  retry?: RetryPolicy
  /** Bytes of rows in memory, all workers together. Default 128 MB; more goes to the temporary folder. */
  memory?: number
}

/**
 * Copies what the receipts leave to do, closes the books of each table against an independent count of the source, then makes indexes and foreign
 * keys. Running it again goes on where it ended; with nothing left it changes nothing. Throws HF-B022 when interrupted, HF-B010 when the books do
 * not close, HF-B012 when rows are in quarantine (all else is done then), HF-C019 when a server stays away, HF-B040 when it is paused and must not wait. From files also HF-E0…: HF-E017 names the ranges that
 * have no file, with everything that has one loaded.
 */
export async function backfill(ctx: StepContext, options: BackfillOptions = {}): Promise<BackfillResult> {
  const started = performance.now()
  const run: CopyRun = {
    target: ctx.target,
    budget: new MemoryBudget(options.memory),
    events: ctx.events,
    retry: options.retry ?? usualRetry,
    stop: ctx.hardSignal,
  }
  const csv = options.fromCsv === undefined ? null : await exportsOf(ctx, options.fromCsv, options.tables)
  const wanted = csv === null ? chosen(ctx, options.tables) : ctx.plan.tables.filter(({ source }) => csv.has(source))
  const series = wanted.filter(({ kind }) => kind === 'timeseries')
  const points = await livePoints(ctx, series)
  const works = await prepareWorks(ctx, run, { tables: points === null ? wanted : series, points })
  const tables: BackfillTable[] = []
  const notes: string[] = []
  const open: string[] = []
  await paced(ctx, options, async (pace) => {
    const how = { pace, timezone: ctx.plan.source.timezone, signal: ctx.signal }
    const copy = async (): Promise<void> => {
      for (const work of works) {
        const files = csv?.get(work.table.source)
        const loaded = files === undefined ? null : await fromFiles(run, work, files, how)
        if (loaded === null || loaded.gaps.length === 0)
          tables.push(await oneTable(ctx, run, work, { pace, notes, loaded }))
        open.push(...(loaded?.gaps ?? []))
      }
    }
    if (points === null) await copy()
    else await besideWriters(ctx, run, works, copy)
    failpoint('backfill.before-post')
    const closed = works.filter(({ table }) => tables.some(({ source }) => source === table.source))
    const own = closed.map(({ table }) => table)
    notes.push(...(await finishTables(run, ctx, { own, complete: await finished(ctx, run) })))
    await compressAll(ctx, run, closed, { pace, tables, notes })
  })
  await withSession(run, '', durable)
  const result = await summary(run, works, { tables, notes, started })
  if (open.length > 0) throw withoutFile(open, result)
  await quarantineGate(run, ctx.migrationId, {
    tables: new Set(works.map(({ table }) => table.source)),
    accepted: options.acceptQuarantine ?? 0,
    details: { result },
  })
  failpoint('backfill.before-done')
  return result
}

function chosen(ctx: StepContext, names: readonly string[] | undefined): PlannedTable[] {
  const series = ctx.plan.tables.filter(({ kind }) => kind === 'timeseries')
  return names === undefined ? series : named(series, names, 'time series')
}

/**
 * Indexes come first here: on a table that holds a few rows one is made in a moment, on one that is filled the writers would have to wait for it. And whoever
 * waits for a task has the right of way.
 */
// eslint-disable-next-line max-params -- the run, its tables, and what is done
async function besideWriters(
  ctx: StepContext,
  run: CopyRun,
  works: readonly TableWork[],
  copy: () => Promise<void>,
): Promise<void> {
  await finishTables(run, ctx, { own: works.map(({ table }) => table), complete: [] })
  run.copying = new Set()
  await givingWay(run.target, run.copying, copy)
}

async function prepareWorks(
  ctx: StepContext,
  run: CopyRun,
  { tables, points }: { tables: readonly PlannedTable[]; points: Awaited<ReturnType<typeof livePoints>> },
): Promise<TableWork[]> {
  const ids = await withSession(run, '', (session) => registerTables(session, ctx.migrationId, ctx.plan.tables))
  return tables.map((table) => {
    const work = tableWork(ctx.plan.target.schema, table, ids.get(table.source) ?? 0, ctx.source.reader(table))
    const point = points?.get(table.source)
    return point === undefined ? work : { ...work, part: compilePart(work, point, ctx.plan.source.timezone) }
  })
}

async function oneTable(
  ctx: StepContext,
  run: CopyRun,
  work: TableWork,
  to: { pace: Pace; notes: string[]; loaded: FromFiles | null },
): Promise<BackfillTable> {
  const options = {
    pace: to.pace,
    taskRows: ctx.plan.backfill.taskRows,
    timezone: ctx.plan.source.timezone,
    signal: ctx.signal,
    migrationId: ctx.migrationId,
  }
  const { part } = work
  const direct =
    part !== null && work.table.mode === 'replace'
      ? await replaceTable(run, work, options)
      : await copyTable(run, work, options)
  const copied = together(to.loaded, direct)
  if (copied.deleted > 0)
    to.notes.push(`${work.table.name}: ${copied.deleted} rows stood there and were deleted (existingRows: delete)`)
  const sum =
    part === null
      ? await closeBooks(run, work)
      : await closeLiveBooks(run, work, { part, migrationId: ctx.migrationId, signal: ctx.signal })
  return tableResult(ctx, work, sum, copied)
}

/** After indexes and foreign keys: what has to be rows first is checked as rows, on every version. */
async function compressAll(
  ctx: StepContext,
  run: CopyRun,
  works: readonly TableWork[],
  to: { pace: Pace; tables: readonly BackfillTable[]; notes: string[] },
): Promise<void> {
  const options = { pace: to.pace, signal: ctx.signal }
  for (const [index, work] of works.entries()) {
    const directRows = to.tables[index]?.columnstore?.directRows ?? 0
    if (directRows > 0) to.notes.push(`${work.table.name}: ${directRows} rows were compressed as they came`)
    const compressed = await compressTable(run, work, options)
    if (compressed === null) continue
    const { note, ...counts } = compressed
    if (note !== null) to.notes.push(note)
    Object.assign(to.tables[index]?.columnstore ?? {}, counts)
  }
}

function tableResult(ctx: StepContext, work: TableWork, sum: Totals, copied: CopiedTable): BackfillTable {
  const { table } = work
  const { before, unchanged } = copied
  const rows = Number(sum.rows)
  const quarantined = Number(sum.quarantined - sum.discarded)
  ctx.events.emit({ kind: 'table-done', table: table.name, rows, quarantined })
  return {
    name: table.name,
    source: table.source,
    rows,
    quarantined,
    copied: rows - before,
    digest: sum.digest,
    status: unchanged ? 'unchanged' : 'done',
    columnstore: columnstoreOf(ctx, work, copied),
  }
}

function columnstoreOf(
  { target }: StepContext,
  { table, part }: TableWork,
  { directRows, rowsFirst }: CopiedTable,
): BackfillColumnstore | null {
  const planned = columnstoreWay(table, target.capabilities)
  if (planned === null) return null
  const reason = planned.reason ?? rowsFirst
  const way = part !== null ? 'policy' : reason === null ? 'direct' : 'after'
  return { way, reason, directRows, chunks: 0, bytesBefore: 0, bytesAfter: 0 }
}

/** Tables of the plan whose receipts are complete, relational ones too: only between those can foreign keys be made. */
async function finished(ctx: StepContext, run: CopyRun): Promise<PlannedTable[]> {
  return withSession(run, '', async (session) => {
    const ids = await registerTables(session, ctx.migrationId, ctx.plan.tables)
    const done: PlannedTable[] = []
    const points = isLive(await dualState(session, ctx.migrationId))
      ? await completionPoints(session, ctx.migrationId)
      : null
    for (const table of ctx.plan.tables) {
      if (await isComplete(session, ids.get(table.source) ?? 0, table, partOf(table, points?.get(table.source))))
        done.push(table)
    }
    return done
  })
}

async function summary(
  run: CopyRun,
  works: readonly TableWork[],
  said: { tables: BackfillTable[]; notes: string[]; started: number },
): Promise<BackfillResult> {
  const { tables, notes, started } = said
  const counts = await withSession(run, '', async (session) => {
    const each: number[] = []
    for (const work of works) each.push((await booked(session, work.tableId)).receipts)
    return each
  })
  const tasks = counts.reduce((sum, count) => sum + count, 0)
  if (tables.every(({ status }) => status === 'unchanged'))
    notes.push('Everything was copied already; nothing changed.')
  return {
    rows: tables.reduce((sum, table) => sum + table.copied, 0),
    seconds: Math.round(performance.now() - started) / 1000,
    tasks: { done: tasks, total: tasks },
    quarantined: tables.reduce((sum, table) => sum + table.quarantined, 0),
    tables,
    notes,
  }
}
