/** The rows of a task in the order of the columnstore: by segment, and by time within. What moves are the numbers of rows, not rows. */
import type { EncodedBatch } from '../model.ts'
import type { DirectLoad } from './direct.ts'
import { fieldsOf } from './direct-fields.ts'
import type { Spool } from './spool.ts'

/** Gives the tuples anew each time it is called; the same rows as the spool's. */
export type Arranged = () => Iterable<Uint8Array>

const PIECE_BYTES = 256 * 1024

/**
 * null when the order cannot be vouched for: rows that went to the disk, or a time outside of `within` (microseconds since 1970, or the integer; half-open,
 * null is unbounded), which would overlap the batches of another task.
 */
export async function arrange(
  direct: DirectLoad,
  spool: Spool,
  within: { from: bigint | null; to: bigint | null },
): Promise<Arranged | null> {
  if (spool.spilled) return null
  const batches: EncodedBatch[] = []
  for await (const batch of spool.batches()) batches.push(batch)
  const times = new BigInt64Array(spool.rows)
  const segments = new Uint32Array(spool.rows)
  const known = new Map<string, number>()
  const starts: number[] = []
  let row = 0
  for (const batch of batches) {
    starts.push(row)
    const bytes = Buffer.from(batch.bytes.buffer, batch.bytes.byteOffset, batch.bytes.byteLength)
    for (let index = 0; index < batch.rows; index += 1, row += 1) {
      const { time, segment } = fieldsOf(bytes, index === 0 ? 0 : (batch.ends[index - 1] ?? 0), direct)
      const at = (time - direct.epoch) * direct.unit
      if ((within.from !== null && at < within.from) || (within.to !== null && at >= within.to)) return null
      let id = known.get(segment)
      if (id === undefined) known.set(segment, (id = known.size))
      times[row] = time
      segments[row] = id
    }
  }
  const order = ordered(times, segments, { groups: known.size, descending: direct.order === 'desc' })
  return () => pieces(batches, starts, order)
}

/** Numbers of rows, those of a segment together, by time within. Rows that come by time, as they mostly do, are not compared twice. */
function ordered(
  times: BigInt64Array,
  segments: Uint32Array,
  { groups, descending }: { groups: number; descending: boolean },
): Uint32Array {
  const ends = new Uint32Array(groups + 1)
  for (const id of segments) ends[id + 1] = (ends[id + 1] ?? 0) + 1
  for (let id = 1; id <= groups; id += 1) ends[id] = (ends[id] ?? 0) + (ends[id - 1] ?? 0)
  const next = ends.slice(0, groups)
  const order = new Uint32Array(times.length)
  for (const [row, id] of segments.entries()) {
    const place = next[id] ?? 0
    order[place] = row
    next[id] = place + 1
  }
  const timeOf = (row: number | undefined): bigint => times[row ?? 0] ?? 0n
  for (let id = 0; id < groups; id += 1) {
    const group = order.subarray(ends[id], ends[id + 1])
    let rising = true
    for (let at = 1; at < group.length && rising; at += 1) rising = timeOf(group[at - 1]) <= timeOf(group[at])
    if (!rising) group.sort((a, b) => (timeOf(a) < timeOf(b) ? -1 : timeOf(a) > timeOf(b) ? 1 : 0))
    if (descending) group.reverse()
  }
  return order
}

function* pieces(
  batches: readonly EncodedBatch[],
  starts: readonly number[],
  order: Uint32Array,
): Generator<Uint8Array, void, undefined> {
  const batchOf = new Uint32Array(order.length)
  for (const [index, start] of starts.entries()) batchOf.fill(index, start, starts[index + 1])
  // Bytes that were given away must not change until the COPY ends: each piece is a new one.
  let piece = new Uint8Array(PIECE_BYTES)
  let used = 0
  for (const row of order) {
    const number = batchOf[row] ?? 0
    const batch = batches[number]
    if (batch === undefined) throw new RangeError(`row ${row} is in no batch`)
    const index = row - (starts[number] ?? 0)
    const [start, end] = [index === 0 ? 0 : (batch.ends[index - 1] ?? 0), batch.ends[index] ?? 0]
    if (used > 0 && used + end - start > piece.length) {
      yield piece.subarray(0, used)
      piece = new Uint8Array(Math.max(PIECE_BYTES, end - start))
      used = 0
    } else if (end - start > piece.length) piece = new Uint8Array(end - start)
    piece.set(batch.bytes.subarray(start, end), used)
    used += end - start
  }
  if (used > 0) yield piece.subarray(0, used)
}
