/**
 * One value for both stores: what the dual-write library makes of a value is written into a real source and a real target, and the engine's own reader has
 * to find the target's bytes in the source. Nothing of the library is asked whether it was right.
 */
import fc from 'fast-check'
import { sourceBatch, targetBatch } from '../../packages/dual-write/src/batches.ts'
import { compileCollection } from '../../packages/dual-write/src/contract/compile.ts'
import type { CompiledCollection } from '../../packages/dual-write/src/contract/compile.ts'
import { ContractError } from '../../packages/dual-write/src/errors.ts'
import { decodeRecord, encodeRecord } from '../../packages/dual-write/src/journal/codec.ts'
import type { Cell, CollectionContract, ColumnRules, OpRecord } from '../../packages/dual-write/src/model.ts'
import { insertRows } from '../../packages/dual-write/src/stores/pg-insert.ts'
import type { SourceStore } from '../../packages/dual-write/src/stores/store.ts'
import type { PlannedColumn, PlannedTable, SourceTable } from '../../packages/hyperferry/src/model.ts'
import type { Source } from '../../packages/hyperferry/src/source/source.ts'
import type { Session } from '../../packages/hyperferry/src/target/connect.ts'
import { copiedColumns, selectForDigest } from '../../packages/hyperferry/src/target/copy.ts'
import { ident, qualified } from '../../packages/hyperferry/src/target/sql.ts'
import { CopyParser } from '../../packages/hyperferry/src/values/copy-stream.ts'
import { Digest, digestBatch } from '../../packages/hyperferry/src/values/digest.ts'
import { compileNormaliser } from '../../packages/hyperferry/src/values/normalise.ts'
import type { Normaliser } from '../../packages/hyperferry/src/values/normalise.ts'
import { parsePgType } from '../../packages/hyperferry/src/values/pgtype.ts'
import { table as plannedTable } from '../faults/world.ts'

/** A pair of types, and what an application may write into it. */
export interface Pair {
  /** Declared in the source. */
  source: string
  /** Type in the target. */
  type: string
  rules?: ColumnRules
  /** Every one of them is taken. */
  taken: readonly unknown[]
  /** Every one of them is refused. */
  refused?: readonly unknown[]
  /** Either way; half of what comes from here is usual, half is an edge. */
  any?: fc.Arbitrary<unknown>
}

/** A library that forgets the contract on one side: that store is given what the application gave, and makes of it what it likes. */
export type Mutant = 'target-as-given' | 'source-as-given'

export interface Outcome {
  taken: number
  refused: number
  /** Rows that the engine would put aside. */
  rejected: string[]
  /** Values of which source and target disagree. */
  differing: unknown[]
  equal: boolean
}

export interface World {
  engine: 'mysql' | 'sqlite'
  source: Source
  store: SourceStore
  session: Session
  tables: ReadonlyMap<string, SourceTable>
}

export const ZONE = 'Europe/Berlin'
const RUNS = 120

/** Writes all values of a pair into both stores and compares them. @throws when a value is taken or refused that should not be. */
export async function tryPair(world: World, pair: Pair, table: string, mutant?: Mutant): Promise<Outcome> {
  const live = world.tables.get(table)
  if (live === undefined) throw new Error(`the inventory has no ${table}`)
  const collection = collectionOf(live, pair)
  const compiled = compileCollection(collection, { engine: world.engine, timezone: ZONE })
  for (const value of pair.refused ?? []) {
    if (normalised(compiled, value) !== null) throw new Error(`taken, and should not be: ${shown(value)}`)
  }
  const rows: Cell[][] = []
  const given: unknown[] = []
  let refused = 0
  const sample = pair.any === undefined ? [] : fc.sample(pair.any, { numRuns: RUNS, seed: 20261125 })
  for (const [index, value] of [...pair.taken, ...sample].entries()) {
    const cell = normalised(compiled, value)
    if (cell !== null) {
      rows.push([BigInt(rows.length), cell.cell])
      given.push(value)
    } else if (index < pair.taken.length) throw new Error(`refused, and should not be: ${shown(value)}`)
    else refused += 1
  }
  // As it comes out of a journal.
  const record = decodeRecord(
    encodeRecord({ collection: table, columns: ['id', 'v'], rows, at: 0n, low: null, marked: false }),
  )
  await write(world, compiled, record, (batch, side) => mutated(batch, given, { side, mutant }))
  return compare(world, planOf(collection), { given, refused })
}

function normalised(compiled: CompiledCollection, value: unknown): { cell: Cell } | null {
  try {
    return { cell: compiled.normalise([{ id: 0, v: value }]).rows[0]?.[1] ?? null }
  } catch (error) {
    if (error instanceof ContractError) return null
    throw new Error(`${shown(value)} is not refused as it should be`, { cause: error })
  }
}

