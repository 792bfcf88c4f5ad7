/** Step 8: proves that the target holds what the source holds. Reads both sides and changes neither. */
import { isComplete, partOf } from '../control/coverage.ts'
import { requireControl } from '../control/install.ts'
import { HyperferryError } from '../errors.ts'
import { failpoint } from '../failpoints.ts'
import type { PlannedTable } from '../model.ts'
import type { Session } from '../target/connect.ts'
import { qualified } from '../target/sql.ts'
import { withSession } from '../target/with-session.ts'
import type { StepContext } from './context.ts'
import type { VerifiedTable, VerifyDocument } from './verify/document.ts'
import { jsonCount } from './verify/document.ts'
import { liveOf } from './verify/live.ts'
import type { Live } from './verify/live.ts'
import type { VerifyOptions } from './verify/options.ts'
import { mayGoOn, proveTable } from './verify/prove.ts'

export type { DifferentRange, VerifiedTable, VerifyDocument, VerifyLevel } from './verify/document.ts'

export type { VerifyOptions } from './verify/options.ts'

/**
 * Compares the tables at a level: `estimate` (server estimates, no verdict), `count` (independent counts), `digest` (also the target's rows with
 * the receipts, and the second opinion), `rows` (also the source's rows, read again). `equal` false is an answer, not an error: exit code 3 is
 * the command's business. Throws HF-V003 when digest is asked for and work is left, HF-V002 for receipts of another digest version, HF-B022.
 */
export async function verify(ctx: StepContext, options: VerifyOptions = {}): Promise<VerifyDocument> {
  const level = options.level ?? 'digest'
  const chosen = chooseTables(ctx, options.tables)
  const ids = await withSession(ctx.target, (session) => ledgerIds(session, ctx.migrationId))
  const live = level === 'estimate' ? null : await liveOf(ctx)
  if (level === 'digest') await withSession(ctx.target, (session) => mustBeFinished(session, chosen, { ids, live }))
  const tables: VerifiedTable[] = []
  for (const table of chosen) {
    mayGoOn(ctx)
    const tableId = ids.get(table.source) ?? null
    const verified =
      level === 'estimate'
        ? await estimateTable(ctx, table)
        : await proveTable(ctx, { table, tableId, level, live }, options)
    tables.push(verified)
    ctx.events.emit({
      kind: 'table-done',
      table: table.name,
      rows: Number(verified.targetRows),
      quarantined: verified.open,
    })
  }
  failpoint('verify.before-done')
  return { equal: level === 'estimate' ? null : tables.every((each) => each.equal !== false), level, tables }
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

/** What writers deliver by themselves need not be copied. */
async function mustBeFinished(
  session: Session,
  tables: readonly PlannedTable[],
  { ids, live }: { ids: ReadonlyMap<string, number>; live: Live | null },
): Promise<void> {
  const names: string[] = []
  for (const table of tables) {
    const id = ids.get(table.source)
    const part = partOf(table, live?.points.get(table.source))
    if (id === undefined || !(await isComplete(session, id, table, part))) names.push(table.source)
  }
  if (names.length === 0) return
  throw new HyperferryError('HF-V003', {
    what: `not copied to the end: ${names.slice(0, 5).join(', ')}${names.length > 5 ? ', …' : ''}`,
    details: { tables: names },
  })
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
    open: 0,
    digest: null,
    different: [],
    settledUntil: null,
    books: null,
    meaning: null,
    notes: ['estimates of both servers: no verdict'],
  }
}
