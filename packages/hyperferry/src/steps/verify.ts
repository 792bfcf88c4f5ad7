/** Step 8: proves that the target holds what the source holds. Reads both sides and changes neither. */
import { requireControl } from '../control/install.ts'
import { isComplete } from '../control/coverage.ts'
import { receipts } from '../control/ledger.ts'
import { HyperferryError } from '../errors.ts'
import { failpoint } from '../failpoints.ts'
import type { PlannedTable, Receipt } from '../model.ts'
import type { Session } from '../target/connect.ts'
import { qualified } from '../target/sql.ts'
import { withSession } from '../target/with-session.ts'
import type { StepContext } from './context.ts'
import { benchOf } from './verify/bench.ts'
import type { Bench } from './verify/bench.ts'
import type { VerifiedTable, VerifyDocument, VerifyLevel } from './verify/document.ts'
import { jsonCount } from './verify/document.ts'
import { exactAdvance } from './verify/examine.ts'
import type { KeptBack } from './verify/excused.ts'
import { KEPT_BACK_ROWS, keptBackRows } from './verify/kept-back.ts'
import { meaning } from './verify/meaning.ts'
import { isCuttable, rangeOf, residualRange } from './verify/ranges.ts'
import { openSnapshot } from './verify/snapshot.ts'
import { verifyTable } from './verify/table.ts'
import { isPlaceable, windowOf } from './verify/window.ts'

export type { DifferentRange, VerifiedTable, VerifyDocument, VerifyLevel } from './verify/document.ts'

export interface VerifyOptions {
  /** Default `digest`. */
  level?: VerifyLevel
  /** Names (source or target); default all tables of the plan. */
  tables?: readonly string[]
  /** Only ranges that reach into [from, to): ISO 8601, or positions as whole numbers. Tables without an axis are compared whole. */
  from?: string
  to?: string
  /** Rows of each table that both servers render as text; default the plan's, 0 leaves the second opinion out. */
  sampleRows?: number
  /** Rows looked up of each trap class. Default 500. */
  trapRows?: number
  /** Show row values, not only keys. Default false. */
  showValues?: boolean
  /** Examine only the first range that differs of each table. Default false. */
  failFast?: boolean
  /** Default the plan's `backfill.workers`. */
  workers?: number
}

/**
 * Compares the tables at a level: `estimate` (server estimates, no verdict), `count` (independent counts), `digest` (also the target's rows with
 * the receipts, and the second opinion), `rows` (also the source's rows, read again). `equal` false is an answer, not an error: exit code 3 is
 * the command's business. Throws HF-V003 when digest is asked for and work is left, HF-V002 for receipts of another digest version, HF-B022.
 */
export async function verify(ctx: StepContext, options: VerifyOptions = {}): Promise<VerifyDocument> {
  const level = options.level ?? 'digest'
  const chosen = chooseTables(ctx, options.tables)
  const ids = await withSession(ctx.target, (session) => ledgerIds(session, ctx.migrationId))
  if (level === 'digest') await withSession(ctx.target, (session) => mustBeFinished(session, chosen, ids))
  const tables: VerifiedTable[] = []
  for (const table of chosen) {
    mayGoOn(ctx)
    const tableId = ids.get(table.source) ?? null
    const verified =
      level === 'estimate' ? await estimateTable(ctx, table) : await proveTable(ctx, { table, tableId, level }, options)
    tables.push(verified)
    ctx.events.emit({
      kind: 'table-done',
      table: table.name,
      rows: Number(verified.targetRows),
      quarantined: Number(verified.quarantined),
    })
  }
  failpoint('verify.before-done')
  return { equal: level === 'estimate' ? null : tables.every((each) => each.equal === true), level, tables }
}

interface FullBooks {
  receipts: Receipt[]
  keptBack: KeptBack[]
}

function chooseTables(ctx: StepContext, names: readonly string[] | undefined): PlannedTable[] {
  if (names === undefined || names.length === 0) return ctx.plan.tables
  return names.map((name) => {
    const table = ctx.plan.tables.find((each) => each.source === name || each.name === name)
    if (table !== undefined) return table
    const known = ctx.plan.tables.map((each) => each.source).join(', ')
    throw new HyperferryError('HF-U001', { what: `no table "${name}" in the plan`, hint: `The plan has: ${known}.` })
  })
}

/** The ledger's numbers of tables by source name. */
async function ledgerIds(session: Session, migrationId: number): Promise<Map<string, number>> {
  await requireControl(session)
  const { rows } = await session.query<{ id: number; source: string }>(
    'select id, source from hyperferry.migrated_table where migration_id = $1',
    [migrationId],
  )
  return new Map(rows.map(({ id, source }) => [source, id]))
}

async function mustBeFinished(
  session: Session,
  tables: readonly PlannedTable[],
  ids: ReadonlyMap<string, number>,
): Promise<void> {
  const names: string[] = []
  for (const table of tables) {
    const id = ids.get(table.source)
    if (id === undefined || !(await isComplete(session, id, table))) names.push(table.source)
  }
  if (names.length === 0) return
  throw new HyperferryError('HF-V003', {
    what: `not copied to the end: ${names.slice(0, 5).join(', ')}${names.length > 5 ? ', …' : ''}`,
    details: { tables: names },
  })
}

/** Receipts are read a table at a time: all of them together may not fit into memory. */
async function readBooks(ctx: StepContext, table: PlannedTable, tableId: number | null): Promise<FullBooks> {
  if (tableId === null) return { receipts: [], keptBack: [] }
  return withSession(ctx.target, async (session) => ({
    receipts: await receipts(session, tableId),
    keptBack: await keptBackRows(session, tableId, table),
  }))
}

