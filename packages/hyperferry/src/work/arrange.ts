/** Rows in the order of the columnstore: by segment, and by time within. What is sorted are the numbers of rows, not rows. */
import type { EncodedBatch } from '../model.ts'
import type { RowKeys } from './row-keys.ts'

/** Gives the tuples anew each time it is called; the same rows as were given. */
export type Arranged = () => Iterable<Uint8Array>

const PIECE_BYTES = 256 * 1024

/** `keys` are those of all rows of the batches, in their order. */
export function arrange(
  batches: readonly Pick<EncodedBatch, 'bytes' | 'ends' | 'rows'>[],
  keys: RowKeys,
  direction: 'asc' | 'desc',
): Arranged {
  const order = ordered(keys, direction)
  return () => pieces(batches, order)
}

/** Numbers of rows, those of a segment together, by time within. Rows that come by time, as they mostly do, are not compared twice. */
function ordered(keys: RowKeys, direction: 'asc' | 'desc'): Uint32Array {
  const { rows, segment, segments } = keys
  const ends = new Uint32Array(segments + 1)
  for (let row = 0; row < rows; row += 1) ends[(segment[row] ?? 0) + 1] = (ends[(segment[row] ?? 0) + 1] ?? 0) + 1
  for (let id = 1; id <= segments; id += 1) ends[id] = (ends[id] ?? 0) + (ends[id - 1] ?? 0)
  const next = ends.slice(0, segments)
  const order = new Uint32Array(rows)
  for (let row = 0; row < rows; row += 1) {
    const id = segment[row] ?? 0
    const place = next[id] ?? 0
    order[place] = row
    next[id] = place + 1
  }
  for (let id = 0; id < segments; id += 1) {
    const group = order.subarray(ends[id], ends[id + 1])
    if (!rising(keys, group)) group.sort((a, b) => keys.compare(a, b))
    if (direction === 'desc') group.reverse()
  }
  return order
}

function rising(keys: RowKeys, group: Uint32Array): boolean {
  for (let at = 1; at < group.length; at += 1) if (keys.compare(group[at - 1] ?? 0, group[at] ?? 0) > 0) return false
  return true
}

function* pieces(
  batches: readonly Pick<EncodedBatch, 'bytes' | 'ends' | 'rows'>[],
  order: Uint32Array,
): Generator<Uint8Array, void, undefined> {
  const starts: number[] = []
  const batchOf = new Uint32Array(order.length)
  let first = 0
  for (const [number, { rows }] of batches.entries()) {
    starts.push(first)
    batchOf.fill(number, first, first + rows)
    first += rows
  }
  const sources = batches.map(({ bytes }) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  // Bytes that were given away must not change until the COPY ends: each piece is a new one.
  let piece = Buffer.allocUnsafeSlow(PIECE_BYTES)
  let used = 0
  for (const row of order) {
    const number = batchOf[row] ?? 0
    const ends = batches[number]?.ends
    const source = sources[number]
    if (ends === undefined || source === undefined) throw new RangeError(`row ${row} is in no batch`)
    const index = row - (starts[number] ?? 0)
    const start = index === 0 ? 0 : (ends[index - 1] ?? 0)
    const end = ends[index] ?? 0
    if (used + end - start > piece.length) {
      if (used > 0) yield piece.subarray(0, used)
      piece = Buffer.allocUnsafeSlow(Math.max(PIECE_BYTES, end - start))
      used = 0
    }
    source.copy(piece, used, start, end)
    used += end - start
  }
  if (used > 0) yield piece.subarray(0, used)
}
