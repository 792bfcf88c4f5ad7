/** Step 3a: makes what must be there before the rows: tables, keys, checks, hypertables, paused policies. Never drops or changes anything. */
import { putSnapshot } from '../control/jobs.ts'
import { occupied } from '../control/occupied.ts'
import type { Emptied } from '../control/occupied.ts'
import { HyperferryError } from '../errors.ts'
import { failpoint } from '../failpoints.ts'
import { applyDdl, compareDdl } from '../target/apply.ts'
import type { Session } from '../target/connect.ts'
import { omitted, planDdl } from '../target/ddl.ts'
import type { DdlKind, DdlPhase, DdlStatement, Omission } from '../target/ddl.ts'
import { readJobs } from '../target/jobs.ts'
import { rehearse } from '../target/rehearse.ts'
import type { StepContext } from './context.ts'

interface SchemaObject {
  table: string | null
  kind: DdlKind
  name: string
}

export interface SchemaResult {
  /** Target names of the plan's tables. */
  tables: string[]
  /** Made now; in a dry run: what would be made. */
  applied: SchemaObject[]
  /** Objects that were there and equal. */
  present: number
  /** What the plan asks for and this server cannot do. */
  omitted: Omission[]
  /** Dry run only: the missing statements of phase `pre`, and all of phase `post`, which follow the data. */
  statements?: { phase: DdlPhase; sql: string }[]
  /** Dry run only: tables whose rows will be deleted before the first one is copied. */
  emptied?: Emptied[]
}

/** The step needs the target only; a dry run needs no claimed migration. */
export type SchemaContext = Pick<StepContext, 'plan' | 'target' | 'events' | 'signal'> & { migrationId?: number }

/**
 * Looks at all tables first, then makes what is missing, each table in one transaction. Can be repeated. Throws HF-S010 when something is
 * there and different, HF-S011 when a table holds rows of somebody else and the plan does not say that they may go, HF-S012 when the target refuses,
 * HF-P023 and HF-P022 for a plan that cannot be; in all these cases but the third nothing was changed.
 */
export async function schema(ctx: SchemaContext, options: { dryRun?: boolean } = {}): Promise<SchemaResult> {
  const { plan, target } = ctx
  const statements = planDdl(plan, target.capabilities)
  const pre = statements.filter((statement) => statement.phase === 'pre')
  const session = await target.session()
  try {
    await rehearse(session, plan.target.schema, plan.tables)
    const look = await compareDdl(session, pre)
    const emptied = await occupied(session, plan)
    const common = { tables: plan.tables.map((table) => table.name), omitted: omitted(plan, target.capabilities) }
    if (options.dryRun === true) {
      const post = statements.filter((statement) => statement.phase === 'post')
      return {
        ...common,
        applied: look.applied.map(objectOf),
        present: look.present.length,
        emptied,
        statements: [...look.applied, ...post].map(({ phase, sql }) => ({ phase, sql })),
      }
    }
    const { applied, present } = await makeTables(ctx, session, pre)
    failpoint('schema.before-done')
    return { ...common, applied: applied.map(objectOf), present: present.length }
  } finally {
    await session.release()
  }
}

async function makeTables(
  ctx: SchemaContext,
  session: Session,
  statements: readonly DdlStatement[],
): Promise<{ applied: DdlStatement[]; present: DdlStatement[] }> {
  const made: { applied: DdlStatement[]; present: DdlStatement[] } = { applied: [], present: [] }
  for (const table of [null, ...ctx.plan.tables.map(({ name }) => name)]) {
    if (ctx.signal.aborted) throw new HyperferryError('HF-B022', { what: 'interrupted while tables were made' })
    const own = statements.filter((statement) => statement.table === table)
    const { applied, present } = await applyDdl(session, own, (together) =>
      recordPolicies(ctx, session, together.applied),
    )
    made.applied.push(...applied)
    made.present.push(...present)
    if (table === null) continue
    if (applied.length > 0) ctx.events.emit({ kind: 'step', step: 'schema', message: table })
    failpoint('schema.after-table')
  }
  return made
}

/** In the transaction that makes a paused policy: `jobs restore` must know that it is to be started, and that nobody had paused it. */
async function recordPolicies(ctx: SchemaContext, session: Session, made: readonly DdlStatement[]): Promise<void> {
  const tables = made.flatMap(({ kind, table }) => (kind === 'policy' && table !== null ? [table] : []))
  if (tables.length === 0 || ctx.migrationId === undefined) return
  const jobs = await readJobs(session, ctx.target.capabilities, ctx.plan.target.schema, tables)
  for (const job of jobs) {
    if (job.kind === 'columnstore' && job.level === 0) await putSnapshot(session, ctx.migrationId, job, 'planned')
  }
}

function objectOf({ table, kind, name }: DdlStatement): SchemaObject {
  return { table, kind, name }
}
