/** Reading a folder of segments back: what was intended, what came of it, and where it stands. */
import { join } from 'node:path'
import { JournalError } from '../errors.ts'
import { parseEntry } from './entries.ts'
import type { Entry, Header } from './entries.ts'
import { findFrame, FRAME_HEAD, readFrame } from './frame.ts'
import type { Place } from './index.ts'
import type { JournalIo } from './io.ts'
import { segmentName } from './log.ts'

/** The newest segment as it was found. */
export interface Newest {
  segment: number
  /** Its good bytes; what follows them is no whole frame. */
  bytes: Buffer
  /** Bytes behind them. */
  torn: number
  /** Its last frame says that the journal was closed. */
  clean: boolean
}

/**
 * Hands every entry of the folder to `take`, in order. Changes nothing but what never held anything: a newest segment that died before its first frame was
 * whole. Throws JournalError naming file and offset when something that was promised cannot be read, since what it held must not be forgotten silently.
 */
export async function scanFolder(
  dir: string,
  io: JournalIo,
  take: (entry: Entry, place: Place) => void,
): Promise<Newest | null> {
  const names = (await io.list(dir)).filter((name) => /^\d{10}\.hfj$/.test(name)).toSorted()
  let newest: Newest | null = null
  for (const [index, name] of names.entries()) {
    const path = join(dir, name)
    const segment = Number(name.slice(0, 10))
    if (newest !== null && segment !== newest.segment + 1)
      throw new JournalError(`${join(dir, segmentName(newest.segment + 1))} is missing`)
    const bytes = await io.readFile(path)
    const { end, clean } = scanSegment(bytes, { path, segment }, take)
    const isTorn = end < bytes.length || end === 0
    if (isTorn && (index < names.length - 1 || !isTornWrite(bytes, end)))
      throw new JournalError(`${path} is damaged at byte ${end}: what was written there was promised to be kept`)
    if (end === 0) await io.unlink(path)
    else newest = { segment, bytes: bytes.subarray(0, end), torn: bytes.length - end, clean }
  }
  return newest
}

function scanSegment(
  bytes: Buffer,
  { path, segment }: { path: string; segment: number },
  take: (entry: Entry, place: Place) => void,
): { end: number; clean: boolean } {
  let offset = 0
  let clean = false
  for (;;) {
    const payload = readFrame(bytes, offset)
    if (payload === null) return { end: offset, clean }
    const size = FRAME_HEAD + bytes.readUInt32LE(offset)
    const entry = understood(payload, `${path} at byte ${offset}`)
    if ((offset === 0) !== (entry.type === 'header') || (entry.type === 'header' && !fits(entry.header, segment)))
      throw new JournalError(`${path} is no segment ${segment} of a journal`)
    take(entry, { segment, offset, size })
    clean = entry.type === 'closed'
    offset += size
  }
}

function fits(header: Header, segment: number): boolean {
  return header.version === 1 && header.segment === segment
}

function understood(payload: string, where: string): Entry {
  try {
    return parseEntry(payload)
  } catch (cause) {
    throw new JournalError(`${where} is nothing this version knows`, cause)
  }
}

/**
 * Whether what cannot be read at `end` is the trace of a write that never ended, and so was never promised. Without an intact frame behind it, it is. With
 * one, only if pages of the unsynced end reached the disk in another order before the power went: no later frame says that the place was synced, and the
 * hole holds a sector that was never written. A flipped bit leaves no such sector.
 */
function isTornWrite(bytes: Buffer, end: number): boolean {
  const next = findFrame(bytes, end + 1)
  if (next === -1) return true
  for (let at = next; at !== -1; at = findFrame(bytes, at + 1)) {
    const entry = parseEntry(readFrame(bytes, at) ?? '')
    if (entry.type === 'synced' && entry.offset > end) return false
  }
  for (let sector = Math.ceil(end / SECTOR) * SECTOR; sector + SECTOR <= next; sector += SECTOR) {
    if (bytes.subarray(sector, sector + SECTOR).every((byte) => byte === 0)) return true
  }
  return false
}

const SECTOR = 512