type Batch = ReturnType<typeof targetBatch>

async function write(
  { store, session }: World,
  compiled: CompiledCollection,
  record: OpRecord,
  change: (batch: Batch, side: 'source' | 'target') => Batch,
): Promise<void> {
  await store.write(change(sourceBatch(compiled, record), 'source'), null)
  const { target, columns } = compiled.contract
  await session.query(
    `create table ${qualified('public', target)} (${columns.map((c) => `${ident(c.name)} ${c.type}`).join(', ')})`,
  )
  const query = async (sql: string, params?: readonly unknown[]) => {
    const { rows } = await session.query(sql, params)
    return { rows, rowCount: rows.length }
  }
  await insertRows(query as never, change(targetBatch(compiled, record), 'target'), 'strict')
}

/** One side is given what the application gave. */
function mutated(
  batch: Batch,
  given: readonly unknown[],
  { side, mutant }: { side: 'source' | 'target'; mutant: Mutant | undefined },
): Batch {
  if (mutant !== `${side}-as-given`) return batch
  const raw = given.map((value) => {
    if (value instanceof Date) return value.toISOString()
    return value instanceof Uint8Array && side === 'target' ? `\\x${Buffer.from(value).toString('hex')}` : value
  })
  return { ...batch, rows: batch.rows.map((row, place) => [row[0], raw[place]]) }
}

async function compare(
  { source, session }: World,
  plan: PlannedTable,
  { given, refused }: { given: readonly unknown[]; refused: number },
): Promise<Outcome> {
  const normaliser = compileNormaliser(plan.columns.map((column) => parsePgType(column.type)))
  const [left, right] = [new Digest(), new Digest()]
  const [inSource, inTarget] = [new Map<number, string>(), new Map<number, string>()]
  const rejected: string[] = []
  for await (const batch of source.reader(plan).read({ kind: 'all' })) {
    digestBatch(left, normaliser, batch.bytes, batch.ends)
    indexTuples(inSource, normaliser, batch)
    for (const row of batch.rejected)
      rejected.push(`${row.code} ${row.reason}: ${shown(given[Number(row.values['id'])])}`)
  }
  const parser = new CopyParser()
  await session.copyOut(selectForDigest('public', plan, null), (chunk) =>
    parser.push(chunk, (bytes, ends) => {
      digestBatch(right, normaliser, bytes, ends)
      indexTuples(inTarget, normaliser, { bytes, ends })
    }),
  )
  parser.end()
  const differing = given.filter((_, id) => inSource.get(id) !== inTarget.get(id))
  return { taken: given.length, refused, rejected, differing, equal: left.equals(right) && right.rows === given.length }
}

/** Normal form of each row by its id, the first field of the tuple. */
function indexTuples(
  into: Map<number, string>,
  normaliser: Normaliser,
  rows: { bytes: Uint8Array; ends: Uint32Array },
): void {
  const bytes = Buffer.from(rows.bytes.buffer, rows.bytes.byteOffset, rows.bytes.length)
  let start = 0
  for (const end of rows.ends) {
    const length = normaliser.normalise(bytes, start, end)
    const tuple = length === 0 ? bytes.subarray(start, end) : Buffer.from(normaliser.scratch.bytes.subarray(0, length))
    into.set(bytes.readInt32BE(start + 6), tuple.toString('hex'))
    start = end
  }
}

function collectionOf(live: SourceTable, pair: Pair): CollectionContract {
  return {
    source: live.name,
    schema: 'public',
    target: live.name,
    columns: live.columns.map(({ name, type, collation, nullable }) => ({
      source: name,
      name,
      sourceType: type,
      collation,
      type: name === 'id' ? 'integer' : pair.type,
      nullable,
      rules: name === 'id' ? {} : (pair.rules ?? {}),
      fill: { kind: 'none' },
    })),
    key: ['id'],
    time: null,
  }
}

function planOf(collection: CollectionContract): PlannedTable {
  const column = (each: CollectionContract['columns'][number]): PlannedColumn => ({
    source: each.source,
    name: each.name,
    sourceType: each.sourceType,
    type: each.type,
    nullable: each.nullable,
    default: null,
    identity: false,
    generated: null,
    comment: null,
    rules: each.rules,
  })
  const plan = plannedTable(collection.target, {
    source: collection.source,
    sync: 'frozen',
    columns: collection.columns.map(column),
  })
  if (copiedColumns(plan).length !== collection.columns.length) throw new Error('not all columns are copied')
  return plan
}

export function shown(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  if (value instanceof Date) return `Date ${Number(value)}`
  return JSON.stringify(value) ?? 'undefined'
}
