/** What follows the rows: indexes, foreign keys, sequences, statistics. Pure. */
import type { Plan, PlannedForeignKey, PlannedIndex, PlannedTable } from '../model.ts'
import type { Capabilities } from './capabilities.ts'
import { isHypertable } from './ddl-series.ts'
import type { DdlStatement } from './ddl-statement.ts'
import { TWIN } from './ddl-statement.ts'
import { isIdentity, tableStatements } from './ddl-table.ts'
import { ident, identList, literal, qualified } from './sql.ts'

/** Post phase of one table. `timeIndexName` is given by the caller, who knows all names of the schema. */
export function postStatements(
  plan: Plan,
  table: PlannedTable,
  caps: Capabilities,
  timeIndexName: string,
): DdlStatement[] {
  const { schema } = plan.target
  const name = qualified(schema, table.name)
  const base = { phase: 'post' as const, schema, table: table.name }
  const statements: DdlStatement[] = []
  const [created] = tableStatements(schema, table, null).create
  const twinTable = created?.expect.what === 'table' ? created.expect.twin.slice(0, 1) : []
  for (const index of [...table.indexes, ...timeIndex(table, timeIndexName)]) {
    const on = (where: string, called: string): string =>
      `create ${index.unique ? 'unique ' : ''}index ${called}on ${where}${indexTail(table, index)}`
    statements.push({
      ...base,
      kind: 'index',
      name: index.name,
      sql: on(name, `${ident(index.name)} `),
      expect: { what: 'index', twin: [...twinTable, on(TWIN, '')] },
    })
  }
  for (const key of table.foreignKeys) {
    if (foreignKeyRefusal(plan, table, key, caps) !== null) continue
    const add = addForeignKey(schema, name, key)
    // A hypertable with columnstore does not take VALIDATE; there the constraint is made valid at once.
    const direct = isHypertable(table, caps) && caps.columnstore && table.columnstore !== null
    statements.push({
      ...base,
      kind: 'foreign-key',
      name: key.name,
      sql: direct ? add : `${add} not valid;\nalter table ${name} validate constraint ${ident(key.name)}`,
      expect: { what: 'foreign-key', key, direct },
    })
  }
  for (const column of table.columns) {
    if (!isIdentity(column)) continue
    const sql = sequenceSql(name, column.name)
    statements.push({ ...base, kind: 'sequence', name: column.name, sql, expect: { what: 'nothing' } })
  }
  statements.push({ ...base, kind: 'analyze', name: table.name, sql: `analyze ${name}`, expect: { what: 'nothing' } })
  return statements
}

/** Why this server cannot have the foreign key; null when it can. */
// eslint-disable-next-line max-params -- a key, its table, its plan, its server
export function foreignKeyRefusal(
  plan: Plan,
  table: PlannedTable,
  key: PlannedForeignKey,
  caps: Capabilities,
): string | null {
  const other = plan.tables.find((each) => each.name === key.references.table)
  if (other === undefined) return `it refers to ${key.references.table}, which is not in the plan`
  if (!isHypertable(other, caps)) return null
  if (isHypertable(table, caps)) return 'TimescaleDB has no foreign keys between hypertables'
  return caps.foreignKeyToHypertable ? null : 'foreign keys to a hypertable need TimescaleDB 2.16'
}

/** The foreign key without validation, so that writers of both tables are held up for a moment only. */
export function addForeignKey(schema: string, name: string, key: PlannedForeignKey): string {
  const { table, columns } = key.references
  const target = `${qualified(schema, table)} (${identList(columns)})`
  return `alter table ${name} add constraint ${ident(key.name)} foreign key (${identList(key.columns)}) references ${target} on delete ${key.onDelete} on update ${key.onUpdate}`
}

/** Queries by time need an index led by it; none is added where a key or an index of the source does it. */
function timeIndex(table: PlannedTable, name: string): PlannedIndex[] {
  if (table.kind !== 'timeseries' || table.time === null) return []
  const { column } = table.time
  const led =
    table.keys.some((key) => key.columns[0] === column) ||
    table.indexes.some((index) => index.where === null && leadingColumn(table, index) === column)
  return led ? [] : [{ name, unique: false, method: 'btree', parts: [`${column} desc`], where: null }]
}

function leadingColumn(table: PlannedTable, index: PlannedIndex): string | null {
  if (index.method !== 'btree') return null
  const [part] = index.parts
  return part === undefined ? null : splitPart(table, part).column
}

function indexTail(table: PlannedTable, index: PlannedIndex): string {
  const parts = index.parts.map((part) => {
    const { column, direction } = splitPart(table, part)
    return `${column === null ? part : ident(column)}${direction}`
  })
  const where = index.where === null ? '' : ` where ${index.where}`
  return ` using ${index.method} (${parts.join(', ')})${where}`
}

/** A column name with optional ` desc`, or an expression in parentheses, which is kept as it is. */
function splitPart(table: PlannedTable, part: string): { column: string | null; direction: string } {
  if (table.columns.some((column) => column.name === part)) return { column: part, direction: '' }
  const [, name = part, direction] = /^([^]*?)\s+(asc|desc)$/i.exec(part) ?? []
  if (name.startsWith('(')) return { column: null, direction: '' }
  return { column: name, direction: direction?.toLowerCase() === 'desc' ? ' desc' : '' }
}

/** The next value is free afterwards, and the sequence never goes back. */
function sequenceSql(name: string, column: string): string {
  const sequence = `pg_get_serial_sequence(${literal(name)}, ${literal(column)})`
  return `select setval(s.seq, greatest(s.top, 1), s.top >= 1) from (
  select ${sequence}::regclass as seq,
    greatest((select max(${ident(column)}) from ${name}), pg_sequence_last_value(${sequence}::regclass), 0) as top) as s`
}
