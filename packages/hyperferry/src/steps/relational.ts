/** Step 3b: copies the relational tables whole, from one snapshot of the source into one transaction of the target. */
import { isComplete } from '../control/coverage.ts'
import { durable, registerTables, totals } from '../control/ledger.ts'
import { failpoint } from '../failpoints.ts'
import { withSession } from '../work/attempts.ts'
import type { CopyRun } from '../work/attempts.ts'
import { usualRetry } from '../work/backoff.ts'
import type { RetryPolicy } from '../work/backoff.ts'
import { MemoryBudget } from '../work/budget.ts'
import { finishTables } from '../work/finish-tables.ts'
import { noteOnePiece } from '../work/in-one-piece.ts'
import { quarantineGate } from '../work/quarantine-gate.ts'
import type { PlannedTable } from '../model.ts'
import { copyTogether } from './relational/copy-together.ts'
import { parentsFirst } from './relational/order.ts'
import type { StepContext } from './context.ts'

export interface RelationalOptions {
  /** Rows that may stay in quarantine. Default 0. */
  acceptQuarantine?: number
  retry?: RetryPolicy
  /** Bytes of rows in memory. Default 128 MB; more goes to the temporary folder. */
  memory?: number
}

interface RelationalTable {
  /** Name in the target. */
  name: string
  source: string
  rows: number
  quarantined: number
  digest: string
  status: 'done' | 'unchanged'
}

export interface RelationalResult {
  tables: RelationalTable[]
  quarantined: number
  notes: string[]
}

/**
 * All tables or none. Afterwards indexes, foreign keys and sequences. With everything there already it changes nothing. Throws HF-B010 when the
 * source's count in the same snapshot differs, HF-B012 when rows are in quarantine (all else is done then), HF-B022 when interrupted.
 */
export async function relational(ctx: StepContext, options: RelationalOptions = {}): Promise<RelationalResult> {
  const run: CopyRun = {
    target: ctx.target,
    budget: new MemoryBudget(options.memory),
    events: ctx.events,
    retry: options.retry ?? usualRetry,
    stop: ctx.hardSignal,
  }
  const tables = parentsFirst(ctx.plan.tables.filter(({ kind }) => kind === 'relational'))
  const ids = await withSession(run, '', (session) => registerTables(session, ctx.migrationId, ctx.plan.tables))
  const todo = await unfinished(run, tables, ids)
  await noteOnePiece(ctx.events, todo)
  const notes = await copyTogether(run, ctx, todo, ids)
  failpoint('relational.before-post')
  notes.push(...(await finishTables(run, ctx, { own: tables, complete: tables })))
  await withSession(run, '', durable)
  const result = await summary(run, { tables, todo, ids, notes })
  for (const { name, rows, quarantined } of result.tables) {
    ctx.events.emit({ kind: 'table-done', table: name, rows, quarantined })
  }
  await quarantineGate(run, ctx.migrationId, {
    tables: new Set(tables.map(({ source }) => source)),
    accepted: options.acceptQuarantine ?? 0,
    details: { result },
  })
  failpoint('relational.before-done')
  return result
}

async function unfinished(
  run: CopyRun,
  tables: readonly PlannedTable[],
  ids: ReadonlyMap<string, number>,
): Promise<PlannedTable[]> {
  return withSession(run, '', async (session) => {
    const left: PlannedTable[] = []
    for (const table of tables) {
      if (!(await isComplete(session, ids.get(table.source) ?? 0, table))) left.push(table)
    }
    return left
  })
}

async function summary(
  run: CopyRun,
  facts: { tables: PlannedTable[]; todo: PlannedTable[]; ids: ReadonlyMap<string, number>; notes: string[] },
): Promise<RelationalResult> {
  const tables = await withSession(run, '', async (session) => {
    const list: RelationalTable[] = []
    for (const table of facts.tables) {
      const sum = await totals(session, facts.ids.get(table.source) ?? 0)
      list.push({
        name: table.name,
        source: table.source,
        rows: Number(sum.rows),
        quarantined: Number(sum.quarantined - sum.discarded),
        digest: sum.digest,
        status: facts.todo.includes(table) ? 'done' : 'unchanged',
      })
    }
    return list
  })
  const notes =
    facts.todo.length > 0 || tables.length === 0
      ? facts.notes
      : [...facts.notes, 'Everything was copied already; nothing changed.']
  return { tables, quarantined: tables.reduce((sum, table) => sum + table.quarantined, 0), notes }
}
