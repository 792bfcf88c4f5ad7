/** The value contract as data: what writers are told of the tables they write to both databases. Shape: packages/dual-write/src/model.ts, `Contract`. */
import { createHash } from 'node:crypto'
import { compileContract } from '@hyperferry/dual-write/interpreter'
import type { Contract } from '@hyperferry/dual-write/interpreter'
import { codeOf, HyperferryError } from '../errors.ts'
import type { Engine, Inventory, Json, Plan, PlannedColumn, PlannedTable, SourceColumn, SourceTable } from '../model.ts'

/**
 * The contract of the time series of a plan; relational tables are not written twice. The same plan and source give the same text. Throws HF-P021 when
 * the source has another table than the plan, HF-W012 naming every column that the two databases would fill differently.
 */
export function contractOf(plan: Plan, engine: Engine, inventory: Inventory): Json {
  const sources = new Map(inventory.tables.map((table) => [table.name, table]))
  const series = plan.tables.filter((table) => table.kind === 'timeseries')
  const faults: string[] = []
  const collections = series.map((table) => collectionOf(plan, table, sourceOf(sources, table.source), faults))
  if (faults.length > 0) {
    throw new HyperferryError('HF-W012', { what: faults.slice(0, 5).join('; '), details: { columns: faults } })
  }
  return { version: 1, engine, timezone: plan.source.timezone, collections }
}

/** SHA-256 (hex) of a contract: writers fetch it again when it differs. */
export function contractHash(contract: Json): string {
  return createHash('sha256').update(JSON.stringify(contract)).digest('hex')
}

/** Compiles it as every writer will, so that a column without a rule is told here and not in the application. Throws HF-W012. */
export function mustCompile(contract: Json): void {
  try {
    compileContract(contract as unknown as Contract, contractHash(contract), {})
  } catch (error) {
    if (!(error instanceof Error) || codeOf(error) !== DECLARATION) throw error
    throw new HyperferryError('HF-W012', { what: error.message, cause: error })
  }
}

/** The library's code of what was declared wrongly; here it can only be the contract. */
const DECLARATION = 'HF-DW08'

// eslint-disable-next-line max-params -- the table on both sides, and what is wrong with it
function collectionOf(plan: Plan, table: PlannedTable, source: SourceTable, faults: string[]): Json {
  const known = new Map(source.columns.map((column) => [column.name, column]))
  const columns = table.columns.map((column): Json => {
    const original = known.get(column.source)
    known.delete(column.source)
    if (original === undefined) throw differs(`${table.source}.${column.source}`)
    const fault = faultOf(column, original)
    if (fault !== null) faults.push(`${table.source}.${column.source} ${fault}`)
    return columnOf(column, original)
  })
  for (const left of known.values()) {
    if (needsValue(left)) faults.push(`${table.source}.${left.name} is not in the plan, and the source wants a value`)
  }
  return {
    source: table.source,
    schema: plan.target.schema,
    target: table.name,
    columns,
    key: keyOf(table),
    time: table.time === null ? null : { column: table.time.column, unit: table.time.unit },
  }
}

function columnOf(column: PlannedColumn, original: SourceColumn): Json {
  return {
    source: column.source,
    name: column.name,
    sourceType: original.type,
    collation: original.collation,
    type: column.type,
    // NULL must be possible on both sides.
    nullable: column.nullable && original.nullable,
    rules: { ...column.rules },
    fill: fillOf(column, original),
  }
}

/** What stands in for a column that a row does not name: what the source would put there. */
function fillOf(column: PlannedColumn, original: SourceColumn): Json {
  if (column.generated !== null || original.generated !== null) return { kind: 'generated' }
  if (original.autoIncrement) return { kind: 'identity' }
  const given = original.default
  if (given === null) return { kind: 'none' }
  switch (given.kind) {
    case 'literal':
      return { kind: 'literal', value: given.value }
    case 'now':
      return { kind: 'now', precision: given.precision }
    default:
      return { kind: given.kind }
  }
}

/** Where one database works a value out and the other would get none. */
function faultOf(column: PlannedColumn, original: SourceColumn): string | null {
  if (original.generated !== null && column.generated === null)
    return 'is generated in the source and an ordinary column in the target: write its expression as `generated` in the plan, or leave it out'
  if (original.generated === null && column.generated !== null)
    return 'is generated in the target and an ordinary column in the source'
  if (original.autoIncrement && !column.identity)
    return 'is numbered by the source and not by the target: it needs an integer type and identity'
  return null
}

function needsValue({ nullable, default: given, generated, autoIncrement }: SourceColumn): boolean {
  return !nullable && given === null && generated === null && !autoIncrement
}

/** The first key whose columns are never NULL (and that writers can give): only such a key tells rows apart. */
function keyOf(table: PlannedTable): string[] | null {
  const columns = new Map(table.columns.map((column) => [column.name, column]))
  const sure = table.keys.filter((key) =>
    key.columns.every((name) => {
      const column = columns.get(name)
      return column?.nullable === false && column.generated === null
    }),
  )
  return (sure.find((key) => key.primary) ?? sure[0])?.columns.slice() ?? null
}

function sourceOf(sources: ReadonlyMap<string, SourceTable>, name: string): SourceTable {
  const source = sources.get(name)
  if (source === undefined) throw differs(`table ${name}`)
  return source
}

function differs(what: string): HyperferryError {
  return new HyperferryError('HF-P021', { what: `the plan names ${what}, which is not in the source` })
}
