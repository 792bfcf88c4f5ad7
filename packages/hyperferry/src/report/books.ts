/** Everything the control schema knows of one migration, read once; what `status` shows and `report` writes down. */
import { hasDecisions } from '../control/decisions.ts'
import { controlVersion } from '../control/install.ts'
import { totals } from '../control/ledger.ts'
import { storedMigration } from '../control/migration-row.ts'
import type { StoredMigration } from '../control/migration-row.ts'
import { stepHistory } from '../control/step-log.ts'
import type { StepRecord } from '../control/step-log.ts'
import type { Loss, TableKind } from '../model.ts'
import type { Session } from '../target/connect.ts'
import { member, verdictOf } from './verdict.ts'
import type { Verdict } from './verdict.ts'

export interface Books {
  migration: StoredMigration
  steps: StepRecord[]
  tables: TableBooks[]
  /** Open rows by table, code and column. */
  quarantine: { table: string; code: string; column: string | null; reason: string; rows: number }[]
  /** What became of rows that were in quarantine, by table, how, who and why; oldest first. */
  decisions: QuarantineDecision[]
  /** Rows in quarantine that the last copy was told may stay there. */
  accepted: number
  /** The target's clock, ISO 8601 UTC. */
  at: string
}

export interface QuarantineDecision {
  table: string
  how: 'fix' | 'retry' | 'discard' | 'gone'
  /** Role of the target that it was done as. */
  by: string
  reason: string | null
  /** Columns that a person gave values for. */
  columns: string[]
  rows: number
  /** When the last of them was settled, ISO 8601 UTC. */
  at: string
}

export interface TableBooks {
  /** Name in the target. */
  name: string
  source: string
  schema: string
  kind: TableKind
  rows: bigint
  /** Rows in quarantine by the receipts. */
  quarantined: bigint
  bytes: bigint
  estimatedRows: number
  receipts: number
  /** Nothing is left to copy. */
  complete: boolean
  digest: string
  losses: Loss[]
  verdict: Verdict
}

/** null when nothing was started under this name. Reads only, takes no lock. Throws HF-B013 for a newer control schema. */
export async function readBooks(session: Session, name: string): Promise<Books | null> {
  if ((await controlVersion(session)) === null) return null
  const migration = await storedMigration(session, name)
  if (migration === null) return null
  const steps = await stepHistory(session, migration.id)
  const { rows } = await session.query<TableRow>(TABLES, [migration.id])
  const tables: TableBooks[] = []
  for (const row of rows) {
    const sum = await totals(session, row.id)
    tables.push({
      name: row.name,
      source: row.source,
      schema: row.schema,
      kind: row.kind,
      ...sum,
      estimatedRows: Number(row.estimated),
      complete: row.complete,
      verdict: verdictOf(steps, row.name, sum.digest),
    })
  }
  const kept = await session.query<KeptRow>(QUARANTINE, [migration.id])
  const decisions = (await hasDecisions(session))
    ? (await session.query<Omit<QuarantineDecision, 'rows'> & { rows: string }>(DECISIONS, [migration.id])).rows.map(
        (row) => ({
          ...row,
          rows: Number(row.rows),
        }),
      )
    : []
  const clock = await session.query<{ at: string }>(
    `select to_char(clock_timestamp(), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at`,
  )
  return {
    migration,
    steps,
    tables,
    quarantine: kept.rows.map((row) => ({ ...row, rows: Number(row.rows) })),
    decisions,
    accepted: acceptedRows(steps),
    at: clock.rows[0]?.at ?? '',
  }
}

/** The largest number given to the last `relational` and the last `backfill`. */
export function acceptedRows(steps: readonly StepRecord[]): number {
  const given = ['relational', 'backfill'].map((name) =>
    member(steps.findLast(({ step, status }) => step === name && status === 'done')?.output, 'accepted'),
  )
  return Math.max(0, ...given.filter((rows) => typeof rows === 'number'))
}

interface TableRow {
  id: number
  source: string
  schema: string
  name: string
  kind: TableKind
  estimated: string
  complete: boolean
}

interface KeptRow {
  table: string
  code: string
  column: string | null
  reason: string
  rows: string
}

const TABLES = `
  select t.id, t.source, t.target_schema as schema, t.target as name, t.kind, t.estimated_rows::text as estimated,
    coalesce(p.complete, false) as complete
  from hyperferry.migrated_table t
  join hyperferry.migration m on m.id = t.migration_id
  left join hyperferry.progress p on p.migration = m.name and p.source_table = t.source
  where t.migration_id = $1 order by t.id`

const QUARANTINE = `
  select t.target as table, q.code, q.column_name as column, min(q.reason) as reason, count(*)::text as rows
  from hyperferry.quarantine_row q join hyperferry.migrated_table t on t.id = q.table_id
  where t.migration_id = $1 and q.status = 'open'
  group by t.target, q.code, q.column_name order by t.target, q.code, q.column_name`

const DECISIONS = `
  select t.target as table, q.settled_how as how, q.settled_by as by, q.settled_reason as reason, c.columns::json as columns, count(*)::text as rows,
    to_char(max(q.settled_at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at
  from hyperferry.quarantine_row q join hyperferry.migrated_table t on t.id = q.table_id
  cross join lateral (select coalesce(json_agg(name), '[]')::text as columns
    from json_object_keys(coalesce(q.settled_values, '{}')) as name) c
  where t.migration_id = $1 and q.settled_how is not null
  group by t.target, q.settled_how, q.settled_by, q.settled_reason, c.columns order by min(q.settled_at)`
