/** Quoting of one CSV field. */
import type { Scratch } from '../scratch.ts'

export const COMMA = 0x2c
export const NEWLINE = 0x0a
const QUOTE = 0x22
const RETURN = 0x0d
const BACKSLASH = 0x5c
const DOT = 0x2e

/** Appends the field, in quotes when it is empty (without them it would be NULL), when it could be taken for the end of the data, or holds what separates fields. */
export function quote(bytes: Uint8Array, start: number, end: number, to: Scratch): void {
  if (!mustQuote(bytes, start, end)) {
    to.copy(bytes, start, end)
    return
  }
  to.byte(QUOTE)
  let kept = start
  for (let at = start; at < end; at += 1) {
    if (bytes[at] !== QUOTE) continue
    // The quote goes out with what stands before it, and once more with what follows.
    to.copy(bytes, kept, at + 1)
    kept = at
  }
  to.copy(bytes, kept, end)
  to.byte(QUOTE)
}

function mustQuote(bytes: Uint8Array, start: number, end: number): boolean {
  if (start === end) return true
  if (end - start === 2 && bytes[start] === BACKSLASH && bytes[start + 1] === DOT) return true
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at]
    if (byte === QUOTE || byte === COMMA || byte === NEWLINE || byte === RETURN) return true
  }
  return false
}
