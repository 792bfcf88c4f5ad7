/** Rows in PostgreSQL's binary COPY form, written into one growing buffer: nothing is allocated per field. */
import { viewOf } from './view-of.ts'

const FIRST_BYTES = 256 * 1024
/** PostgreSQL allocates a field with its header in one piece of at most 1 GB − 1. */
export const MAX_FIELD_BYTES = 0x3fff_ffff - 5
const LARGEST_GUESS = 64 * 1024 * 1024
const TWO_32 = 4294967296

/** What `take` hands over. `ends[i]` is where row i stops in `bytes`. */
export interface Tuples {
  rows: number
  bytes: Uint8Array
  ends: Uint32Array
}

/** One per reader. Between `startRow` and `endRow` exactly `fields` fields must be written. */
export class TupleWriter {
  /** Number of rows ended since the last `take`. */
  rows = 0
  /** Bytes written since the last `take`, the unfinished row included. */
  size = 0
  private readonly fields: number
  private readonly first: number
  private bytes_: Buffer
  private view: DataView
  private ends: Uint32Array
  private rowStart = 0

  constructor(fields: number, initialBytes: number = FIRST_BYTES) {
    this.fields = fields
    this.first = Math.max(initialBytes, 1024)
    this.bytes_ = Buffer.allocUnsafeSlow(this.first)
    this.view = viewOf(this.bytes_)
    this.ends = new Uint32Array(1024)
  }

  startRow(): void {
    this.rowStart = this.size
    const at = this.reserve(2)
    this.view.setInt16(at, this.fields)
  }

  endRow(): void {
    if (this.rows === this.ends.length) {
      const wider = new Uint32Array(this.ends.length * 2)
      wider.set(this.ends)
      this.ends = wider
    }
    this.ends[this.rows] = this.size
    this.rows += 1
  }

  /** Drops what was written since `startRow`: the row goes to quarantine. */
  abortRow(): void {
    this.size = this.rowStart
  }

  null_(): void {
    const at = this.reserve(4)
    this.view.setInt32(at, -1)
  }

  int2(v: number): void {
    const at = this.reserve(6)
    this.view.setInt32(at, 2)
    this.view.setInt16(at + 4, v)
  }

  int4(v: number): void {
    const at = this.reserve(8)
    this.view.setInt32(at, 4)
    this.view.setInt32(at + 4, v)
  }

  int8(v: bigint): void {
    const at = this.reserve(12)
    this.view.setInt32(at, 8)
    this.view.setBigInt64(at + 4, v)
  }

  /** An int8 from a safe integer. */
  int8n(v: number): void {
    const at = this.reserve(12)
    this.view.setInt32(at, 8)
    this.view.setInt32(at + 4, Math.floor(v / TWO_32))
    this.view.setInt32(at + 8, v | 0)
  }

  float4(v: number): void {
    const at = this.reserve(8)
    this.view.setInt32(at, 4)
    this.view.setFloat32(at + 4, v)
  }

  float8(v: number): void {
    const at = this.reserve(12)
    this.view.setInt32(at, 8)
    this.view.setFloat64(at + 4, v)
  }

  bool(v: boolean): void {
    const at = this.reserve(5)
    this.view.setInt32(at, 1)
    this.view.setUint8(at + 4, v ? 1 : 0)
  }

  /** One whole field. The caller keeps `src`; nothing refers to it afterwards. */
  bytes(src: Uint8Array, start: number = 0, end: number = src.length): void {
    const length = end - start
    const at = this.reserve(4 + length)
    this.view.setInt32(at, length)
    this.copyTo(at + 4, src, start, end)
  }

  /** Starts a field of a known length and gives the offset of its first byte in `buffer`; the caller fills all of it. */
  field(length: number): number {
    const at = this.reserve(4 + length)
    this.view.setInt32(at, length)
    return at + 4
  }

  /** Starts a field whose length is known at its end only; hand the mark to `closeField`. */
  openField(): number {
    return this.reserve(4)
  }

  closeField(mark: number): void {
    this.view.setInt32(mark, this.size - mark - 4)
  }

  /** Bytes without a length of their own, inside of an open field. */
  raw(src: Uint8Array, start: number = 0, end: number = src.length): void {
    const at = this.reserve(end - start)
    this.copyTo(at, src, start, end)
  }

  rawInt4(v: number): void {
    const at = this.reserve(4)
    this.view.setInt32(at, v)
  }

  /** The bytes that offsets of `field` refer to; changes when the writer grows. */
  get buffer(): Buffer {
    return this.bytes_
  }

  /** Big-endian access to `buffer`. */
  get data(): DataView {
    return this.view
  }

  /** Hands the ended rows over and starts anew; an unfinished row is lost. The writer keeps no reference to them. */
  take(): Tuples {
    const length = this.rows === 0 ? 0 : (this.ends[this.rows - 1] ?? 0)
    const taken = { rows: this.rows, bytes: this.bytes_.subarray(0, length), ends: this.ends.slice(0, this.rows) }
    this.rows = 0
    this.size = 0
    this.rowStart = 0
    // The next batch will be about as large as this one; a little more spares the last growth. One huge row is no measure.
    const next = Math.min(Math.ceil(length * 1.125), LARGEST_GUESS)
    this.bytes_ = Buffer.allocUnsafeSlow(Math.max(this.first, next))
    this.view = viewOf(this.bytes_)
    return taken
  }

  private reserve(length: number): number {
    const at = this.size
    const end = at + length
    if (end > this.bytes_.length) this.grow(end)
    this.size = end
    return at
  }

  private grow(needed: number): void {
    const wider = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes_.length * 2))
    this.bytes_.copy(wider, 0, 0, this.size)
    this.bytes_ = wider
    this.view = viewOf(wider)
  }

  private copyTo(at: number, src: Uint8Array, start: number, end: number): void {
    const to = this.bytes_
    // Below this length a loop is quicker than the call into native code.
    if (end - start <= 32) {
      for (let i = start, o = at; i < end; i += 1, o += 1) to[o] = src[i] ?? 0
    } else {
      to.set(start === 0 && end === src.length ? src : src.subarray(start, end), at)
    }
  }
}
