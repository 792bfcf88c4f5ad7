/** What a mutating command is about to do, in words and in SQL. */
import type { Emptied } from './control/occupied.ts'
import type { Plan, PlannedTable } from './model.ts'
import type { Capabilities } from './target/capabilities.ts'
import { columnstoreWay, wayInWords } from './target/columnstore-way.ts'
import { copiedColumns, copySql } from './target/copy.ts'
import type { DdlPhase, DdlStatement } from './target/ddl.ts'
import { qualified } from './target/sql.ts'

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
  emptied?: readonly Emptied[]
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
    lines: [
      ...emptiedLines(missing.emptied ?? []).map((line) => `${line} when its rows are copied`),
      ...(tables.length === 0 ? ['no new tables'] : short(tables.map((name) => `table ${name}`))),
    ],
    sql: [...before, '', ...after],
    before,
    after,
  }
}

/** Of `relational` and `backfill`. */
// eslint-disable-next-line max-params -- what is copied, what goes before it and what comes after it
export function previewCopy(
  plan: Plan,
  tables: readonly PlannedTable[],
  later: readonly DdlStatement[],
  emptied: readonly Emptied[],
): Preview {
  const names = new Set(tables.map((table) => table.name))
  const own = later.filter((one) => one.table !== null && names.has(one.table))
  return {
    title: `Copies ${tables.length} tables into schema ${plan.target.schema} of the target:`,
    lines: [
      ...emptiedLines(emptied),
      ...short(tables.map((table) => `${table.name}   about ${Math.round(table.estimatedRows)} rows   ${how(table)}`)),
    ],
    sql: [
      ...emptiedSql(plan, emptied),
      ...tables.map((table) => ended({ sql: copySql(plan.target.schema, table.name, copiedColumns(table)) })),
      ...own.map(ended),
    ],
  }
}

/** Which way rows take into the columnstore, a line per table that has one; `live`: while writers write. */
export function columnstoreLines(tables: readonly PlannedTable[], capabilities: Capabilities, live: boolean): string[] {
  const lines = tables.flatMap((table) => {
    const way = columnstoreWay(table, capabilities)
    if (way === null) return []
    return [live ? `${table.name}   as rows; compressed by its policy, once jobs are restored` : wayInWords(table, way)]
  })
  return short(lines)
}

/** Of `backfill --from-csv`. */
// eslint-disable-next-line max-params -- the tables, and what is known of them
export function previewFiles(
  plan: Plan,
  tables: readonly PlannedTable[],
  known: {
    later: readonly DdlStatement[]
    emptied: readonly Emptied[]
    files: ReadonlyMap<string, { manifest: { files: readonly unknown[]; rows: number } }>
  },
): Preview {
  const copied = previewCopy(plan, tables, known.later, known.emptied)
  const lines = tables.map((table) => {
    const { files = [], rows = 0 } = known.files.get(table.source)?.manifest ?? {}
    return `${table.name}   ${rows} rows   ${files.length} files`
  })
  return {
    title: `Loads exported files of ${tables.length} tables into schema ${plan.target.schema} of the target:`,
    lines: [...emptiedLines(known.emptied), ...short(lines)],
    sql: copied.sql.map((line) =>
      line.replace('from stdin (format binary)', `from stdin (format csv, header match, encoding 'UTF8')`),
    ),
  }
}

/** Deleting is never left out of a preview. */
export function emptiedLines(emptied: readonly Emptied[]): string[] {
  return emptied.map(({ table, rows }) => `EMPTIES table ${table} (${rows} ${rows === '1' ? 'row' : 'rows'})`)
}

/** The same as SQL. */
export function emptiedSql(plan: Plan, emptied: readonly Emptied[]): string[] {
  return emptied.map(({ table }) => ended({ sql: `delete from ${qualified(plan.target.schema, table)}` }))
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
