/** What a mutating command is about to do, in words and in SQL. */
import type { Plan, PlannedTable } from './model.ts'
import { copiedColumns, copySql } from './target/copy.ts'
import type { DdlStatement } from './target/ddl.ts'

export interface Preview {
  title: string
  lines: string[]
  sql: string[]
}

/** Of `schema`; `missing` are the statements of phase `pre` that are not there yet, `later` those of phase `post`. */
export function previewSchema(plan: Plan, missing: readonly DdlStatement[], later: readonly DdlStatement[]): Preview {
  const made = missing.filter((one) => one.kind === 'table')
  return {
    title: `Makes ${missing.length} objects in schema ${plan.target.schema} of the target, and schema hyperferry for its own books:`,
    lines: made.length === 0 ? ['no new tables'] : made.map((one) => `table ${one.name}`),
    sql: [
      '-- before the data (hyperferry schema)',
      ...missing.map(ended),
      '',
      '-- after the data (hyperferry relational, hyperferry backfill)',
      ...later.map(ended),
    ],
  }
}

/** Of `relational` and `backfill`. */
export function previewCopy(plan: Plan, tables: readonly PlannedTable[], later: readonly DdlStatement[]): Preview {
  const names = new Set(tables.map((table) => table.name))
  const own = later.filter((one) => one.table !== null && names.has(one.table))
  return {
    title: `Copies ${tables.length} tables into schema ${plan.target.schema} of the target:`,
    lines: tables.map((table) => `${table.name}   about ${Math.round(table.estimatedRows)} rows   ${how(table)}`),
    sql: [
      ...tables.map((table) => ended({ sql: copySql(plan.target.schema, table.name, copiedColumns(table)) })),
      ...own.map(ended),
    ],
  }
}

function how(table: PlannedTable): string {
  if (table.kind === 'relational') return 'whole'
  return table.split === 'all' ? 'in one task' : `by ranges of ${table.axis ?? ''}`
}

const ended = ({ sql }: { sql: string }): string => `${sql};`
