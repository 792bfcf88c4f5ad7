/** What is made once the rows are there: indexes, foreign keys, statistics, sequences. */
import { HyperferryError } from '../errors.ts'
import type { Plan, PlannedTable } from '../model.ts'
import type { Source } from '../source/source.ts'
import { applyDdl } from '../target/apply.ts'
import type { Applied } from '../target/apply.ts'
import type { Session } from '../target/connect.ts'
import { planDdl } from '../target/ddl.ts'
import type { DdlStatement } from '../target/ddl.ts'
import { patiently, withSession } from './attempts.ts'
import type { CopyRun } from './attempts.ts'
import { interrupted } from './backoff.ts'
import { setSequences } from './sequences.ts'

/** Tables of a step, and those whose receipts are complete. */
export interface FinishedTables {
  /** Tables of the step: all of the `post` phase is made for them. */
  own: readonly PlannedTable[]
  /** Tables that hold all of their rows: foreign keys are made between those only. */
  complete: readonly PlannedTable[]
}

/** Makes what is missing; what is there stays as it is. Returns notes for people (foreign keys the data breaks). */
export async function finishTables(
  run: CopyRun,
  ctx: { plan: Plan; source: Source; signal: AbortSignal },
  tables: FinishedTables,
): Promise<string[]> {
  const statements = postStatements(ctx.plan, planDdl(ctx.plan, run.target.capabilities), tables)
  const notValidated: Applied['notValidated'] = []
  await withSession(run, '', async (session) => {
    notValidated.length = 0
    for (const statement of statements) {
      // An index may take hours: between two of them the step can end.
      if (ctx.signal.aborted) throw interrupted()
      notValidated.push(...(await applyPatiently(session, [statement])).notValidated)
    }
  })
  await moveSequences(run, ctx, tables.own)
  return notValidated.map(
    ({ table, name, reason, absent }) =>
      `${table}: foreign key ${name} ${absent === true ? 'is left out' : 'stays NOT VALID'}, ${reason} (HF-P040)`,
  )
}

/** Another tool may make the same index at the same time: then it is there, and the second look sees it. */
async function applyPatiently(session: Session, statements: readonly DdlStatement[]): Promise<Applied> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await applyDdl(session, statements)
    } catch (error) {
      if (attempt === 5 || !(error instanceof HyperferryError) || !wasMadeMeanwhile(error)) throw error
    }
  }
}

/** It exists already: as a relation, as a constraint, or as a row of a catalog that was about to be inserted (a unique index over rows is not meant). */
function wasMadeMeanwhile({ sqlstate, details }: HyperferryError): boolean {
  return sqlstate === '42P07' || sqlstate === '42710' || (sqlstate === '23505' && details['schema'] === 'pg_catalog')
}

/** The statements of the `post` phase whose time has come. Pure. */
export function postStatements(
  plan: Plan,
  statements: readonly DdlStatement[],
  { own, complete }: FinishedTables,
): DdlStatement[] {
  const ownNames = new Set(own.map(({ name }) => name))
  const completeNames = new Set(complete.map(({ name }) => name))
  return statements.filter((statement) => {
    if (statement.phase !== 'post' || statement.table === null) return false
    if (statement.kind !== 'foreign-key') return ownNames.has(statement.table)
    const table = plan.tables.find(({ name }) => name === statement.table)
    const key = table?.foreignKeys.find(({ name }) => name === statement.name)
    return completeNames.has(statement.table) && (key === undefined || completeNames.has(key.references.table))
  })
}

async function moveSequences(
  run: CopyRun,
  { plan, source }: { plan: Plan; source: Source },
  tables: readonly PlannedTable[],
): Promise<void> {
  const counting = tables.filter(({ columns }) => columns.some(({ identity }) => identity))
  // The largest value alone would hand out numbers again whose rows were deleted in the source.
  if (counting.length === 0) return
  const inventory = await patiently(run, '', () => source.inventory())
  const bySource = new Map(inventory.tables.map((table) => [table.name, table]))
  await withSession(run, '', async (session) => {
    for (const table of counting) await setSequences(session, plan.target.schema, table, bySource.get(table.source))
  })
}
