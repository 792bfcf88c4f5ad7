/** What places rows in a columnstore: the segment of each, and its time. In flat arrays; nothing is allocated for a row. */
import type { EncodedBatch } from '../model.ts'
import { KeyNumbers } from './key-numbers.ts'

export interface KeyColumns {
  /** Positions of the columns of segmentBy and of the time, on the wire. */
  segments: readonly number[]
  time: number
}

/** Of at most as many rows as it is made for, each given to `add` once. */
export class RowKeys {
  /** How many were added. */
  rows = 0
  /** Number of each row's segment; equal for the same bytes. */
  readonly segment: Uint32Array
  /** Each row's time as on the wire: a signed number of 64 bits in two halves. */
  readonly high: Int32Array
  readonly low: Uint32Array
  readonly #numbers = new KeyNumbers()
  readonly #time: number
  readonly #last: number
  /** By position: whether the column is one of segmentBy. */
  readonly #segmented: readonly boolean[]
  #key = new Uint8Array(256)

  constructor(rows: number, { segments, time }: KeyColumns) {
    this.segment = new Uint32Array(rows)
    this.high = new Int32Array(rows)
    this.low = new Uint32Array(rows)
    this.#time = time
    this.#last = Math.max(time, ...segments)
    this.#segmented = Array.from({ length: this.#last + 1 }, (_, place) => segments.includes(place))
  }

  /** How many segments the rows have. */
  get segments(): number {
    return this.#numbers.count
  }

  /** All rows of a batch. */
  addBatch({ bytes, ends, rows }: Pick<EncodedBatch, 'bytes' | 'ends' | 'rows'>): void {
    for (let row = 0; row < rows; row += 1) this.add(bytes, row === 0 ? 0 : (ends[row - 1] ?? 0))
  }

  /** The row whose binary COPY tuple begins at `start`. */
  add(bytes: Uint8Array, start: number): void {
    const { rows } = this
    let at = start + 2
    let size = 0
    for (let place = 0; place <= this.#last; place += 1) {
      const length = int4(bytes, at)
      const end = at + 4 + Math.max(0, length)
      if (place === this.#time) this.#setTime(rows, { bytes, at: at + 4, length })
      // With its length, so that neighbours cannot be taken for each other.
      if (this.#segmented[place] === true) size = this.#appendKey(size, { bytes, from: at, to: end })
      at = end
    }
    this.segment[rows] = this.#numbers.numberOf(this.#key, size)
    this.rows = rows + 1
  }

  /** A row's time as on the wire. */
  time(row: number): bigint {
    return (BigInt(this.high[row] ?? 0) << 32n) | BigInt(this.low[row] ?? 0)
  }

  /** The first and the last time of all rows, as on the wire; null without a row. */
  span(): { first: bigint; last: bigint } | null {
    if (this.rows === 0) return null
    let [first, last] = [0, 0]
    for (let row = 1; row < this.rows; row += 1) {
      if (this.compare(row, first) < 0) first = row
      else if (this.compare(row, last) > 0) last = row
    }
    return { first: this.time(first), last: this.time(last) }
  }

  /** By time: below 0 when row `a` comes before row `b`. */
  compare(a: number, b: number): number {
    return (this.high[a] ?? 0) - (this.high[b] ?? 0) || (this.low[a] ?? 0) - (this.low[b] ?? 0)
  }

  /** A hypertable has no rows without a time: NULL is refused by the server, whatever is taken for it here. */
  #setTime(row: number, { bytes, at, length }: { bytes: Uint8Array; at: number; length: number }): void {
    if (length === 8) {
      this.high[row] = int4(bytes, at)
      this.low[row] = int4(bytes, at + 4)
      return
    }
    const value = length === 4 ? int4(bytes, at) : length === 2 ? int4(bytes, at) >> 16 : 0
    this.high[row] = value >> 31
    this.low[row] = value
  }

  #appendKey(size: number, { bytes, from, to }: { bytes: Uint8Array; from: number; to: number }): number {
    const grown = size + to - from
    if (grown > this.#key.length) {
      const wider = new Uint8Array(grown * 2)
      wider.set(this.#key)
      this.#key = wider
    }
    const key = this.#key
    for (let source = from, target = size; source < to; source += 1, target += 1) key[target] = bytes[source] ?? 0
    return grown
  }
}

/** Big-endian and signed; what is beyond the end counts as 0. */
function int4(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)
}
