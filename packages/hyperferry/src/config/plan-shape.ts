/** Between the plan as the program knows it and the plan as the file says it: names become keys, defaults are left out. */
import type { ColumnRules, Plan, PlannedColumn, PlannedKey, PlannedTable } from '../model.ts'
import { cutToBytes, MAX_NAME_BYTES } from './names.ts'
import type { ColumnFile, PlanFile, TableFile } from './plan-schema.ts'

const DEFAULT_LATENESS = '1 hour'
/** What is known of writers before anybody has said something. */
export const NO_WRITERS: Plan['dualWrite'] = { writers: null, maxLateness: DEFAULT_LATENESS }

/** The file's data to a whole plan. Reasons live in comments only and come back empty. */
export function planFromFile(file: PlanFile): Plan {
  return {
    migration: file.migration,
    source: file.source,
    target: { url: file.target.url, schema: file.target.schema, owner: file.target.owner ?? null },
    tables: [...file.tables].map(([name, table]) => tableFromFile(name, table)),
    exclude: file.exclude ?? [],
    dualWrite: {
      writers: file.dualWrite?.writers ?? null,
      maxLateness: file.dualWrite?.maxLateness ?? DEFAULT_LATENESS,
    },
    backfill: backfillFromFile(file.backfill),
    verify: file.verify,
  }
}

function backfillFromFile(file: PlanFile['backfill']): Plan['backfill'] {
  const { workers, taskRows, pauseWhen, window, writerSlowdown } = file
  return {
    workers,
    taskRows,
    ...(pauseWhen === undefined ? {} : { pauseWhen: defined(pauseWhen) }),
    ...defined({ window, writerSlowdown }),
  }
}

/** A plan that an earlier version has stored in the target knows nothing of writers. */
type PlanOrOlder = Omit<Plan, 'dualWrite'> & { dualWrite?: Plan['dualWrite'] }

/** A whole plan to the file's data. Keys are in the order in which they are written. */
export function planToFile(plan: PlanOrOlder): PlanFile {
  const { dualWrite = NO_WRITERS } = plan
  return {
    migration: plan.migration,
    source: { ...plan.source },
    target: present({ url: plan.target.url, schema: plan.target.schema, owner: plan.target.owner }),
    tables: new Map(plan.tables.map((table) => [table.name, tableToFile(table)])),
    ...present({ exclude: filled(plan.exclude) }),
    dualWrite: present({ writers: dualWrite.writers, maxLateness: dualWrite.maxLateness }),
    backfill: { ...plan.backfill },
    verify: { ...plan.verify },
  }
}

/** The primary key's name unless the plan says another: the table's, cut so that it fits into 63 bytes with its ending. */
export function defaultKeyName(table: string): string {
  const ending = '_pkey'
  return cutToBytes(table, MAX_NAME_BYTES - ending.length) + ending
}

function tableFromFile(name: string, file: TableFile): PlannedTable {
  return {
    source: file.source ?? name,
    name,
    kind: file.kind,
    reasons: [],
    time: file.time ? { column: file.time.column, unit: file.time.unit ?? null } : null,
    chunkInterval: file.chunkInterval ?? null,
    columnstore: file.columnstore ?? null,
    split: file.split,
    axis: file.axis ?? null,
    mode: file.mode,
    existingRows: file.existingRows ?? 'refuse',
    sync: file.sync ?? 'final-copy',
    columns: [...file.columns].map(([columnName, column]) => columnFromFile(columnName, column)),
    keys: keysFromFile(name, file),
    indexes: entries(file.indexes).map(([indexName, index]) => ({
      name: indexName,
      unique: index.unique ?? false,
      method: index.method ?? 'btree',
      parts: index.on,
      where: index.where ?? null,
    })),
    foreignKeys: entries(file.foreignKeys).map(([keyName, key]) => ({
      name: keyName,
      columns: key.columns,
      references: key.references,
      onDelete: key.onDelete ?? 'no action',
      onUpdate: key.onUpdate ?? 'no action',
    })),
    checks: entries(file.checks).map(([checkName, expression]) => ({ name: checkName, expression })),
    comment: file.comment ?? null,
    estimatedRows: file.estimate?.rows ?? 0,
    estimatedBytes: file.estimate?.bytes ?? null,
  }
}

