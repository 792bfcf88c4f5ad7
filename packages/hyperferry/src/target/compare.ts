/** What the catalog shows against what the plan wants: a list of differences, each in words. Pure. */
import type { CatalogColumn, CatalogTable } from './catalog.ts'

/** Differences between an existing table and its twin. Columns beyond the plan's may exist if they need no value; keys may not. */
export function tableDifferences(
  real: CatalogTable,
  twin: CatalogTable,
  plan: { columns: readonly string[]; indexes: readonly string[] },
): string[] {
  if (real.relkind !== 'r' && real.relkind !== 'p') return ['it is not a table']
  const differences: string[] = []
  const byName = new Map(real.columns.map((column) => [column.name, column]))
  for (const wanted of twin.columns) {
    const column = byName.get(wanted.name)
    if (column === undefined) differences.push(`column "${wanted.name}" is missing`)
    else differences.push(...columnDifferences(column, wanted))
  }
  for (const column of real.columns) {
    const given = column.default !== null || column.identity || column.generated !== null || !column.notNull
    if (!plan.columns.includes(column.name) && !given) {
      differences.push(`column "${column.name}" is not in the plan and needs a value`)
    }
  }
  for (const index of real.indexes) {
    if (index.unique && !plan.indexes.includes(index.name)) {
      differences.push(`unique index "${index.name}" is not in the plan`)
    }
  }
  return [...differences, ...keyDifferences(real, twin)]
}

function columnDifferences(real: CatalogColumn, wanted: CatalogColumn): string[] {
  const differences: string[] = []
  const say = (what: string, is: string | null, plan: string | null): void => {
    if (is !== plan)
      differences.push(`column "${wanted.name}" has ${what} ${is ?? 'none'}, the plan says ${plan ?? 'none'}`)
  }
  say('type', real.type, wanted.type)
  say('NOT NULL', yesNo(real.notNull), yesNo(wanted.notNull))
  say('identity', yesNo(real.identity), yesNo(wanted.identity))
  say('default', real.default, wanted.default)
  say('generation expression', real.generated, wanted.generated)
  return differences
}

/** A key that is missing will be made; one that is too much would refuse rows of the source. */
function keyDifferences(real: CatalogTable, twin: CatalogTable): string[] {
  const keys = (table: CatalogTable): { type: string; columns: string; name: string }[] =>
    table.constraints
      .filter((each) => each.type === 'p' || each.type === 'u')
      .map(({ type, columns, name }) => ({ type, columns: columns.join(', '), name }))
  const wanted = keys(twin)
  const differences = keys(real)
    .filter((key) => !wanted.some((each) => each.type === key.type && each.columns === key.columns))
    .map((key) => `key "${key.name}" (${key.columns}) is not in the plan`)
  return differences
}

function yesNo(value: boolean): string {
  return value ? 'yes' : 'no'
}
