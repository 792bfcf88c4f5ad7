/** The backfill of tables whose rows lie in exported files. */
import { HyperferryError } from '../../errors.ts'
import type { PlannedTable } from '../../model.ts'
import type { CopyRun } from '../../work/attempts.ts'
import type { TableWork } from '../../work/table-work.ts'
import type { StepContext } from '../context.ts'
import type { CopiedTable } from './copy-table.ts'
import { exportsIn, gapsOf, loadTable } from './from-csv.ts'
import type { LoadedTable, LoadOptions, TableExport } from './from-csv.ts'
import type { BackfillResult } from './result.ts'

/** By source table: those of the plan that are in the folder, or those that are asked for. Throws HF-U001 for a name that is not in the plan, and as `exportsIn`. */
export function exportsOf(
  { plan, source }: Pick<StepContext, 'plan' | 'source'>,
  folder: string,
  names: readonly string[] | undefined,
): Promise<Map<string, TableExport>> {
  const tables = names === undefined ? plan.tables : named(plan.tables, names, 'table')
  return exportsIn(folder, tables, { plan, source: source.info, asked: names !== undefined })
}

/** Tables by their name in the source or the target. Throws HF-U001. */
export function named(tables: readonly PlannedTable[], names: readonly string[], what: string): PlannedTable[] {
  return names.map((name) => {
    const table = tables.find((each) => each.source === name || each.name === name)
    if (table !== undefined) return table
    const known = tables.map((each) => each.source).join(', ')
    throw new HyperferryError('HF-U001', {
      what: `no ${what} "${name}" in the plan`,
      hint: `The plan has: ${known || 'none'}.`,
    })
  })
}

export interface FromFiles extends LoadedTable {
  /** Ranges that have no file, by name. */
  gaps: string[]
}

/** Loads the files of a table. */
// eslint-disable-next-line max-params -- run, table, its files, and how
export async function fromFiles(
  run: CopyRun,
  work: TableWork,
  files: TableExport,
  options: LoadOptions,
): Promise<FromFiles> {
  const loaded = await loadTable(run, work, files, options)
  return { ...loaded, gaps: (await gapsOf(run, work)).map((gap) => `${work.table.name} ${gap}`) }
}

/** What was loaded from files before the table was looked at, and what was copied then. */
export function together(loaded: FromFiles | null, direct: CopiedTable): CopiedTable {
  if (loaded === null) return direct
  const { before, deleted } = loaded
  return { ...direct, before, unchanged: direct.unchanged && loaded.loaded === 0, deleted: deleted + direct.deleted }
}

export function withoutFile(open: readonly string[], result: BackfillResult): HyperferryError {
  const more = open.length > 5 ? ` and ${open.length - 5} more` : ''
  return new HyperferryError('HF-E017', {
    what: `no file holds ${open.slice(0, 5).join(', ')}${more}`,
    details: { gaps: open, result },
  })
}
