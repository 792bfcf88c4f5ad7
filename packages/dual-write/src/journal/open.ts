/** Opening a journal: the folder's lock, its facts, its segments. */
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { JournalError } from '../errors.ts'
import { FactsFile } from './facts.ts'
import { FileJournal } from './file-journal.ts'
import { nodeIo, withoutSync } from './io.ts'
import type { JournalIo } from './io.ts'
import type { JournalOptions } from './journal.ts'
import { lockFolder } from './lock.ts'
import { recover } from './recover.ts'

const MB = 1024 ** 2
const DEFAULTS = { durability: 'fsync', maxBytes: 8192 * MB, segmentBytes: 16 * MB, keepBytes: 64 * MB } as const

/**
 * Opens the journal in a folder, or makes one. Throws JournalLockedError when another process has it, JournalError when it cannot be read, or when what was
 * promised to be kept is damaged or missing. `io` is for tests.
 */
export async function openJournal(options: JournalOptions, io: JournalIo = nodeIo): Promise<FileJournal> {
  const { dir } = options
  const settings = { ...DEFAULTS, ...options }
  const used = settings.durability === 'process' ? withoutSync(io) : io
  try {
    const made = await mkdir(dir, { recursive: true })
    if (made !== undefined) await used.syncDir(dirname(made))
    const place = await used.place(dir)
    const lock = await lockFolder(dir)
    try {
      const facts = await FactsFile.open(dir, used)
      const recovered = await recover(settings, used, facts)
      return await FileJournal.open({ settings, io: used, lock, facts, place, ...recovered })
    } catch (error) {
      lock.release()
      throw error
    }
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && String(cause.code).startsWith('HF-')) throw cause
    throw new JournalError(`the journal in ${dir} cannot be opened`, cause)
  }
}
