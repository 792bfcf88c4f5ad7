/** Contradictions that the shape alone does not show. */
import { isTooLong } from './names.ts'
import { limitNumbers } from './pause-limit.ts'
import { windowProblem } from './window.ts'
import { isZone } from './zone.ts'
import { HyperferryError } from '../errors.ts'
import { parsePgType } from '../values/pgtype.ts'
import type { PgType } from '../values/pgtype.ts'
import type { Plan, PlannedForeignKey, PlannedIndex, PlannedTable } from '../model.ts'
import { bareOffset } from '../values/zone-names.ts'

export interface Contradiction {
  path: string[]
  what: string
}

const TIME_TYPES = new Set(['timestamptz', 'timestamp', 'date', 'int2', 'int4', 'int8'])
const INTEGER_TYPES = new Set(['int2', 'int4', 'int8'])

/** Everything in the plan that cannot be true at once; empty when it is sound. */
export function contradictions(plan: Plan): Contradiction[] {
  const all: Contradiction[] = []
  const say = (path: string[], what: string): void => void all.push({ path, what })
  if (isTooLong(plan.target.schema)) say(['target', 'schema'], `${plan.target.schema} is longer than 63 bytes`)
  const zone = zoneProblem(plan.source.timezone)
  if (zone !== null) say(['source', 'timezone'], zone)
  if (plan.backfill.window !== undefined) {
    const fault = windowProblem(plan.backfill.window)
    if (fault !== null) say(['backfill', 'window'], fault)
  }
  for (const [name, limit] of limitNumbers(plan.backfill.pauseWhen ?? {})) {
    if (limit === 0) say(['backfill', 'pauseWhen', name], 'nothing is below half of zero')
  }
  if (plan.tables.length === 0) say(['tables'], 'the plan moves no table')
  sourcesOnce(plan, say)
  relationNamesOnce(plan, say)
  const byName = new Map(plan.tables.map((table) => [table.name, table]))
  for (const table of plan.tables) {
    const at = (...path: string[]): string[] => ['tables', table.name, ...path]
    const sayHere: Say = (path, what) => say(at(...path), what)
    columns(table, sayHere)
    series(table, sayHere)
    splitting(table, sayHere)
    keys(table, sayHere)
    constraintNamesOnce(table, sayHere)
    for (const index of table.indexes) indexParts(table, index, sayHere)
    for (const key of table.foreignKeys) foreignKey(table, key, byName, sayHere)
  }
  return all
}

type Say = (path: string[], what: string) => void

function sourcesOnce(plan: Plan, say: Say): void {
  const seen = new Set<string>()
  for (const { name, source } of plan.tables) {
    if (seen.has(source)) say(['tables', name], `source table ${source} is planned twice`)
    if (plan.exclude.includes(source)) say(['tables', name], `source table ${source} is both planned and excluded`)
    seen.add(source)
  }
}

/** Tables, keys and indexes share one namespace in a schema. */
function relationNamesOnce(plan: Plan, say: Say): void {
  const owner = new Map<string, string>(plan.tables.map(({ name }) => [name, `table ${name}`]))
  for (const table of plan.tables) {
    if (isTooLong(table.name)) say(['tables', table.name], `${table.name} is longer than 63 bytes`)
    for (const { name } of [...table.keys, ...table.indexes]) {
      const taken = owner.get(name)
      const part = table.indexes.some((index) => index.name === name) ? 'indexes' : 'unique'
      if (taken !== undefined) say(['tables', table.name, part, name], `${name} is already the name of ${taken}`)
      if (part === 'indexes' && isTooLong(name))
        say(['tables', table.name, part, name], `${name} is longer than 63 bytes`)
      owner.set(name, `a key or index of table ${table.name}`)
    }
  }
}

