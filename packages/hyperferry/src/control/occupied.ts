/** Tables of the target that hold rows which the migration did not copy. */
import { HyperferryError } from '../errors.ts'
import type { Plan, PlannedTable } from '../model.ts'
import type { Session } from '../target/connect.ts'
import { qualified } from '../target/sql.ts'
import { controlVersion } from './install.ts'

/** A table that is going to be emptied, and how many rows are in it. */
export interface Emptied {
  table: string
  rows: string
}

/**
 * The tables that will be emptied before their first row is copied. Throws HF-S011 for a table that holds rows and has no receipt of this migration,
 * unless the plan says `existingRows: delete`. Time series that are written twice hold the application's rows, which are neither. Only reads.
 */
export async function occupied(
  session: Session,
  plan: Plan,
  tables: readonly PlannedTable[] = plan.tables,
): Promise<Emptied[]> {
  const { schema } = plan.target
  const there = await existing(session, schema, tables)
  const ours = await withReceipts(session, plan)
  const live = await isDualWritten(session, plan)
  const emptied: Emptied[] = []
  const refused: string[] = []
  for (const table of tables) {
    if (!there.has(table.name) || ours.has(table.name) || (live && table.kind === 'timeseries')) continue
    const target = qualified(schema, table.name)
    const { rows } = await session.query<{ some: boolean }>(`select exists (select from ${target}) as some`)
    if (rows[0]?.some !== true) continue
    if (table.existingRows === 'delete') emptied.push({ table: table.name, rows: await count(session, target) })
    else refused.push(`"${schema}"."${table.name}"`)
  }
  if (refused.length > 0) throw foreignRows(refused)
  return emptied
}

/** HF-S011 for tables with rows of somebody else, by quoted names. */
export function foreignRows(tables: readonly string[]): HyperferryError {
  const [first = '', ...more] = tables
  return new HyperferryError('HF-S011', {
    what: `table ${first} holds rows that this migration did not copy${more.length === 0 ? '' : ` (and ${more.length} more tables)`}`,
    details: { tables },
  })
}

async function count(session: Session, target: string): Promise<string> {
  const { rows } = await session.query<{ rows: string }>(`select count(*)::text as rows from ${target}`)
  return rows[0]?.rows ?? '0'
}

async function existing(session: Session, schema: string, tables: readonly PlannedTable[]): Promise<Set<string>> {
  const { rows } = await session.query<{ name: string }>(
    `select c.relname as name from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relname = any ($2::text[]) and c.relkind in ('r', 'p')`,
    [schema, tables.map(({ name }) => name)],
  )
  return new Set(rows.map(({ name }) => name))
}

async function isDualWritten(session: Session, plan: Plan): Promise<boolean> {
  const { rows } = await session.query<{ known: boolean }>(
    `select to_regclass('hyperferry.dual_write') is not null as known`,
  )
  if (rows[0]?.known !== true) return false
  const { rows: stages } = await session.query(
    `select from hyperferry.dual_write d join hyperferry.migration m on m.id = d.migration_id where m.name = $1 and d.stage <> 'off'`,
    [plan.migration],
  )
  return stages.length > 0
}

/** Target names of tables that this migration has begun to copy; none before there is a control schema. */
async function withReceipts(session: Session, plan: Plan): Promise<Set<string>> {
  if ((await controlVersion(session)) === null) return new Set()
  const { rows } = await session.query<{ target: string }>(
    `select t.target from hyperferry.migrated_table t join hyperferry.migration m on m.id = t.migration_id
     where m.name = $1 and t.target_schema = $2 and exists (select from hyperferry.receipt r where r.table_id = t.id)`,
    [plan.migration, plan.target.schema],
  )
  return new Set(rows.map(({ target }) => target))
}
