// What the tests of the journal share: folders, records, and openings after a death.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { openJournal } from '../../src/journal/open.ts'
import type { Journal, JournalOptions } from '../../src/journal/journal.ts'
import type { OpRecord } from '../../src/model.ts'
import type { Disk } from './disk.ts'

/** The small journal of the tests: a segment holds a few records. */
export type Opened = Journal & { readonly notes: readonly string[] }
export type Open = (options: JournalOptions, io?: Disk) => Promise<Opened>

export function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'hyperferry-journal-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

export function record(n: number, more: Partial<OpRecord> = {}): OpRecord {
  return {
    collection: n % 2 === 0 ? 'even' : 'odd',
    columns: ['n', 'text'],
    rows: [[BigInt(n), `row ${n}`]],
    at: BigInt(n),
    low: BigInt(((n * 7919) % 1000) - 500),
    marked: true,
    ...more,
  }
}

export const nOf = ({ rows }: OpRecord): number => Number(rows[0]?.[0])

/** Opens what a killed process has left: its lock says that this very process is alive, so it is taken away. */
export async function reopened(
  disk: Disk,
  dir: string,
  { open = openJournal, ...more }: Partial<JournalOptions> & { open?: Open } = {},
): Promise<Opened> {
  for (const name of readdirSync(dir)) if (name.startsWith('lock')) rmSync(join(dir, name))
  return open({ dir, segmentBytes: 500, keepBytes: 0, ...more }, disk)
}

export const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i)
export const ascending = (list: Iterable<number>): number[] => [...list].toSorted((a, b) => a - b)
