/** Giving space back. */
import { join } from 'node:path'
import { JournalError } from '../errors.ts'
import { entry, recordText } from './entries.ts'
import type { JournalIo } from './io.ts'
import type { Ledger, OpenOp } from './ledger.ts'
import { segmentName } from './log.ts'
import type { SegmentLog } from './log.ts'
import type { Reader } from './reader.ts'

interface Parts {
  dir: string
  io: JournalIo
  ledger: Ledger
  log: SegmentLog
  reader: Reader
}

/**
 * Deletes the oldest segments while nobody can ask for anything in them. Always the oldest: an intent must never outlive the mark that settles it. A few ops
 * that stay open (in doubt while the source is away) are written again instead of holding a segment, and with it all later ones, for ever; a segment that is
 * mostly open ops stays.
 */
export async function reclaim(parts: Parts): Promise<void> {
  const { dir, io, ledger, log, reader } = parts
  for (;;) {
    const oldest = ledger.oldest()
    if (oldest === null || oldest.segment === log.segment || oldest.needed) return
    const { segment, use } = oldest
    if (use.open > 0) {
      if (use.openBytes * 2 > use.size || !(await carry(segment, parts))) return
      continue
    }
    // What makes the segment needless stands in later ones, and has to be there after a power loss too.
    await log.flush()
    await reader.close()
    try {
      await io.unlink(join(dir, segmentName(segment)))
      ledger.forget(segment)
      // Names must not vanish in another order.
      await io.syncDir(dir)
    } catch (cause) {
      throw new JournalError(`${join(dir, segmentName(segment))} cannot be deleted`, cause)
    }
  }
}

/** Writes the open ops of a segment again; false when not all could be. */
async function carry(segment: number, { ledger, log, reader }: Parts): Promise<boolean> {
  const ops = ledger.openOps().filter(({ place }) => place.segment === segment)
  for (const op of ops) {
    const text = recordText(await reader.read(op.place))
    try {
      await log.append({
        durable: true,
        // One that is settled this moment must not come after its mark: it would be found open.
        build: () => (isOpen(op, ledger) ? entry.intent(op, text) : null),
        written: (place) => ledger.intent(op, place),
      })
    } catch (error) {
      // No room for it now: the segment stays, and nothing is lost.
      if (log.broken !== null) throw error
      return false
    }
  }
  return ops.length > 0 && ledger.openOps().every(({ place }) => place.segment !== segment)
}

function isOpen(op: OpenOp, ledger: Ledger): boolean {
  return !op.settling && ledger.op(op.seq) === op
}
