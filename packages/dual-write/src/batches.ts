/** From records to what the stores take. Everyone who delivers a record goes through here (D8). */
import type { CompiledCollection } from './contract/compile.ts'
import { DeclarationError } from './errors.ts'
import type { OpRecord } from './model.ts'
import type { StoreBatch } from './stores/store.ts'

/** The contract of a record's table. Throws DeclarationError when the plan does not have it any more. */
export function compiledFor(
  tables: ReadonlyMap<string, CompiledCollection>,
  { collection }: OpRecord,
): CompiledCollection {
  const compiled = tables.get(collection)
  if (compiled === undefined) throw new DeclarationError(`table "${collection}" is not in the contract`)
  return compiled
}

export function sourceBatch(compiled: CompiledCollection, record: OpRecord): StoreBatch {
  const { columns, rows, key, capture, utc } = compiled.toSource(record)
  return { table: compiled.contract.source, columns, rows, key, capture, utc }
}

/** `captures`: the target is primary and gives the identity. */
export function targetBatch(compiled: CompiledCollection, record: OpRecord, captures = false): StoreBatch {
  const { schema, target } = compiled.contract
  const { columns, types, rows, key } = compiled.toTarget(record)
  const capture = captures ? missingIdentity(compiled, record)?.name : undefined
  return { table: target, schema, columns, types, rows, key, capture: capture ?? null, utc: false }
}

/** The identity column that no row of the record gives; null when there is none or it is given. */
export function missingIdentity(
  { contract }: CompiledCollection,
  record: OpRecord,
): { name: string; source: string } | null {
  const column = contract.columns.find(({ fill }) => fill.kind === 'identity')
  return column === undefined || record.columns.includes(column.source) ? null : column
}

/** The record with the values that the primary store gave. */
export function withCaptured(
  record: OpRecord,
  source: string,
  values: readonly (number | bigint | string)[],
): OpRecord {
  const rows = record.rows.map((row, index) => [...row, BigInt(values[index] ?? 0)])
  return { ...record, columns: [...record.columns, source], rows }
}

/** Neighbours that can be one statement: same table, same columns. */
export function grouped<T extends { record: OpRecord }>(ops: readonly T[]): { record: OpRecord; ops: T[] }[] {
  const groups: { record: OpRecord; ops: T[] }[] = []
  for (const op of ops) {
    const last = groups.at(-1)
    if (last !== undefined && isAlike(last.record, op.record)) last.ops.push(op)
    else groups.push({ record: op.record, ops: [op] })
  }
  return groups.map((group) =>
    group.ops.length === 1
      ? group
      : { ops: group.ops, record: { ...group.record, rows: group.ops.flatMap(({ record }) => record.rows) } },
  )
}

function isAlike(a: OpRecord, b: OpRecord): boolean {
  return (
    a.collection === b.collection &&
    a.columns.length === b.columns.length &&
    a.columns.every((c, i) => c === b.columns[i])
  )
}
