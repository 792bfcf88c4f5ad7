/** Strict UTF-8 of a text that comes in blocks. */
import { isUtf8 } from 'node:buffer'

/** Says whether all blocks together are UTF-8; a character may lie across two of them. */
export class Utf8Check {
  #rest = Buffer.alloc(0)

  /** False as soon as something cannot be UTF-8, whatever follows. */
  push(block: Buffer): boolean {
    let start = 0
    if (this.#rest.length > 0) {
      const need = lengthOf(this.#rest[0] ?? 0) - this.#rest.length
      start = Math.min(need, block.length)
      this.#rest = Buffer.concat([this.#rest, block.subarray(0, start)])
      if (start < need) return true
      if (!isUtf8(this.#rest)) return false
      this.#rest = this.#rest.subarray(0, 0)
    }
    const end = start + wholeCharacters(block.subarray(start))
    this.#rest = Buffer.from(block.subarray(end))
    return isUtf8(block.subarray(start, end))
  }

  /** Whether the text may end here. */
  end(): boolean {
    return this.#rest.length === 0
  }
}

/** Offset of the first byte that is not UTF-8; null when all is well. */
export function firstInvalid(bytes: Buffer): number | null {
  if (isUtf8(bytes)) return null
  // The longest valid beginning: a beginning that ends within a character is judged without that character.
  let low = 0
  let high = bytes.length
  while (high - low > 1) {
    const middle = (low + high) >>> 1
    if (isUtf8(bytes.subarray(0, wholeCharacters(bytes.subarray(0, middle))))) low = middle
    else high = middle
  }
  return wholeCharacters(bytes.subarray(0, low))
}

/** Bytes up to the beginning of a character that is not complete. */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back += 1) {
    const byte = bytes[bytes.length - back] ?? 0
    if (byte < 0x80) break
    if (byte >= 0xc0) return lengthOf(byte) > back ? bytes.length - back : bytes.length
  }
  return bytes.length
}

/** Bytes of the character that begins with `byte`. */
function lengthOf(byte: number): number {
  return byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
}
