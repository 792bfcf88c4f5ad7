/** Arrays as text: `{1,2}`, `{{a,b},{c,d}}`, `[0:1]={a,NULL}`. */
import { Scratch } from '../scratch.ts'
import type { FieldText, Place } from './field-text.ts'

/** `element` writes one element as its own type does. */
export function arrayText(element: FieldText): FieldText {
  const item = new Scratch()
  return (bytes, view, { start }, to) => {
    const sizes: number[] = []
    const bounds: number[] = []
    const dimensions = view.getInt32(start)
    for (let at = start + 12; sizes.length < dimensions; at += 8) {
      sizes.push(view.getInt32(at))
      bounds.push(view.getInt32(at + 4))
    }
    if (dimensions === 0) return to.ascii('{}')
    if (bounds.some((lower) => lower !== 1)) {
      to.ascii(`${bounds.map((lower, index) => `[${lower}:${lower + (sizes[index] ?? 0) - 1}]`).join('')}=`)
    }
    let at = start + 12 + dimensions * 8
    const list = (depth: number): void => {
      to.byte(0x7b)
      for (let index = 0; index < (sizes[depth] ?? 0); index += 1) {
        if (index > 0) to.byte(0x2c)
        if (depth + 1 < dimensions) list(depth + 1)
        else at = one(at)
      }
      to.byte(0x7d)
    }
    const one = (from: number): number => {
      const length = view.getInt32(from)
      if (length < 0) {
        to.ascii('NULL')
        return from + 4
      }
      item.size = 0
      element(bytes, view, { start: from + 4, end: from + 4 + length }, item)
      quoted(item.bytes, { start: 0, end: item.size }, to)
      return from + 4 + length
    }
    list(0)
  }
}

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Numbers and times stay as they are; all else is quoted, also a text `NULL`. */
function quoted(bytes: Uint8Array, { start, end }: Place, to: Scratch): void {
  if (isSimple(bytes, end)) return to.copy(bytes, start, end)
  to.byte(QUOTE)
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] ?? 0
    if (byte === QUOTE || byte === BACKSLASH) to.byte(BACKSLASH)
    to.byte(byte)
  }
  to.byte(QUOTE)
}

/** Only what numbers are made of. */
function isSimple(bytes: Uint8Array, end: number): boolean {
  for (let at = 0; at < end; at += 1) {
    const byte = bytes[at] ?? 0
    if (!((byte >= 0x30 && byte <= 0x39) || byte === 0x2d || byte === 0x2e)) return false
  }
  return end > 0
}
