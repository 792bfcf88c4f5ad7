/** From the files of a folder to the state in memory, and to files that can be gone on with. */
import { join } from 'node:path'
import { JournalError } from '../errors.ts'
import type { Entry, Header } from './entries.ts'
import type { FactsFile } from './facts.ts'
import type { Place } from './index.ts'
import type { JournalFile, JournalIo } from './io.ts'
import type { JournalOptions } from './journal.ts'
import { Ledger } from './ledger.ts'
import { segmentName } from './log.ts'
import { cut, rewrite } from './mend.ts'
import { scanFolder } from './scan.ts'

export interface Recovered {
  id: string
  ledger: Ledger
  /** The segment to go on with; null in a new journal. */
  last: { segment: number; size: number; file: JournalFile } | null
  /** What was found and is not as a closed journal should be. */
  notes: string[]
}

/** Seqs that are left out when a journal without sync was not closed: more than can have been given since the last one that was kept. */
const SEQ_GAP = 1_000_000

export async function recover(options: Required<JournalOptions>, io: JournalIo, facts: FactsFile): Promise<Recovered> {
  const { dir, durability } = options
  const ledger = new Ledger(options.keepBytes)
  let first: Header | null = null
  const newest = await scanFolder(dir, io, (entry, place) => {
    if (entry.type === 'header') first = checkedHeader(first, entry.header, ledger)
    replay(ledger, entry, place)
  })
  ledger.recovered()
  const id = await facts.identify((first as Header | null)?.journal ?? null)
  if (newest === null) return { id, ledger, last: null, notes: [] }
  const name = segmentName(newest.segment)
  const size = newest.bytes.length
  const notes =
    newest.torn === 0 ? [] : [`${name}: ${newest.torn} bytes of an unfinished write were cut off at ${size}`]
  if (durability === 'fsync' && (!newest.clean || newest.torn > 0)) await rewrite(dir, io, newest)
  else if (newest.torn > 0) await cut(dir, io, newest)
  if (durability === 'process' && !newest.clean) ledger.nextSeq += SEQ_GAP
  const file = await io.open(join(dir, name), 'write')
  return { id, ledger, last: { segment: newest.segment, size, file }, notes }
}

/** Segments of one journal follow on each other: what the header says is what was counted so far. */
function checkedHeader(first: Header | null, header: Header, ledger: Ledger): Header {
  if (first === null) {
    ledger.start(header)
    return header
  }
  if (header.journal !== first.journal || header.committed !== ledger.committed)
    throw new JournalError(`${segmentName(header.segment)} does not follow on the segment before it`)
  return first
}

function replay(ledger: Ledger, entry: Entry, place: Place): void {
  ledger.grown(place.segment, place.offset + place.size)
  switch (entry.type) {
    case 'intent':
      return ledger.intent(entry, place)
    case 'commit':
      if (entry.number !== ledger.committed + 1)
        throw new JournalError(`${segmentName(place.segment)} is damaged: record ${ledger.committed + 1} has no mark`)
      return ledger.commit(entry.seq, place, entry.outcome !== null)
    case 'abort':
      return ledger.abort(entry.seq)
    case 'delivered':
      return ledger.deliver(Math.max(entry.number, ledger.delivered))
    case 'header':
      // The mark itself may be lost with a segment, or may never have found room.
      ledger.nextSeq = Math.max(ledger.nextSeq, entry.header.seq)
      return ledger.deliver(Math.max(entry.header.delivered, ledger.delivered))
    case 'synced':
    case 'closed':
  }
}
