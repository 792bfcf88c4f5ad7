/** Framing of a segment file: `[length u32][crc32 u32][payload]`, little endian. A payload is never empty, so that zeros are no frame. */
import { crc32 } from './crc32.ts'

export const FRAME_HEAD = 8

export function frame(payload: string): Buffer {
  const size = Buffer.byteLength(payload)
  const bytes = Buffer.allocUnsafe(FRAME_HEAD + size)
  bytes.write(payload, FRAME_HEAD)
  bytes.writeUInt32LE(size, 0)
  bytes.writeUInt32LE(crc32(bytes.subarray(FRAME_HEAD)), 4)
  return bytes
}

/** The payload of the frame at `offset`; null when there is no whole, intact one. */
export function readFrame(bytes: Buffer, offset: number): string | null {
  const start = offset + FRAME_HEAD
  if (start >= bytes.length) return null
  const size = bytes.readUInt32LE(offset)
  if (size === 0 || start + size > bytes.length) return null
  const payload = bytes.subarray(start, start + size)
  return crc32(payload) === bytes.readUInt32LE(offset + 4) ? payload.toString() : null
}

/** Where the next intact frame begins, at `from` or later; −1 for none. */
export function findFrame(bytes: Buffer, from: number): number {
  for (let at = from; at < bytes.length - FRAME_HEAD; at++) {
    // Every payload begins as a JSON array does; looking at one byte first spares nearly all checksums.
    if (bytes[at + FRAME_HEAD] === BRACKET && readFrame(bytes, at) !== null) return at
  }
  return -1
}

const BRACKET = 0x5b
