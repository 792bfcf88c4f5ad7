/** One table: what is known of it is read, then it is compared, and looked at by the second opinion. */
import { decisionsOf } from '../../control/decisions.ts'
import type { Decision } from '../../control/decisions.ts'
import { receipts } from '../../control/ledger.ts'
import { HyperferryError } from '../../errors.ts'
import type { PlannedTable, Receipt } from '../../model.ts'
import { withSession } from '../../target/with-session.ts'
import type { StepContext } from '../context.ts'
import { benchOf } from './bench.ts'
import type { VerifiedTable, VerifyLevel } from './document.ts'
import type { KeptBack } from './excused.ts'
import { KEPT_BACK_ROWS, keptBackRows } from './kept-back.ts'
import { verifyLiveTable } from './live-table.ts'
import type { Live } from './live.ts'
import { addMeaning } from './opinion.ts'
import type { VerifyOptions } from './options.ts'
import { isCuttable } from './ranges.ts'
import { asCopied, notFollowed } from './relational.ts'
import { settle } from './settle.ts'
import { settledPart } from './settled-part.ts'
import { openSnapshot } from './snapshot.ts'
import { verifyTable } from './table.ts'
import type { TableCase } from './table.ts'
import { isPlaceable, windowOf } from './window.ts'

export interface ProveCase {
  table: PlannedTable
  /** Its number in the ledger; null when it is not registered. */
  tableId: number | null
  level: Exclude<VerifyLevel, 'estimate'>
  /** null when the application stands still. */
  live: Live | null
}

/** Throws HF-B022 when the step should end. */
export function mayGoOn(ctx: StepContext): void {
  if (ctx.signal.aborted) throw new HyperferryError('HF-B022', { what: 'verify was interrupted' })
}

/** Compares one table. */
export async function proveTable(ctx: StepContext, one: ProveCase, options: VerifyOptions): Promise<VerifiedTable> {
  const { table, level, live } = one
  if (live !== null && live.state.primary === 'target' && table.kind === 'relational') return notFollowed(table)
  const given = await preparedCase(ctx, one, options)
  ctx.events.emit({ kind: 'table-start', table: table.name, rows: 0, bytes: 0, estimatedRows: table.estimatedRows })
  const prove = live === null ? proveStill : table.kind === 'relational' ? proveRelational : proveSeries
  const verified = await prove(ctx, { ...given, level, live }, options)
  const open = given.keptBack.filter(({ how }) => how === 'open').length
  verified.open = open
  if (open > 0)
    verified.notes.push(
      `${open} ${open === 1 ? 'row of its source is' : 'rows of its source are'} in quarantine: proven without them`,
    )
  if (given.keptBack.length >= KEPT_BACK_ROWS) {
    verified.notes.push(`only ${KEPT_BACK_ROWS} rows of the quarantine are recognised; others show as missing`)
  }
  return verified
}

type Prepared = Omit<TableCase, 'level' | 'sessions'> & Pick<ProveCase, 'level' | 'live'>

async function preparedCase(
  ctx: StepContext,
  { table, tableId }: ProveCase,
  options: VerifyOptions,
): Promise<Omit<Prepared, 'level' | 'live'>> {
  const { timezone } = ctx.plan.source
  const { decisions, ...books } = await readBooks(ctx, table, tableId)
  const bench = benchOf(table, ctx.source.reader(table), { schema: ctx.plan.target.schema, timezone }, decisions)
  const { from, to } = options
  const wanted = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }
  // Of all tables, those without such positions are compared whole; one that was asked for by name is refused.
  const whole = !isCuttable(table) || (options.tables === undefined && !isPlaceable(table, wanted))
  let done = 0
  return {
    ...books,
    bench,
    window: whole ? { from: null, to: null } : windowOf(table, timezone, wanted),
    showValues: options.showValues === true,
    failFast: options.failFast === true,
    mayGoOn: () => mayGoOn(ctx),
    onRows(rows) {
      done += rows
      const { estimatedRows } = table
      ctx.events.emit({ kind: 'table-progress', table: table.name, rows: done, bytes: 0, estimatedRows })
    },
  }
}

/** Receipts are read a table at a time: all of them together may not fit into memory. */
async function readBooks(
  ctx: StepContext,
  table: PlannedTable,
  tableId: number | null,
): Promise<{ receipts: Receipt[]; keptBack: KeptBack[]; decisions: Decision[] }> {
  if (tableId === null) return { receipts: [], keptBack: [], decisions: [] }
  return withSession(ctx.target, async (session) => ({
    receipts: await receipts(session, tableId),
    keptBack: await keptBackRows(session, tableId, table),
    decisions: await decisionsOf(session, tableId),
  }))
}

/** Nobody writes: everything is compared on one snapshot of the target. */
async function proveStill(ctx: StepContext, one: Prepared, options: VerifyOptions): Promise<VerifiedTable> {
  const snapshot = await openSnapshot(ctx.target, workersOf(ctx, options))
  try {
    const { sessions } = snapshot
    const verified = await verifyTable({ ...one, sessions })
    const { bench, level } = one
    if (level !== 'count') await addMeaning(ctx, { bench, books: one, session: sessions[0], verified }, options)
    return verified
  } finally {
    await snapshot.close()
  }
}

/** Nothing carries the writes of these tables: the target must hold what was copied, until the final copy brings it up to date. */
async function proveRelational(ctx: StepContext, one: Prepared, options: VerifyOptions): Promise<VerifiedTable> {
  const verified = await proveStill(ctx, one, options)
  if (verified.equal === true || one.bench.table.sync === 'frozen') return verified
  return asCopied(ctx.target, one.bench, { verified, receipts: one.receipts })
}

/** Written to both stores: compared up to now, and whatever differs more than once. */
async function proveSeries(ctx: StepContext, one: Prepared, options: VerifyOptions): Promise<VerifiedTable> {
  const { bench, live, level } = one
  const point = live?.points.get(bench.table.source) ?? null
  const part = settledPart(bench, point, await nowOf(ctx))
  const how = {
    target: ctx.target,
    migrationId: ctx.migrationId,
    state: live?.state ?? { primary: 'source' as const },
    signal: ctx.signal,
  }
  const settled = (): Promise<void> => settle(how, part.concern)
  const verified = await verifyLiveTable({
    ...one,
    part,
    point,
    openSnapshot: () => openSnapshot(ctx.target, workersOf(ctx, options)),
    settle: settled,
  })
  if (level === 'count') return verified
  await withSession(ctx.target, (session) =>
    addMeaning(
      ctx,
      { bench, books: one, session, verified, live: { settle: settled, isSettled: part.isSettled } },
      options,
    ),
  )
  return verified
}

/** The target's clock, microseconds since 1970-01-01 UTC. */
async function nowOf(ctx: StepContext): Promise<bigint> {
  const { rows } = await ctx.target.query<{ now: string }>(
    'select (extract(epoch from clock_timestamp()) * 1000000)::int8::text as now',
  )
  return BigInt(rows[0]?.now ?? '0')
}

function workersOf(ctx: StepContext, options: VerifyOptions): number {
  return Math.max(1, options.workers ?? ctx.plan.backfill.workers)
}
