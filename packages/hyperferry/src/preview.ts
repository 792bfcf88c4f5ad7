/** What a mutating command is about to do, in words and in SQL. */
import type { Plan, PlannedTable } from './model.ts'
import { copiedColumns, copySql } from './target/copy.ts'
import type { DdlPhase, DdlStatement } from './target/ddl.ts'

export interface Preview {
  title: string
  lines: string[]
  sql: string[]
}

/** The SQL also in its two phases, for `run`, which copies between them. */
export interface SchemaPreview extends Preview {
  before: string[]
  after: string[]
}

/** What a look at the target found missing. */
export interface Missing {
  applied: readonly { kind: string; name: string }[]
  present: number
  statements?: readonly { phase: DdlPhase; sql: string }[]
}

/** Of `schema`. */
export function previewSchema(plan: Plan, missing: Missing): SchemaPreview {
  const statements = missing.statements ?? []
  const tables = missing.applied.filter((one) => one.kind === 'table').map((one) => one.name)
  const before = [
    '-- before the data (hyperferry schema)',
    ...statements.filter((one) => one.phase === 'pre').map(ended),
  ]
  const after = [
    '-- after the data (hyperferry relational, hyperferry backfill)',
    ...statements.filter((one) => one.phase === 'post').map(ended),
  ]
  return {
    title: `Makes ${missing.applied.length} objects in schema ${plan.target.schema} of the target (${missing.present} are there), and schema hyperferry for its own books:`,
    lines: tables.length === 0 ? ['no new tables'] : short(tables.map((name) => `table ${name}`)),
    sql: [...before, '', ...after],
    before,
    after,
  }
}

/** Of `relational` and `backfill`. */
export function previewCopy(plan: Plan, tables: readonly PlannedTable[], later: readonly DdlStatement[]): Preview {
  const names = new Set(tables.map((table) => table.name))
  const own = later.filter((one) => one.table !== null && names.has(one.table))
  return {
    title: `Copies ${tables.length} tables into schema ${plan.target.schema} of the target:`,
    lines: short(
      tables.map((table) => `${table.name}   about ${Math.round(table.estimatedRows)} rows   ${how(table)}`),
    ),
    sql: [
      ...tables.map((table) => ended({ sql: copySql(plan.target.schema, table.name, copiedColumns(table)) })),
      ...own.map(ended),
    ],
  }
}

/** A person reads a dozen lines, not two thousand. */
function short(lines: string[]): string[] {
  const most = 12
  return lines.length <= most ? lines : [...lines.slice(0, most - 1), `… and ${lines.length - most + 1} more`]
}

function how(table: PlannedTable): string {
  if (table.kind === 'relational') return 'whole'
  return table.split === 'all' ? 'in one task' : `by ranges of ${table.axis ?? ''}`
}

const ended = ({ sql }: { sql: string }): string => `${sql};`