function constraintNamesOnce(table: PlannedTable, say: Say): void {
  const seen = new Set<string>()
  for (const [part, items] of [
    ['unique', table.keys],
    ['foreignKeys', table.foreignKeys],
    ['checks', table.checks],
  ] as const) {
    for (const { name } of items) {
      if (isTooLong(name)) say([part, name], `${name} is longer than 63 bytes`)
      if (seen.has(name)) say([part, name], `the name ${name} is used twice`)
      seen.add(name)
    }
  }
}

function columns(table: PlannedTable, say: Say): void {
  if (table.columns.length === 0) say(['columns'], `table ${table.name} has no columns`)
  const sources = new Set<string>()
  for (const column of table.columns) {
    const path = ['columns', column.name]
    if (isTooLong(column.name)) say(path, `${column.name} is longer than 63 bytes`)
    if (sources.has(column.source)) say(path, `source column ${column.source} is planned twice`)
    sources.add(column.source)
    const type = parsed(column.type)
    if (type === null) say([...path, 'type'], `${column.type} is not a type that can be written`)
    if (column.identity && type !== null && !INTEGER_TYPES.has(type.name)) {
      say(path, `identity needs smallint, integer or bigint, and ${column.name} is ${column.type}`)
    }
    const ways = [column.identity, column.default !== null, column.generated !== null].filter(Boolean).length
    if (ways > 1) say(path, `${column.name} can be only one of identity, default, generated`)
    const zone = column.rules.timezone === undefined ? null : zoneProblem(column.rules.timezone)
    if (zone !== null) say([...path, 'timezone'], zone)
  }
}

function series(table: PlannedTable, say: Say): void {
  if (table.kind === 'relational') {
    for (const part of ['time', 'chunkInterval', 'columnstore'] as const) {
      if (table[part] !== null) say([part], `a relational table has no ${part}`)
    }
    return
  }
  if (table.time === null) {
    say([], `time series ${table.name} needs time: { column: … }`)
    return
  }
  const { column: name, unit } = table.time
  const column = table.columns.find((candidate) => candidate.name === name)
  if (!column) {
    say(['time'], `there is no column ${name}`)
    return
  }
  const type = parsed(column.type)
  if (type !== null && !TIME_TYPES.has(type.name))
    say(['time'], `${name} is ${column.type}; a time column is timestamptz, timestamp, date or an integer`)
  const isInteger = type !== null && INTEGER_TYPES.has(type.name)
  if (isInteger && unit === null) say(['time'], `${name} is ${column.type} and needs unit: s, ms, us or ns`)
  if (!isInteger && unit !== null) say(['time', 'unit'], `${name} is ${column.type}; unit is for integers only`)
  if (column.nullable) say(['columns', name], `the time column ${name} needs notNull: true`)
  if (column.generated !== null) say(['columns', name], `the time column ${name} cannot be generated`)
  columnstore(table, name, say)
  // Without chunks it is an ordinary table, and its keys are free.
  if (table.chunkInterval === null) return
  for (const key of table.keys) {
    if (!key.columns.includes(name))
      say(keyPath(key), `key ${key.name} of a time series must hold its time column ${name}`)
  }
  for (const index of table.indexes) {
    if (index.unique && !index.parts.map(bare).includes(name)) {
      say(['indexes', index.name], `unique index ${index.name} of a time series must hold its time column ${name}`)
    }
  }
}

function columnstore(table: PlannedTable, time: string, say: Say): void {
  if (table.columnstore === null) return
  if (table.chunkInterval === null) say(['columnstore'], 'columnstore needs chunkInterval')
  const { segmentBy, orderBy } = table.columnstore
  for (const name of [...segmentBy, ...orderBy.map(bare)]) mustExist(table, name, ['columnstore'], say)
  if (segmentBy.includes(time)) say(['columnstore'], `the time column ${time} cannot be in segmentBy`)
  const both = orderBy.map(bare).find((name) => segmentBy.includes(name))
  if (both !== undefined) say(['columnstore'], `${both} is in segmentBy and in orderBy`)
}

