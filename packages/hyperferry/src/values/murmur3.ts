/** MurmurHash3, x86, 128 bits. */

const C1 = 0x239b961b
const C2 = 0xab0e9789
const C3 = 0x38b34ae5
const C4 = 0xa1e38b93

/** Hashes bytes [start, end) of the view and leaves the four words in `out` (unsigned). */
// eslint-disable-next-line max-params -- hot path: no object per row
export function murmur3(view: DataView, start: number, end: number, seed: number, out: Uint32Array): void {
  let h1 = seed
  let h2 = seed
  let h3 = seed
  let h4 = seed
  let at = start
  for (const last = end - 16; at <= last; at += 16) {
    h1 ^= Math.imul(rotl(Math.imul(view.getInt32(at, true), C1), 15), C2)
    h1 = (Math.imul((rotl(h1, 19) + h2) | 0, 5) + 0x561ccd1b) | 0
    h2 ^= Math.imul(rotl(Math.imul(view.getInt32(at + 4, true), C2), 16), C3)
    h2 = (Math.imul((rotl(h2, 17) + h3) | 0, 5) + 0x0bcaa747) | 0
    h3 ^= Math.imul(rotl(Math.imul(view.getInt32(at + 8, true), C3), 17), C4)
    h3 = (Math.imul((rotl(h3, 15) + h4) | 0, 5) + 0x96cd1c35) | 0
    h4 ^= Math.imul(rotl(Math.imul(view.getInt32(at + 12, true), C4), 18), C1)
    h4 = (Math.imul((rotl(h4, 13) + h1) | 0, 5) + 0x32ac3b17) | 0
  }
  const rest = end - at
  if (rest > 12) h4 ^= Math.imul(rotl(Math.imul(tail(view, at + 12, rest - 12), C4), 18), C1)
  if (rest > 8) h3 ^= Math.imul(rotl(Math.imul(tail(view, at + 8, rest - 8), C3), 17), C4)
  if (rest > 4) h2 ^= Math.imul(rotl(Math.imul(tail(view, at + 4, rest - 4), C2), 16), C3)
  if (rest > 0) h1 ^= Math.imul(rotl(Math.imul(tail(view, at, rest), C1), 15), C2)
  const length = end - start
  h1 ^= length
  h2 ^= length
  h3 ^= length
  h4 ^= length
  h1 = (h1 + h2 + h3 + h4) | 0
  h2 = (h2 + h1) | 0
  h3 = (h3 + h1) | 0
  h4 = (h4 + h1) | 0
  h1 = mix(h1)
  h2 = mix(h2)
  h3 = mix(h3)
  h4 = mix(h4)
  h1 = (h1 + h2 + h3 + h4) | 0
  out[0] = h1
  out[1] = h2 + h1
  out[2] = h3 + h1
  out[3] = h4 + h1
}

/** At most four bytes, the missing ones zero. */
function tail(view: DataView, at: number, count: number): number {
  if (count >= 4) return view.getInt32(at, true)
  let value = view.getUint8(at)
  if (count > 1) value |= view.getUint8(at + 1) << 8
  if (count > 2) value |= view.getUint8(at + 2) << 16
  return value
}

function rotl(x: number, by: number): number {
  return (x << by) | (x >>> (32 - by))
}

function mix(x: number): number {
  let h = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
