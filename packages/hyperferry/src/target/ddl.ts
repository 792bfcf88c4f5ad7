/** The DDL of a plan on a given server, in the order to run it. Pure: looks at nothing but its arguments. */
import { HyperferryError } from '../errors.ts'
import type { Plan, PlannedTable } from '../model.ts'
import type { Capabilities } from './capabilities.ts'
import { foreignKeyRefusal, postStatements } from './ddl-post.ts'
import { columnstoreStatements, hasPolicy, hypertableStatements, isHypertable } from './ddl-series.ts'
import type { DdlStatement, Omission } from './ddl-statement.ts'
import { isIdentity, tableStatements } from './ddl-table.ts'
import { ident } from './sql.ts'

export type { DdlKind, DdlPhase, DdlStatement, Omission } from './ddl-statement.ts'
export { isHypertable } from './ddl-series.ts'

/**
 * All statements of both phases (docs/design/0006). What the server cannot do is left out; `omitted` names it.
 * Throws HF-P023 when names collide or are too long, or a key of a hypertable lacks the time column; HF-P022 for an unknown type.
 */
export function planDdl(plan: Plan, caps: Capabilities): DdlStatement[] {
  const { schema, owner } = plan.target
  const names = relationNames(plan)
  const statements: DdlStatement[] = [
    {
      phase: 'pre',
      schema,
      table: null,
      kind: 'schema',
      name: checkedName(schema),
      sql: `create schema ${ident(schema)}${owner === null ? '' : ` authorization ${ident(owner)}`}`,
      expect: { what: 'schema' },
    },
  ]
  for (const table of plan.tables) {
    if (isHypertable(table, caps)) keysHoldTime(table)
    const { create, rest } = tableStatements(schema, table, owner)
    statements.push(
      ...create,
      ...hypertableStatements(schema, table, caps),
      ...rest,
      ...columnstoreStatements(schema, table, caps),
    )
  }
  for (const table of plan.tables) {
    statements.push(
      ...postStatements(plan, table, caps, freeName(`${table.name}_${table.time?.column ?? ''}_idx`, names)),
    )
  }
  return statements
}

/** What the plan asks for and `planDdl` leaves out on this server, with the reason. */
export function omitted(plan: Plan, caps: Capabilities): Omission[] {
  const edition = caps.edition === 'apache' ? 'the Apache edition of TimescaleDB has none' : 'it needs TimescaleDB'
  const left: Omission[] = []
  for (const table of plan.tables) {
    const omit = (what: string, why: string): void => void left.push({ table: table.name, what, why })
    if (table.kind === 'timeseries' && table.chunkInterval !== null && !caps.hypertables) {
      omit('hypertable', 'it needs TimescaleDB; an ordinary table is made')
    }
    if (table.columnstore !== null && !caps.columnstore) omit('columnstore and its policy', edition)
    else if (table.columnstore !== null && isHypertable(table, caps) && !hasPolicy(table, caps)) {
      omit('columnstore policy', 'integer time needs a function that tells the present (set_integer_now_func)')
    }
    for (const column of table.columns) {
      if (column.identity && !isIdentity(column))
        omit(`identity of ${column.name}`, `${column.type} cannot be an identity`)
    }
    for (const key of table.foreignKeys) {
      const why = foreignKeyRefusal(plan, table, key, caps)
      if (why !== null) omit(`foreign key ${key.name}`, why)
    }
  }
  return left
}

/** Tables, keys and indexes share one namespace; constraints of one table another. */
function relationNames(plan: Plan): Set<string> {
  const names = new Set<string>()
  for (const table of plan.tables) {
    for (const name of [
      table.name,
      ...table.keys.map((key) => key.name),
      ...table.indexes.map((index) => index.name),
    ]) {
      checkedName(name)
      if (names.has(name)) {
        throw new HyperferryError('HF-P023', { what: `the name "${name}" is used twice for tables, keys or indexes` })
      }
      names.add(name)
    }
    const others = [...table.columns, ...table.checks, ...table.foreignKeys]
    for (const { name } of others) checkedName(name)
  }
  return names
}

/** PostgreSQL would cut a longer name with a notice only. */
function checkedName(name: string): string {
  if (name === '' || name.includes('\0') || Buffer.byteLength(name) > 63) {
    throw new HyperferryError('HF-P023', { what: `"${name}" cannot be a name: it must have 1 to 63 bytes` })
  }
  return name
}

/** A name of at most 63 bytes that no other relation has. */
function freeName(wanted: string, names: Set<string>): string {
  for (let turn = 0; ; turn += 1) {
    const suffix = turn === 0 ? '' : `_${turn}`
    let stem = wanted
    // Whole characters are taken away, so that no half of one is left.
    while (Buffer.byteLength(stem + suffix) > 63) stem = Array.from(stem).slice(0, -1).join('')
    if (names.has(stem + suffix)) continue
    names.add(stem + suffix)
    return stem + suffix
  }
}

function keysHoldTime(table: PlannedTable): void {
  const time = table.time?.column ?? ''
  for (const key of table.keys) {
    if (!key.columns.includes(time)) {
      throw new HyperferryError('HF-P023', { what: `key "${key.name}" of hypertable "${table.name}" lacks "${time}"` })
    }
  }
}
