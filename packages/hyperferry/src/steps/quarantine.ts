/** Rows in quarantine settled: fixed by a person, read again from a source that was mended, or given up (docs/design/0013). */
import { durable } from '../control/ledger.ts'
import { chosen, settle } from '../control/settle-quarantine.ts'
import type { Found, Selection } from '../control/settle-quarantine.ts'
import { HyperferryError } from '../errors.ts'
import type { PlannedTable } from '../model.ts'
import type { Session } from '../target/connect.ts'
import { transaction } from '../target/transaction.ts'
import { withSession } from '../target/with-session.ts'
import type { StepContext } from './context.ts'
import { Outcome } from './quarantine/outcome.ts'
import type { SettledRows } from './quarantine/outcome.ts'
import { fixOne } from './quarantine/fix-one.ts'
import { columnsGiven } from './quarantine/given.ts'
import type { Fix } from './quarantine/given.ts'
import { mustBePossible } from './quarantine/possible.ts'
import { retryTable } from './quarantine/retry-table.ts'

export type { Fix } from './quarantine/given.ts'
export type { SettledRows } from './quarantine/outcome.ts'

/** What settling needs; `discard` no source. */
type Books = Pick<StepContext, 'plan' | 'target' | 'migrationId'>

/** The rows that a command would settle. Throws HF-Q001, HF-Q007 for one that was settled in another way. */
export async function settleable(
  { target, migrationId }: Books,
  how: 'fix' | 'retry' | 'discard',
  selection: Selection,
): Promise<{ open: Found[]; unchanged: number }> {
  const rows = await withSession(target, (session) => chosen(session, migrationId, selection))
  const same = how === 'discard' ? ['discarded'] : ['delivered', 'gone']
  const other = rows.find(({ status }) => status !== 'open' && !same.includes(status))
  if (other !== undefined) {
    throw new HyperferryError('HF-Q007', {
      what: `row ${other.id} is not in quarantine any more: it is ${other.status}`,
    })
  }
  const open = rows.filter(({ status }) => status === 'open')
  return { open, unchanged: rows.length - open.length }
}

/**
 * Puts rows into the target with values that a person gave, each in one transaction with its being settled. Other columns come from the source, by the
 * plan's rules. What does not fit stays and is told. Throws HF-Q001, HF-Q002, HF-Q006, HF-Q007; nothing was changed then.
 */
export async function fix(ctx: StepContext, fixes: readonly Fix[]): Promise<SettledRows> {
  const { open, unchanged } = await settleable(ctx, 'fix', { ids: fixes.map(({ id }) => id) })
  await mustBePossible(ctx, 'fix', tablesOf(ctx, open))
  const byId = new Map(open.map((row) => [row.id, row]))
  const work = fixes.flatMap((one) => {
    const row = byId.get(one.id)
    return row === undefined ? [] : [{ ...one, table: tableOf(ctx, row.table) }]
  })
  const all = work.map((one) => ({ ...one, given: columnsGiven(one.table, one.set) }))
  const outcome = new Outcome(unchanged)
  for (const one of all) {
    mayGoOn(ctx)
    await fixOne(ctx, one, outcome)
  }
  return ended(ctx, outcome)
}

/**
 * Reads rows again from the source, by their key, and puts into the target what fits now. What still does not stays open with its new reason. Throws
 * HF-Q001, HF-Q006, HF-Q007.
 */
export async function retry(ctx: StepContext, selection: Selection): Promise<SettledRows> {
  const { open, unchanged } = await settleable(ctx, 'retry', selection)
  await mustBePossible(ctx, 'retry', tablesOf(ctx, open))
  const outcome = new Outcome(unchanged)
  for (const table of tablesOf(ctx, open)) {
    const ids = open.filter((row) => row.table === table.source).map(({ id }) => id)
    await retryTable(ctx, table, { ids, outcome, mayGoOn: () => mayGoOn(ctx) })
  }
  return ended(ctx, outcome)
}

/** Gives rows up: they stay out of the target, with a person's name and reason. Throws HF-Q001, HF-Q006, HF-Q007. */
export async function discard(ctx: Books, selection: Selection, reason: string): Promise<SettledRows> {
  const { open, unchanged } = await settleable(ctx, 'discard', selection)
  await mustBePossible(ctx, 'discard', tablesOf(ctx, open))
  const outcome = new Outcome(unchanged)
  await withSession(ctx.target, (session) =>
    transaction(session, async () => {
      await settle(
        session,
        open.map(({ id }) => id),
        { status: 'discarded', how: 'discard', reason },
      )
    }),
  )
  for (const { id, table } of open) outcome.settled(id, table, 'discarded')
  return ended(ctx, outcome)
}

function tableOf({ plan }: Books, source: string): PlannedTable {
  const table = plan.tables.find((one) => one.source === source)
  if (table !== undefined) return table
  throw new HyperferryError('HF-P020', { what: `table ${source} is not in the plan any more` })
}

function tablesOf(ctx: Books, rows: readonly Found[]): PlannedTable[] {
  return [...new Set(rows.map(({ table }) => table))].map((source) => tableOf(ctx, source))
}

function mayGoOn({ signal }: StepContext): void {
  if (signal.aborted) throw new HyperferryError('HF-B022', { what: 'settling rows of the quarantine was interrupted' })
}

async function ended(ctx: Books, outcome: Outcome): Promise<SettledRows> {
  return withSession(ctx.target, async (session: Session) => {
    await durable(session)
    return outcome.document(session, ctx.migrationId)
  })
}
