/** How large a transaction is. */
import type { CopyRequest } from './request.ts'
import type { Text } from './text.ts'

const MB = 1024 * 1024
/** Large enough that beginning and committing cost nothing, small enough that little is lost when one fails. */
export const USUAL = 32 * MB
/** A row in the server's sort is about twice its text. */
const SORTED = 2
const SMALLEST = 256
const FIRST = 2 * MB
/** Below it beginning and committing are felt. */
const SMALLEST_AT_END = 4 * MB
const SAMPLE = 64 * 1024
const LARGEST = 256 * MB
/** Small batches of rows only make it slower; who means it says it in bytes. */
const SMALLEST_BY_ROWS = 8 * MB
/** What passes by once waits in memory: so much for all workers together. */
const BUDGET = 128 * MB

/** Of a piece whose rows the server sorts in so many bytes: what is sorted together makes larger batches. `sortBytes` 0: they are not sorted. */
export function usualBytes(sortBytes: number): number {
  return Math.max(USUAL, Math.floor(sortBytes / SORTED))
}

/** Bytes of a piece: what a person asks for in bytes, or in rows, else `usual`, within bounds; a hint, no row is ever cut. */
export async function rangeBytes(
  text: Text,
  { batchBytes, batchRows, workers }: CopyRequest,
  usual: number,
): Promise<number> {
  const wanted =
    batchBytes === null
      ? batchRows === null
        ? usual
        : Math.max(SMALLEST_BY_ROWS, batchRows * (await averageRow(text)))
      : Math.max(SMALLEST, batchBytes)
  // One more than workers: the one that is being cut.
  const most = text.seekable ? LARGEST : Math.floor(BUDGET / (workers + 1))
  return Math.min(most, Math.round(wanted))
}

/**
 * Bytes of the piece at an offset. The first one is small: a wrong flag shows at once, and a chunk that is compressed on the way is marked by the first COPY into it, for whose
 * commit all others wait. Towards the end of a file of known size they get smaller, so that no worker waits long for the last one (guided self-scheduling, Polychronopoulos
 * and Kuck 1987, with half of a worker's share).
 */
export function pieceSizes(
  bytes: number,
  { first, size, workers }: { first: number; size: number | null; workers: number },
): (from: number) => number {
  return (from) => {
    if (from === first) return Math.min(bytes, FIRST)
    const share = size === null ? bytes : Math.round((size - from) / (2 * workers))
    return Math.min(bytes, Math.max(SMALLEST_AT_END, share))
  }
}

async function averageRow(text: Text): Promise<number> {
  const head = await text.head(SAMPLE)
  let lines = 1
  for (let at = head.indexOf(10); at >= 0; at = head.indexOf(10, at + 1)) lines += 1
  return Math.max(1, head.length / lines)
}
