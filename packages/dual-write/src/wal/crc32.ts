import * as zlib from 'node:zlib'

/** CRC-32 (IEEE) of some bytes, as an unsigned number. */
export const crc32: (bytes: Uint8Array) => number = zlib.crc32 ?? crc32ByTable

/** The same where zlib cannot do it: Node before 20.15. */
export function crc32ByTable(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) crc = (crc >>> 8) ^ (TABLE[(crc ^ byte) & 0xff] ?? 0)
  return (crc ^ 0xffffffff) >>> 0
}

const TABLE = Uint32Array.from({ length: 256 }, (_, start) => {
  let value = start
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  return value >>> 0
})
