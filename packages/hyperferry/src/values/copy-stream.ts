/** Takes a binary COPY stream apart into tuples. */
import { HyperferryError } from '../errors.ts'

/** Signature, flags, length of the header's extension. */
export const COPY_HEADER: Uint8Array = Buffer.from('5047434f50590aff0d0a000000000000000000', 'hex')
/** Field count −1. */
export const COPY_TRAILER: Uint8Array = Buffer.from([0xff, 0xff])

const SIGNATURE = COPY_HEADER.subarray(0, 11)

/** For one stream. Tuples that lie within a chunk are handed on without a copy. */
export class CopyParser {
  private state: 'header' | 'tuples' | 'end' = 'header'
  /** The unfinished tuple (or header) at the end of the last chunk. */
  private held: Buffer = Buffer.alloc(0)
  private heldLength = 0
  /** How far the unfinished tuple was understood: no byte of a long row is looked at twice. */
  private scanned = 0
  private fieldsLeft = 0
  private ends = new Uint32Array(256)

  /**
   * `onTuples` gets zero or more whole tuples; `ends[i]` is where tuple i stops, the first starts at 0. Both are valid during the call only.
   * @throws HyperferryError HF-X001 when it is no binary COPY stream.
   */
  push(chunk: Uint8Array, onTuples: (bytes: Uint8Array, ends: Uint32Array) => void): void {
    let bytes: Uint8Array = chunk
    if (this.heldLength > 0) {
      this.hold(chunk)
      bytes = this.held.subarray(0, this.heldLength)
    }
    let start = 0
    if (this.state === 'header') {
      start = headerLength(bytes)
      if (start > 0) this.state = 'tuples'
    }
    const rest = this.state === 'header' ? 0 : this.tuples(bytes, start, onTuples)
    this.keep(bytes, rest)
  }

  /** @throws HyperferryError HF-C019 when the stream stopped before its trailer. */
  end(): void {
    if (this.state !== 'end')
      throw new HyperferryError('HF-C019', { what: 'the target stopped in the middle of a COPY' })
  }

  /** Hands on what is whole and returns where the rest starts. */
  private tuples(bytes: Uint8Array, from: number, onTuples: (bytes: Uint8Array, ends: Uint32Array) => void): number {
    let start = from
    let count = 0
    let at = start + this.scanned
    let left = this.fieldsLeft
    for (;;) {
      if (at === start) {
        if (this.state === 'end' && bytes.length > at) broken('bytes after the trailer')
        if (at + 2 > bytes.length) break
        left = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
        if (left === 0xffff) {
          this.state = 'end'
          if (bytes.length > at + 2) broken('bytes after the trailer')
          start = at + 2
          at = start
          break
        }
        at += 2
      }
      while (left > 0 && at + 4 <= bytes.length) {
        const length = int4(bytes, at)
        if (length < -1) broken('a negative length')
        const next = at + 4 + Math.max(length, 0)
        if (next > bytes.length) break
        at = next
        left -= 1
      }
      if (left > 0) break
      if (count === this.ends.length) this.ends = doubled(this.ends)
      this.ends[count] = at - from
      count += 1
      start = at
    }
    if (count > 0)
      onTuples(from === 0 && start === bytes.length ? bytes : bytes.subarray(from, start), this.ends.subarray(0, count))
    this.scanned = at - start
    this.fieldsLeft = left
    return start
  }

  private keep(bytes: Uint8Array, from: number): void {
    const length = bytes.length - from
    if (length === 0) {
      this.heldLength = 0
      return
    }
    // Nothing was taken from the front: it is where it should be already.
    if (this.heldLength > 0 && from === 0) return
    if (this.heldLength > 0) this.held.copyWithin(0, from, this.heldLength)
    this.heldLength = this.heldLength > 0 ? length : 0
    if (this.heldLength === 0) this.hold(bytes.subarray(from))
  }

  private hold(chunk: Uint8Array): void {
    const needed = this.heldLength + chunk.length
    if (needed > this.held.length) {
      const wider = Buffer.allocUnsafeSlow(Math.max(needed, this.held.length * 2))
      this.held.copy(wider, 0, 0, this.heldLength)
      this.held = wider
    }
    this.held.set(chunk, this.heldLength)
    this.heldLength = needed
  }
}

/** 0 while the header is not whole. */
function headerLength(bytes: Uint8Array): number {
  for (let i = 0; i < SIGNATURE.length && i < bytes.length; i += 1) {
    if (bytes[i] !== SIGNATURE[i]) broken('no signature')
  }
  if (bytes.length < COPY_HEADER.length) return 0
  // The upper half of the flags must be understood; there is none that PostgreSQL sends without being asked.
  if (int4(bytes, 11) >>> 16 !== 0) broken('unknown flags')
  const length = COPY_HEADER.length + int4(bytes, 15)
  return bytes.length >= length ? length : 0
}

function int4(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)
}

function doubled(ends: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const wider = new Uint32Array(ends.length * 2)
  wider.set(ends)
  return wider
}

function broken(why: string): never {
  throw new HyperferryError('HF-X001', { what: `not a binary COPY stream: ${why}` })
}
