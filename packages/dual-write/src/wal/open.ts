/** Opening a journal: the folder's lock, its facts, its segments, and a new segment to go on with. */
import { mkdir } from 'node:fs/promises'
import { FileJournal } from './file-journal.ts'
import { FactsFile } from './facts.ts'
import { nodeIo, withoutSync } from './io.ts'
import type { JournalIo } from './io.ts'
import type { Journal, JournalOptions } from '../journal/journal.ts'
import { lockFolder } from './lock.ts'

/** Throws JournalLockedError when another process has the folder, JournalError when it cannot be read. */
export async function openJournal(options: JournalOptions, io: JournalIo = nodeIo): Promise<Journal> {
  await mkdir(options.dir, { recursive: true })
  const lock = await lockFolder(options.dir)
  try {
    const used = options.durability === 'process' ? withoutSync(io) : io
    return await FileJournal.open(options, {
      io: used,
      lock,
      facts: await FactsFile.open(options.dir, used),
      place: await used.place(options.dir),
    })
  } catch (error) {
    lock.release()
    throw error
  }
}