function splitting(table: PlannedTable, say: Say): void {
  const { split, axis } = table
  if (split === 'all') {
    if (axis !== null) say(['axis'], 'split: all has no axis')
    return
  }
  if (axis === null) {
    say(['split'], `split: ${split} needs axis: the source column to split along`)
    return
  }
  const column = table.columns.find(({ source }) => source === axis)
  if (split === 'time' && (table.time === null || column?.name !== table.time.column)) {
    say(['axis'], `split: time goes along the time column, and ${axis} is not the source of it`)
  } else if (column === undefined && !/^(rowid|oid|_rowid_)$/i.test(axis)) {
    say(['axis'], `no planned column comes from ${axis}`)
  }
}

function keys(table: PlannedTable, say: Say): void {
  if (table.mode === 'merge' && table.keys.length === 0) say(['mode'], 'mode: merge needs a key')
  for (const key of table.keys) {
    if (new Set(key.columns).size < key.columns.length) say(keyPath(key), `key ${key.name} names a column twice`)
    for (const name of key.columns) {
      const column = mustExist(table, name, keyPath(key), say)
      if (key.primary && column?.nullable === true)
        say(['columns', name], `${name} is in the primary key and needs notNull: true`)
    }
  }
}

function indexParts(table: PlannedTable, index: PlannedIndex, say: Say): void {
  for (const part of index.parts) {
    if (!part.startsWith('(')) mustExist(table, bare(part), ['indexes', index.name], say)
  }
}

function foreignKey(
  table: PlannedTable,
  key: PlannedForeignKey,
  tables: ReadonlyMap<string, PlannedTable>,
  say: Say,
): void {
  const path = ['foreignKeys', key.name]
  for (const name of key.columns) mustExist(table, name, path, say)
  const other = tables.get(key.references.table)
  if (!other) {
    say(path, `there is no table ${key.references.table} to refer to`)
    return
  }
  for (const name of key.references.columns) mustExist(other, name, path, say)
  const { columns: target } = key.references
  if (target.length !== key.columns.length)
    say(path, `${key.name} has ${key.columns.length} columns and refers to ${target.length}`)
  if (!other.keys.some((candidate) => sameSet(candidate.columns, target))) {
    say(path, `${other.name} (${target.join(', ')}) is not a key, so ${key.name} cannot refer to it`)
  }
  if (table.kind === 'timeseries' && other.kind === 'timeseries') {
    say(path, 'a foreign key between two hypertables is not possible')
  }
  for (const [i, name] of key.columns.entries()) {
    const [from, to] = [typeOf(table, name), typeOf(other, target[i])]
    if (from !== undefined && to !== undefined && from !== to)
      say(path, `${name} is ${from}, and ${target[i]} of ${other.name} is ${to}`)
  }
}

function typeOf(table: PlannedTable, name: string | undefined): string | undefined {
  const column = table.columns.find((candidate) => candidate.name === name)
  return column && (parsed(column.type)?.text ?? column.type)
}

function parsed(type: string): PgType | null {
  try {
    return parsePgType(type)
  } catch (error) {
    if (error instanceof HyperferryError && error.code === 'HF-P022') return null
    throw error
  }
}

function mustExist(
  table: PlannedTable,
  name: string,
  path: string[],
  say: Say,
): PlannedTable['columns'][number] | undefined {
  const column = table.columns.find((candidate) => candidate.name === name)
  if (!column) say(path, `table ${table.name} has no column ${name}`)
  return column
}

function keyPath(key: { name: string; primary: boolean }): string[] {
  return key.primary ? ['key'] : ['unique', key.name]
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item) => b.includes(item))
}

function bare(part: string): string {
  return part.replace(/ (desc|asc)$/i, '')
}

function zoneProblem(zone: string): string | null {
  const offset = bareOffset(zone)
  if (offset) return `${offset.what}. ${offset.hint}`
  return isZone(zone) ? null : `${zone} is no IANA time zone`
}