async function proveTable(
  ctx: StepContext,
  { table, tableId, level }: { table: PlannedTable; tableId: number | null; level: Exclude<VerifyLevel, 'estimate'> },
  options: VerifyOptions,
): Promise<VerifiedTable> {
  const { timezone } = ctx.plan.source
  const bench = benchOf(table, ctx.source.reader(table), { schema: ctx.plan.target.schema, timezone })
  const books = await readBooks(ctx, table, tableId)
  const { keptBack } = books
  const { from, to } = options
  const wanted = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }
  // Of all tables, those without such positions are compared whole; one that was asked for by name is refused.
  const whole = !isCuttable(table) || (options.tables === undefined && !isPlaceable(table, wanted))
  const window = whole ? { from: null, to: null } : windowOf(table, timezone, wanted)
  ctx.events.emit({ kind: 'table-start', table: table.name, rows: 0, bytes: 0, estimatedRows: table.estimatedRows })
  let done = 0
  const snapshot = await openSnapshot(ctx.target, Math.max(1, options.workers ?? ctx.plan.backfill.workers))
  try {
    const verified = await verifyTable({
      bench,
      level,
      receipts: books.receipts,
      sessions: snapshot.sessions,
      keptBack,
      window,
      showValues: options.showValues === true,
      failFast: options.failFast === true,
      mayGoOn: () => mayGoOn(ctx),
      onRows(rows) {
        done += rows
        const { estimatedRows } = table
        ctx.events.emit({ kind: 'table-progress', table: table.name, rows: done, bytes: 0, estimatedRows })
      },
    })
    if (level !== 'count') {
      await addMeaning(ctx, { bench, books, session: snapshot.sessions[0], verified }, options)
    }
    if (keptBack.length >= KEPT_BACK_ROWS) {
      verified.notes.push(`only ${KEPT_BACK_ROWS} rows of the quarantine are recognised; others show as missing`)
    }
    return verified
  } finally {
    await snapshot.close()
  }
}

/** The second opinion, on the same snapshot of the target. */
async function addMeaning(
  ctx: StepContext,
  to: { bench: Bench; books: FullBooks; session: Session; verified: VerifiedTable },
  options: VerifyOptions,
): Promise<void> {
  const { bench, books, session, verified } = to
  const { table, timezone } = bench
  const sampleRows = options.sampleRows ?? ctx.plan.verify.sampleRows
  if (sampleRows <= 0) return
  const bytes = books.receipts.reduce((sum, each) => sum + each.bytes, 0)
  const rows = Number(verified.sourceRows)
  const axis = table.columns.find((column) => column.source === table.axis)
  const residualRows = books.receipts.reduce((sum, each) => sum + (each.lane === 1 ? each.rows : 0), 0)
  verified.meaning = await meaning(session, {
    place: {
      table,
      schema: bench.schema,
      columns: table.columns.filter((column) => column.generated === null),
      key: bench.key,
      axis: axis === undefined ? null : indexOrNull(bench.columns.indexOf(axis.name)),
    },
    second: bench.reader.second,
    reader: bench.reader,
    cutter: isCuttable(table)
      ? {
          range: (span) => rangeOf(table, span, timezone),
          residual: residualRange(table),
          advance: (from, count) => exactAdvance(bench, from, count),
        }
      : null,
    receipts: books.receipts,
    rows,
    sampleRows,
    rowBytes: rows === 0 || bytes === 0 ? 200 : Math.ceil(bytes / rows),
    trapRows: options.trapRows ?? 500,
    keptBack: books.keptBack,
    isUtc: timezone === 'UTC' && table.columns.every((column) => (column.rules.timezone ?? 'UTC') === 'UTC'),
    showValues: options.showValues === true,
    mayMove: residualRows > 0 || axis?.rules.zeroDate !== undefined,
  })
  if (verified.meaning.differences > 0) verified.equal = false
  if (verified.meaning.rows < verified.meaning.expected) {
    const { rows: seen, expected } = verified.meaning
    verified.notes.push(`the source's second reading gave ${seen} rows where ${expected} were expected`)
    verified.equal = false
  }
}

function indexOrNull(index: number): number | null {
  return index < 0 ? null : index
}

async function estimateTable(ctx: StepContext, table: PlannedTable): Promise<VerifiedTable> {
  const { rows } = await ctx.target.query<{ n: string | null }>(
    // Children hold the rows of hypertables and partitioned tables; −1 is "never analysed".
    `with recursive parts as (
       select to_regclass($1)::oid as oid
       union all select i.inhrelid from pg_inherits i join parts p on i.inhparent = p.oid)
     select sum(greatest(c.reltuples, 0))::bigint::text as n from parts join pg_class c using (oid)`,
    [qualified(ctx.plan.target.schema, table.name)],
  )
  return {
    name: table.name,
    source: table.source,
    equal: null,
    partial: false,
    ranges: 0,
    sourceRows: jsonCount(Math.round(table.estimatedRows)),
    targetRows: jsonCount(BigInt(rows[0]?.n ?? '0')),
    quarantined: 0,
    digest: null,
    different: [],
    meaning: null,
    notes: ['estimates of both servers: no verdict'],
  }
}

function mayGoOn(ctx: StepContext): void {
  if (ctx.signal.aborted) throw new HyperferryError('HF-B022', { what: 'verify was interrupted' })
}
