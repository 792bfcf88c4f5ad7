/** Collecting what a reader gives. */
import type { EncodedBatch, RejectedRow, Slice } from '../../packages/hyperferry/src/model.ts'
import type { TableReader } from '../../packages/hyperferry/src/source/source.ts'

export interface Collected {
  /** Each row's tuple in hex. */
  tuples: string[]
  rejected: RejectedRow[]
  batches: EncodedBatch[]
}

export async function collect(reader: TableReader, slice: Slice): Promise<Collected> {
  const collected: Collected = { tuples: [], rejected: [], batches: [] }
  for await (const batch of reader.read(slice)) {
    collected.batches.push(batch)
    collected.rejected.push(...batch.rejected)
    if (batch.ends.length !== batch.rows) throw new Error(`${batch.rows} rows, ${batch.ends.length} ends`)
    const bytes = Buffer.from(batch.bytes.buffer, batch.bytes.byteOffset, batch.bytes.length)
    let start = 0
    for (const end of batch.ends) {
      collected.tuples.push(bytes.toString('hex', start, end))
      start = end
    }
    if (start !== bytes.length) throw new Error(`${bytes.length - start} bytes after the last row`)
  }
  return collected
}

/** Equal for equal multisets only. */
export function multiset(rows: readonly string[]): string[] {
  return rows.toSorted()
}

/** Ranges between the boundaries, in any order and with repetitions, and the residual: every row is in exactly one of them. */
export function cover(boundaries: readonly bigint[]): Slice[] {
  const sorted = [...new Set(boundaries)].toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  const edges: (bigint | null)[] = [null, ...sorted, null]
  const ranges: Slice[] = edges.slice(1).map((to, i) => ({ kind: 'range', from: edges[i] ?? null, to }))
  return [...ranges, { kind: 'residual' }]
}
