/** What is needed to compare one table: both ends, and how its tuples are read. */
import type { Decision } from '../../control/decisions.ts'
import type { PlannedTable } from '../../model.ts'
import type { TableReader } from '../../source/source.ts'
import type { Session } from '../../target/connect.ts'
import { copiedColumns, selectForDigest } from '../../target/copy.ts'
import { targetAxis } from '../../values/axis.ts'
import { CopyParser } from '../../values/copy-stream.ts'
import { Digest, digestBatch, rowHash } from '../../values/digest.ts'
import { compileNormaliser } from '../../values/normalise.ts'
import type { Normaliser } from '../../values/normalise.ts'
import { parsePgType } from '../../values/pgtype.ts'
import type { PgType } from '../../values/pgtype.ts'
import { fieldText, tupleFields } from '../../values/field-text.ts'
import { decidedReader } from '../../work/decided.ts'
import type { CompareRange } from './ranges.ts'
import type { RowStream } from './row-diff.ts'

export interface Bench {
  table: PlannedTable
  /** Target schema. */
  schema: string
  /** Zone of the source's wall-clock values. */
  timezone: string
  reader: TableReader
  /** Copied columns in wire order: target names and types. */
  columns: string[]
  types: PgType[]
  normaliser: Normaliser
  /** Places of the key's columns in the tuple; null without a key. */
  key: number[] | null
  /** Places of the columns that name a row to people: the key, else the axis, else none. */
  shown: number[]
}

/** Prepares the comparison of one table, as people have decided about its rows. */
export function benchOf(
  table: PlannedTable,
  source: TableReader,
  place: { schema: string; timezone: string },
  decisions: readonly Decision[] = [],
): Bench {
  const columns = copiedColumns(table)
  const types = table.columns.filter((column) => column.generated === null).map((column) => parsePgType(column.type))
  const key = keyPlaces(table, columns)
  const axis = targetAxis(table)
  const axisPlace = axis === null ? [] : columns.flatMap((name, index) => (name === axis.column ? [index] : []))
  const normaliser = compileNormaliser(types)
  const reader = decidedReader(source, normaliser, decisions)
  return { table, ...place, reader, columns, types, normaliser, key, shown: key ?? axisPlace }
}

/** Columns of the primary key, else of a unique key without nullable columns; null when there is none or one of them is not copied. */
function keyPlaces(table: PlannedTable, columns: readonly string[]): number[] | null {
  const nullable = new Set(table.columns.filter((column) => column.nullable).map((column) => column.name))
  const keys = table.keys.toSorted((a, b) => Number(b.primary) - Number(a.primary))
  const usable = keys.find(
    (each) =>
      each.columns.every((name) => columns.includes(name)) &&
      (each.primary || !each.columns.some((name) => nullable.has(name))),
  )
  return usable === undefined ? null : usable.columns.map((name) => columns.indexOf(name))
}

/** Digest of the target's rows of a range. */
export async function targetDigest(bench: Bench, session: Session, range: CompareRange): Promise<Digest> {
  const digest = new Digest()
  const parser = new CopyParser()
  await session.copyOut(selectForDigest(bench.schema, bench.table, range.where), (chunk) =>
    parser.push(chunk, (bytes, ends) => digestBatch(digest, bench.normaliser, bytes, ends)),
  )
  parser.end()
  return digest
}

/** Digest of the source's rows of a range, read again; and how many rows were rejected on the way, or given up by a person. */
export async function sourceDigest(bench: Bench, range: CompareRange): Promise<{ digest: Digest; rejected: number }> {
  const digest = new Digest()
  let rejected = 0
  for await (const batch of bench.reader.read(range.slice)) {
    digestBatch(digest, bench.normaliser, batch.bytes, batch.ends)
    rejected += batch.rejected.length + (batch.discarded ?? 0)
  }
  return { digest, rejected }
}

/** The target's rows of a range, one by one. */
export function targetRows(bench: Bench, session: Session, where: string | null): RowStream {
  return async (onRow) => {
    const parser = new CopyParser()
    await session.copyOut(selectForDigest(bench.schema, bench.table, where), (chunk) =>
      parser.push(chunk, (bytes, ends) => {
        let start = 0
        for (const end of ends) {
          onRow(rowHash(bench.normaliser, bytes, start, end), bytes, start, end)
          start = end
        }
      }),
    )
    parser.end()
  }
}

/** The source's rows of a slice, one by one, as the loader would send them. */
export function sourceRows(bench: Bench, slice: CompareRange['slice']): RowStream {
  return async (onRow) => {
    for await (const { bytes, ends } of bench.reader.read(slice)) {
      let start = 0
      for (const end of ends) {
        onRow(rowHash(bench.normaliser, bytes, start, end), bytes, start, end)
        start = end
      }
    }
  }
}

/** All fields of a tuple as text. */
export function tupleTexts(bench: Bench, tuple: Uint8Array): (string | null)[] {
  return tupleFields(tuple, 0).map((field, index) => {
    const type = bench.types[index]
    return type === undefined ? null : fieldText(type, field)
  })
}
