/** The rows of a task in the order of the columnstore, where that order can be vouched for. */
import type { EncodedBatch } from '../model.ts'
import { arrange } from './arrange.ts'
import type { Arranged } from './arrange.ts'
import type { DirectLoad } from './direct.ts'
import { RowKeys } from './row-keys.ts'
import type { Spool } from './spool.ts'

/**
 * null when the order cannot be vouched for: rows that went to the disk, or a time outside of `within` (microseconds since 1970, or the integer; half-open,
 * null is unbounded), which would overlap the batches of another task.
 */
export async function arrangeSpool(
  direct: DirectLoad,
  spool: Spool,
  within: { from: bigint | null; to: bigint | null },
): Promise<Arranged | null> {
  if (spool.spilled || direct.order === null) return null
  const batches: EncodedBatch[] = []
  const keys = new RowKeys(spool.rows, direct)
  for await (const batch of spool.batches()) {
    batches.push(batch)
    keys.addBatch(batch)
  }
  const span = keys.span()
  if (span === null) return null
  const at = (time: bigint): bigint => (time - direct.epoch) * direct.unit
  if (within.from !== null && at(span.first) < within.from) return null
  if (within.to !== null && at(span.last) >= within.to) return null
  return arrange(batches, keys, direct.order)
}
