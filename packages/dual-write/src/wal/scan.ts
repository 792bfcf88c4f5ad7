/** Reading a folder of segments back: what was intended, what came of it, and where it stands. */
import { join } from 'node:path'
import { JournalError } from '../errors.ts'
import { parseEntry } from './entries.ts'
import type { Entry, Header } from './entries.ts'
import { findFrame, FRAME_HEAD, readFrame } from './frame.ts'
import type { Place } from './index.ts'
import type { JournalIo } from './io.ts'

export const segmentName = (segment: number): string => `${String(segment).padStart(10, '0')}.hfj`

export interface Scanned {
  header: Header
  size: number
}

/**
 * Hands every entry of the folder to `take`, in order, and cuts off what a killed process has left half-written at the very end. Throws JournalError naming
 * file and offset when something in the middle is not readable: that is no torn write, and what it held must not be forgotten silently.
 */
export async function scanFolder(
  dir: string,
  io: JournalIo,
  take: (entry: Entry, place: Place) => void,
): Promise<Map<number, Scanned>> {
  const names = (await io.list(dir)).filter((name) => /^\d{10}\.hfj$/.test(name)).toSorted()
  const found = new Map<number, Scanned>()
  for (const [index, name] of names.entries()) {
    const path = join(dir, name)
    const segment = Number(name.slice(0, 10))
    const bytes = await io.readFile(path)
    const { end, header } = scanSegment(bytes, segment, take)
    if (end < bytes.length) {
      const isLast = index === names.length - 1
      if (!isLast || findFrame(bytes, end + 1) !== -1)
        throw new JournalError(`${path} is damaged at byte ${end}: what follows there cannot be read`)
      await cut(io, path, end)
    }
    // A segment that died before its first frame was whole holds nothing.
    if (header === null) await io.unlink(path)
    else found.set(segment, { header, size: end })
  }
  return found
}

function scanSegment(
  bytes: Buffer,
  segment: number,
  take: (entry: Entry, place: Place) => void,
): { end: number; header: Header | null } {
  let offset = 0
  let header: Header | null = null
  for (;;) {
    const payload = readFrame(bytes, offset)
    if (payload === null) return { end: offset, header }
    const size = FRAME_HEAD + bytes.readUInt32LE(offset)
    const entry = parseEntry(payload)
    if (entry.type === 'header') header = entry.header
    take(entry, { segment, offset, size })
    offset += size
  }
}

async function cut(io: JournalIo, path: string, size: number): Promise<void> {
  const file = await io.open(path, 'write')
  try {
    await file.truncate(size)
    await file.sync()
  } finally {
    await file.close()
  }
}
