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

/** The batch without the rows whose number (counted from `first`) is in `without`. The batch itself when none is. */
export function withoutRows(batch: EncodedBatch, first: number, without: ReadonlySet<number>): EncodedBatch {
  const kept: number[] = []
  for (let row = 0; row < batch.rows; row += 1) if (!without.has(first + row)) kept.push(row)
  if (kept.length === batch.rows) return batch
  const pieces = kept.map((row) => tuplesOf(batch, row, row + 1))
  const ends = new Uint32Array(kept.length)
  let at = 0
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.byteLength, 0))
  for (const [index, piece] of pieces.entries()) {
    bytes.set(piece, at)
    at += piece.byteLength
    ends[index] = at
  }
  return { rows: kept.length, bytes, ends, rejected: [], losses: [] }
}

function startOf(batch: EncodedBatch, row: number): number {
  return row === 0 ? 0 : (batch.ends[row - 1] ?? 0)
}
