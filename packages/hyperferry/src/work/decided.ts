/** A table of the source as people have decided about it: rows that were given up are left out, fixed ones come as they are in the target. */
import { signatureOf } from '../control/decisions.ts'
import type { Decision } from '../control/decisions.ts'
import type { EncodedBatch, RejectedRow } from '../model.ts'
import type { TableReader } from '../source/source.ts'
import { rowHash } from '../values/digest.ts'
import type { Normaliser } from '../values/normalise.ts'
import { batchOf, tuplesOf } from './tuples.ts'

/**
 * Reads like `reader`, with each decision applied where its row is met, at most once in a read. A decision whose row is not met any more (the source was
 * mended, or the row is gone) says nothing: what stands in the source then counts as it is. `count` and `second` are the source's own words.
 */
export function decidedReader(
  reader: TableReader,
  normaliser: Normaliser,
  decisions: readonly Decision[],
): TableReader {
  if (decisions.length === 0) return reader
  return {
    async *read(slice) {
      const left = new Pending(decisions, normaliser)
      for await (const batch of reader.read(slice)) yield left.apply(batch)
    },
    find: (key) => reader.find(key),
    count: (slice) => reader.count(slice),
    extent: () => reader.extent(),
    advance: (from, rows) => reader.advance(from, rows),
    second: reader.second,
  }
}

/** Decisions that were not met yet. */
class Pending {
  readonly #normaliser: Normaliser
  readonly #rejected = new Map<string, Decision[]>()
  readonly #sent = new Map<string, Decision[]>()

  constructor(decisions: readonly Decision[], normaliser: Normaliser) {
    this.#normaliser = normaliser
    for (const one of decisions) {
      if (one.hash === null) add(this.#rejected, one.signature, one)
      else add(this.#sent, one.hash, one)
    }
  }

  apply(batch: EncodedBatch): EncodedBatch {
    const met: Decision[] = []
    const rejected = this.#rejectedOf(batch.rejected, met)
    const kept = this.#sent.size === 0 ? batch : this.#sentOf(batch, met)
    if (met.length === 0) return batch
    const fixed = met.flatMap(({ tuple }) => (tuple === null ? [] : [tuple]))
    const tuples = fixed.length === 0 ? kept : batchOf([...rowsOf(kept), ...fixed])
    return { ...tuples, rejected, losses: batch.losses, discarded: met.length - fixed.length }
  }

  #rejectedOf(rows: readonly RejectedRow[], met: Decision[]): RejectedRow[] {
    return rows.filter((row) => {
      const decision = take(this.#rejected, this.#rejected.size === 0 ? '' : signatureOf(row))
      if (decision !== null) met.push(decision)
      return decision === null
    })
  }

  #sentOf(batch: EncodedBatch, met: Decision[]): EncodedBatch {
    const kept: Uint8Array[] = []
    let start = 0
    for (const end of batch.ends) {
      const decision = take(this.#sent, rowHash(this.#normaliser, batch.bytes, start, end))
      if (decision === null) kept.push(batch.bytes.subarray(start, end))
      else met.push(decision)
      start = end
    }
    return kept.length === batch.rows ? batch : batchOf(kept)
  }
}

function rowsOf(batch: EncodedBatch): Uint8Array[] {
  return Array.from({ length: batch.rows }, (_, row) => tuplesOf(batch, row, row + 1))
}

function add(to: Map<string, Decision[]>, name: string, decision: Decision): void {
  const same = to.get(name)
  if (same === undefined) to.set(name, [decision])
  else same.push(decision)
}

function take(from: Map<string, Decision[]>, name: string): Decision | null {
  const same = from.get(name)
  if (same === undefined) return null
  if (same.length === 1) from.delete(name)
  return same.pop() ?? null
}
