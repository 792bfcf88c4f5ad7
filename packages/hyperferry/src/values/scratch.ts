/** A growing buffer that is written from the beginning for each tuple. */
import { viewOf } from './view-of.ts'

export class Scratch {
  bytes: Buffer = Buffer.allocUnsafeSlow(4096)
  /** Of `bytes`. */
  view: DataView = viewOf(this.bytes)
  size = 0

  copy(src: Uint8Array, start: number, end: number): void {
    const at = this.reserve(end - start)
    const to = this.bytes
    // Below this length a loop is quicker than the call into native code.
    if (end - start <= 48) for (let i = start, o = at; i < end; i += 1, o += 1) to[o] = src[i] ?? 0
    else to.set(src.subarray(start, end), at)
  }

  byte(v: number): void {
    const at = this.reserve(1)
    this.bytes[at] = v
  }

  /** Text of ASCII characters only: quicker than `text` for the short ones that numbers and times are made of. */
  ascii(text: string): void {
    const at = this.reserve(text.length)
    const to = this.bytes
    for (let i = 0; i < text.length; i += 1) to[at + i] = text.charCodeAt(i)
  }

  int2(v: number): void {
    const at = this.reserve(2)
    this.bytes[at] = v >> 8
    this.bytes[at + 1] = v
  }

  int4(v: number): void {
    const at = this.reserve(4)
    this.setInt4(at, v)
  }

  text(text: string): void {
    const length = Buffer.byteLength(text, 'utf8')
    const at = this.reserve(length)
    this.bytes.write(text, at, length, 'utf8')
  }

  /** Leaves room for a length that `close` fills in. */
  open(): number {
    return this.reserve(4)
  }

  close(mark: number): void {
    this.setInt4(mark, this.size - mark - 4)
  }

  setInt4(at: number, v: number): void {
    const to = this.bytes
    to[at] = v >> 24
    to[at + 1] = v >> 16
    to[at + 2] = v >> 8
    to[at + 3] = v
  }

  private reserve(length: number): number {
    const at = this.size
    this.size = at + length
    if (this.size > this.bytes.length) {
      const wider = Buffer.allocUnsafeSlow(Math.max(this.size, this.bytes.length * 2))
      this.bytes.copy(wider, 0, 0, at)
      this.bytes = wider
      this.view = viewOf(wider)
    }
    return at
  }
}