function keysFromFile(table: string, file: TableFile): PlannedKey[] {
  const primary = file.key ? [{ name: file.keyName ?? defaultKeyName(table), columns: file.key, primary: true }] : []
  return [...primary, ...entries(file.unique).map(([name, columns]) => ({ name, columns, primary: false }))]
}

function tableToFile(table: PlannedTable): TableFile {
  const primary = table.keys.find((key) => key.primary)
  const keyName = primary && primary.name !== defaultKeyName(table.name) ? primary.name : null
  const unique = table.keys.filter((key) => key !== primary)
  return {
    ...present({ source: table.source === table.name ? null : table.source }),
    kind: table.kind,
    ...present({
      time: table.time === null ? null : present(table.time),
      chunkInterval: table.chunkInterval,
      columnstore: table.columnstore,
    }),
    split: table.split,
    ...present({ axis: table.axis }),
    mode: table.mode,
    ...present({
      existingRows: table.existingRows === 'delete' ? table.existingRows : null,
      sync: table.sync === 'frozen' ? table.sync : null,
      key: primary ? primary.columns : null,
      keyName,
      unique: named(unique, (key) => key.columns),
    }),
    columns: new Map(table.columns.map((column) => [column.name, columnToFile(column)])),
    ...present({
      indexes: named(table.indexes, (index) =>
        present({
          on: index.parts,
          unique: index.unique || null,
          method: index.method === 'btree' ? null : index.method,
          where: index.where,
        }),
      ),
      foreignKeys: named(table.foreignKeys, (key) =>
        present({
          columns: key.columns,
          references: key.references,
          onDelete: key.onDelete === 'no action' ? null : key.onDelete,
          onUpdate: key.onUpdate === 'no action' ? null : key.onUpdate,
        }),
      ),
      checks: named(table.checks, (check) => check.expression),
      comment: table.comment,
    }),
    estimate: present({ rows: table.estimatedRows, bytes: table.estimatedBytes }),
  }
}

function columnFromFile(name: string, file: ColumnFile): PlannedColumn {
  const { zeroDate, nul, invalidText, unit, timezone, format, swappedUuid } = file
  const rules: ColumnRules = {
    ...(zeroDate === undefined ? {} : { zeroDate: zeroDate ?? 'null' }),
    ...defined({ nul, invalidText, unit, timezone, format, swappedUuid }),
  }
  return {
    source: file.source ?? name,
    name,
    sourceType: file.sourceType,
    type: file.type,
    nullable: !(file.notNull ?? false),
    default: file.default ?? null,
    identity: file.identity ?? false,
    generated: file.generated ?? null,
    comment: file.comment ?? null,
    rules,
  }
}

function columnToFile(column: PlannedColumn): ColumnFile {
  const { zeroDate, ...rules } = column.rules
  return {
    type: column.type,
    sourceType: column.sourceType,
    ...present({
      source: column.source === column.name ? null : column.source,
      notNull: column.nullable ? null : true,
      identity: column.identity || null,
      default: column.default,
      generated: column.generated,
      comment: column.comment,
    }),
    // YAML's null is what a person writes for "becomes NULL".
    ...(zeroDate === undefined ? {} : { zeroDate: zeroDate === 'null' ? null : zeroDate }),
    ...defined(rules),
  }
}

function entries<V>(map: ReadonlyMap<string, V> | undefined): [string, V][] {
  return map ? [...map] : []
}

function named<T extends { name: string }, V>(items: readonly T[], value: (item: T) => V): Map<string, V> | null {
  return items.length === 0 ? null : new Map(items.map((item) => [item.name, value(item)]))
}

function filled<T>(items: T[]): T[] | null {
  return items.length === 0 ? null : items
}

type Present<T> = { [K in keyof T as null extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as null extends T[K] ? K : never]?: NonNullable<T[K]>
}

/** Without the members that are null. */
function present<T extends object>(value: T): Present<T> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null)) as Present<T>
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** Without the members that are undefined. */
function defined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Defined<T>
}
