/** Cutting and rewriting runs of binary COPY tuples. A tuple is its field count (int16), then length (int32, −1 for NULL) and bytes of each field. */
import type { EncodedBatch } from '../model.ts'

/** The rows `[from, to)` of a batch as bytes; no copy is made. */
export function tuplesOf(batch: EncodedBatch, from: number, to: number): Uint8Array {
  return batch.bytes.subarray(startOf(batch, from), startOf(batch, to))
}

/** The same rows with one more field in front of each: an int8 that counts up from `first`. */
export function numbered(batch: EncodedBatch, first: number): EncodedBatch {
  const bytes = new Uint8Array(batch.bytes.byteLength + batch.rows * 12)
  const view = new DataView(bytes.buffer)
  const source = new DataView(batch.bytes.buffer, batch.bytes.byteOffset, batch.bytes.byteLength)
  const ends = new Uint32Array(batch.rows)
  let at = 0
  for (let row = 0; row < batch.rows; row += 1) {
    const start = startOf(batch, row)
    const end = startOf(batch, row + 1)
    view.setInt16(at, source.getInt16(start) + 1)
    view.setInt32(at + 2, 8)
    view.setBigInt64(at + 6, BigInt(first + row))
    bytes.set(batch.bytes.subarray(start + 2, end), at + 14)
    at += end - start + 12
    ends[row] = at
  }
  return { rows: batch.rows, bytes, ends, rejected: [], losses: [] }
}

/** One row that `numbered` has numbered, as it was before; its bytes are a copy. */
export function unnumbered(bytes: Uint8Array, start: number, end: number): { number: bigint; tuple: Uint8Array } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const tuple = new Uint8Array(end - start - 12)
  new DataView(tuple.buffer).setInt16(0, view.getInt16(start) - 1)
  tuple.set(bytes.subarray(start + 14, end), 2)
  return { number: view.getBigInt64(start + 6), tuple }
}

/** Tuples one after the other, as a batch of their own. */
export function batchOf(tuples: readonly Uint8Array[]): EncodedBatch {
  const bytes = new Uint8Array(tuples.reduce((sum, tuple) => sum + tuple.byteLength, 0))
  const ends = new Uint32Array(tuples.length)
  let at = 0
  for (const [index, tuple] of tuples.entries()) {
    bytes.set(tuple, at)
    at += tuple.byteLength
    ends[index] = at
  }
  return { rows: tuples.length, bytes, ends, rejected: [], losses: [] }
}

/** The batch without the rows whose number (counted from `first`) is in `without`. The batch itself when none is. */
export function withoutRows(batch: EncodedBatch, first: number, without: ReadonlySet<number>): EncodedBatch {
  const kept: number[] = []
  for (let row = 0; row < batch.rows; row += 1) if (!without.has(first + row)) kept.push(row)
  if (kept.length === batch.rows) return batch
  return batchOf(kept.map((row) => tuplesOf(batch, row, row + 1)))
}

function startOf(batch: EncodedBatch, row: number): number {
  return row === 0 ? 0 : (batch.ends[row - 1] ?? 0)
}
