/** Draining one slice of the source. */
import type { Failpoint } from '../failpoints.ts'
import { failpoint } from '../failpoints.ts'
import type { Slice } from '../model.ts'
import { Digest, digestBatch } from '../values/digest.ts'
import type { Arranged } from './arrange.ts'
import { interrupted } from './backoff.ts'
import type { MemoryBudget } from './budget.ts'
import { Spool } from './spool.ts'
import type { TableWork } from './table-work.ts'

/** The rows of a slice, read to the end, and their digest. The caller disposes of the spool. */
export interface SliceRows {
  spool: Spool
  digest: Digest
  /** The same rows in the order of the table's columnstore. Absent: as they came. */
  arranged?: Arranged
}

/** Reads all of a slice; the source's read transaction is closed when this returns. An aborted `stop` ends it with HF-B022. */
export async function readSlice(
  work: TableWork,
  slice: Slice,
  budget: MemoryBudget,
  stop?: AbortSignal,
): Promise<SliceRows> {
  const spool = new Spool(budget)
  const digest = new Digest()
  try {
    for await (const batch of work.reader.read(slice)) {
      if (stop?.aborted) throw interrupted()
      const kept = work.part === null ? batch : work.part.keep(batch, slice)
      digestBatch(digest, work.normaliser, kept.bytes, kept.ends)
      await spool.add(kept)
    }
  } catch (error) {
    await spool.dispose()
    throw error
  }
  return { spool, digest }
}

/** Named places may be passed by several steps; a step without them passes null. */
export function pass(name: Failpoint | null): void {
  if (name !== null) failpoint(name)
}
