/** The two fields of a binary COPY tuple that decide where it goes in the columnstore. */
import type { DirectLoad } from './direct.ts'

/** `start` is the tuple's first byte; `time` as on the wire, `segment` a text that is equal for the same bytes. */
export function fieldsOf(bytes: Buffer, start: number, direct: DirectLoad): { time: bigint; segment: string } {
  const last = Math.max(direct.time, ...direct.segments)
  let time = 0n
  let segment = ''
  let at = start + 2
  for (let place = 0; place <= last; place += 1) {
    const length = bytes.readInt32BE(at)
    at += 4
    const end = at + Math.max(0, length)
    if (place === direct.time) time = integerAt(bytes, at, length)
    else if (direct.segments.includes(place)) segment += `${length}:${bytes.toString('latin1', at, end)}`
    at = end
  }
  return { time, segment }
}

/** A hypertable has no rows without a time: NULL is refused by the server, whatever is taken for it here. */
function integerAt(bytes: Buffer, at: number, length: number): bigint {
  switch (length) {
    case 8:
      return bytes.readBigInt64BE(at)
    case 4:
      return BigInt(bytes.readInt32BE(at))
    case 2:
      return BigInt(bytes.readInt16BE(at))
    default:
      return 0n
  }
}
