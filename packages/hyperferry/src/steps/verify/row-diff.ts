/** Multiset difference of two row streams in bounded memory: sums per hash bucket first, then only the rows of buckets that differ. */

/** Hands every row to `onRow`; may be run again and gives the same rows. The bytes are the receiver's during the call only. */
export type RowStream = (onRow: OnRow) => Promise<void>
/** `hash`: 32 hex digits. The tuple lies in `bytes` from `start` to `end`. */
type OnRow = (hash: string, bytes: Uint8Array, start: number, end: number) => void

export interface OddRow {
  hash: string
  /** Binary COPY tuple. */
  tuple: Uint8Array
}

export interface RowDifference {
  /** Rows only in the source, each as often as it is missing. */
  missing: OddRow[]
  /** Rows only in the target. */
  extra: OddRow[]
  /** Numbers of all, also of those that found no room in the lists. */
  missingRows: number
  extraRows: number
}

export interface DiffOptions {
  /** Expected rows of the larger side; sets the number of buckets. */
  rows: number
  /** Bytes of odd rows to keep. Default 64 MB. */
  keepBytes?: number
  /** Rows held at a time while buckets are examined. Default 200,000. */
  rowsAtATime?: number
}

/** Compares as multisets: a row that stands twice in one and once in the other is one difference. */
export async function diffRows(source: RowStream, target: RowStream, options: DiffOptions): Promise<RowDifference> {
  const buckets = new Buckets(options.rows)
  await source((hash) => buckets.add(hash, 1))
  await target((hash) => buckets.add(hash, -1))
  const result: RowDifference = { missing: [], extra: [], missingRows: 0, extraRows: 0 }
  const room = { bytes: options.keepBytes ?? 64 * 1024 * 1024 }
  for (const group of buckets.different(options.rowsAtATime ?? 200_000)) {
    const odd = new OddRows(buckets, group, room)
    await source((hash, bytes, start, end) => odd.add(hash, 1, bytes.subarray(start, end)))
    await target((hash, bytes, start, end) => odd.add(hash, -1, bytes.subarray(start, end)))
    if (odd.isAnyUnseen()) {
      await source((hash, bytes, start, end) => odd.see(hash, 1, bytes.subarray(start, end)))
      await target((hash, bytes, start, end) => odd.see(hash, -1, bytes.subarray(start, end)))
    }
    odd.pour(result)
  }
  return result
}

class Buckets {
  readonly #mask: number
  readonly #net: Int32Array
  readonly #rows: Int32Array
  readonly #sums: Int32Array

  constructor(rows: number) {
    const count = 2 ** Math.min(20, Math.max(8, Math.ceil(Math.log2(Math.max(1, rows) / 16))))
    this.#mask = count - 1
    this.#net = new Int32Array(count)
    this.#rows = new Int32Array(count)
    this.#sums = new Int32Array(count * 2)
  }

  of(hash: string): number {
    return Number.parseInt(hash.slice(0, 8), 16) & this.#mask
  }

  add(hash: string, sign: 1 | -1): void {
    const bucket = this.of(hash)
    this.#net[bucket] = (this.#net[bucket] ?? 0) + sign
    this.#rows[bucket] = (this.#rows[bucket] ?? 0) + 1
    const first = bucket * 2
    this.#sums[first] = (this.#sums[first] ?? 0) + sign * Number.parseInt(hash.slice(8, 16), 16)
    this.#sums[first + 1] = (this.#sums[first + 1] ?? 0) + sign * Number.parseInt(hash.slice(16, 24), 16)
  }

  /** Buckets that differ, in groups of at most `limit` rows (a bucket is never divided). */
  *different(limit: number): Generator<Set<number>> {
    let group = new Set<number>()
    let rows = 0
    for (let bucket = 0; bucket <= this.#mask; bucket += 1) {
      if (!this.#net[bucket] && !this.#sums[bucket * 2] && !this.#sums[bucket * 2 + 1]) continue
      const more = this.#rows[bucket] ?? 0
      if (group.size > 0 && rows + more > limit) {
        yield group
        group = new Set()
        rows = 0
      }
      group.add(bucket)
      rows += more
    }
    if (group.size > 0) yield group
  }
}

class OddRows {
  readonly #buckets: Buckets
  readonly #group: Set<number>
  readonly #room: { bytes: number }
  readonly #rows = new Map<string, { net: number; tuple: Uint8Array | null }>()

  constructor(buckets: Buckets, group: Set<number>, room: { bytes: number }) {
    this.#buckets = buckets
    this.#group = group
    this.#room = room
  }

  add(hash: string, sign: 1 | -1, tuple: Uint8Array): void {
    if (!this.#group.has(this.#buckets.of(hash))) return
    const known = this.#rows.get(hash)
    if (known === undefined) {
      const fits = this.#room.bytes >= tuple.length
      if (fits) this.#room.bytes -= tuple.length
      // A copy: the stream's buffer is used again.
      this.#rows.set(hash, { net: sign, tuple: fits ? Uint8Array.from(tuple) : null })
      return
    }
    known.net += sign
    if (known.net === 0) this.#forget(hash, known.tuple)
  }

  #forget(hash: string, tuple: Uint8Array | null): void {
    this.#room.bytes += tuple?.length ?? 0
    this.#rows.delete(hash)
  }

  /** Rows that differ, but found no room when they came by; equal rows have left theirs by now. */
  isAnyUnseen(): boolean {
    return [...this.#rows.values()].some((row) => row.tuple === null)
  }

  see(hash: string, sign: 1 | -1, tuple: Uint8Array): void {
    const known = this.#rows.get(hash)
    if (known === undefined || known.tuple !== null || Math.sign(known.net) !== sign || this.#room.bytes < tuple.length)
      return
    this.#room.bytes -= tuple.length
    known.tuple = Uint8Array.from(tuple)
  }

  pour(result: RowDifference): void {
    for (const [hash, { net, tuple }] of this.#rows) {
      const times = Math.abs(net)
      if (net > 0) result.missingRows += times
      else result.extraRows += times
      if (tuple === null) continue
      const list = net > 0 ? result.missing : result.extra
      for (let index = 0; index < times; index += 1) list.push({ hash, tuple })
    }
  }
}
