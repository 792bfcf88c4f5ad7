/** Strings as UTF-8 in a buffer that is used again and again. */

/** Larger than this is not kept for the next value. */
const KEEP_BYTES = 1 << 20

export class Utf8 {
  /** Holds the last string from offset 0. */
  bytes: Buffer = Buffer.allocUnsafeSlow(1024)

  /** Number of bytes written. The string must be well formed, which every string that came from UTF-8 is. */
  encode(text: string): number {
    // At most three bytes per UTF-16 unit.
    if (text.length * 3 > this.bytes.length) {
      if (text.length * 3 > KEEP_BYTES) {
        this.bytes = Buffer.from(text, 'utf8')
        return this.bytes.length
      }
      this.bytes = Buffer.allocUnsafeSlow(text.length * 6)
    } else if (this.bytes.length > KEEP_BYTES * 2) this.bytes = Buffer.allocUnsafeSlow(Math.max(1024, text.length * 3))
    return this.bytes.write(text, 0, 'utf8')
  }
}

/**
 * UTF-8 of UTF-16 bytes as they lie in the file. A lone surrogate becomes its three bytes, which are no valid UTF-8:
 * so the rule for invalid text applies to it. An odd last byte is no character and does not occur: SQLite drops it.
 */
export function utf8FromUtf16(bytes: Uint8Array, bigEndian: boolean): Uint8Array {
  const even = bytes.length & ~1
  const units = Buffer.from(bytes.subarray(0, even))
  if (bigEndian) units.swap16()
  const text = units.toString('utf16le')
  const parts: Uint8Array[] = []
  let start = 0
  for (const match of text.matchAll(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g)) {
    const unit = match[0].charCodeAt(0)
    parts.push(Buffer.from(text.slice(start, match.index), 'utf8'))
    parts.push(Buffer.from([0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f)]))
    start = match.index + 1
  }
  parts.push(Buffer.from(text.slice(start), 'utf8'))
  return Buffer.concat(parts)
}
