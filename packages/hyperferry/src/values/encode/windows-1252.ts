/** Windows-1252 into UTF-8. */

/** 0x80–0x9f; U+0000 stands for the five bytes that mean nothing. */
const HIGH = [
  0x20ac, 0, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017d, 0, 0,
  0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0, 0x017e, 0x0178,
] as const

/** UTF-8, or null when one of 81, 8D, 8F, 90, 9D is in it: browsers turn those into control characters, which nobody meant. */
export function decodeWindows1252(bytes: Uint8Array): Uint8Array | null {
  const out = new Uint8Array(bytes.length * 3)
  let at = 0
  for (const c of bytes) {
    const point = c >= 0x80 && c < 0xa0 ? (HIGH[c - 0x80] ?? 0) : c
    if (point === 0 && c !== 0) return null
    if (point < 0x80) out[at++] = point
    else if (point < 0x800) {
      out[at++] = 0xc0 | (point >> 6)
      out[at++] = 0x80 | (point & 0x3f)
    } else {
      out[at++] = 0xe0 | (point >> 12)
      out[at++] = 0x80 | ((point >> 6) & 0x3f)
      out[at++] = 0x80 | (point & 0x3f)
    }
  }
  return out.subarray(0, at)
}
