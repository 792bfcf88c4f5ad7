// Journals that are wrong in one way each, made from the source text. The model has to find every one of them, or it proves nothing.
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Open } from './stage.ts'

interface Mutant {
  file: string
  from: string
  to: string
  /** What finds it, when the model does not meet the situation often enough. */
  by?: 'stuck'
}

export const mutants: Readonly<Record<string, Mutant>> = {
  'numbers are handed out before their marks are on the disk': {
    file: 'file-journal.ts',
    from: 'if (last > this.#durable) {',
    to: 'if (last < 0) {',
  },
  'an intent is acknowledged before it is on the disk': {
    file: 'file-journal.ts',
    from: 'durable: true,',
    to: 'durable: false,',
  },
  'a mark that was read back counts as flushed': {
    file: 'recover.ts',
    from: "if (durability === 'fsync' && (!newest.clean || newest.torn > 0)) await rewrite(dir, io, newest)",
    to: 'if (newest.torn < 0) await rewrite(dir, io, newest)',
  },
  'a new segment does not say how many numbers were given': {
    file: 'file-journal.ts',
    from: 'committed: ledger.committed,',
    to: 'committed: 0,',
  },
  'a new segment does not say which seq comes next': {
    file: 'file-journal.ts',
    from: 'seq: ledger.nextSeq,',
    to: 'seq: 1,',
  },
  'segments go although a record in them is still wanted': {
    file: 'ledger.ts',
    from: 'needed: use.last >= this.first',
    to: 'needed: false',
  },
  'segments go although an op in them is open': {
    file: 'reclaim.ts',
    from: 'if (use.open > 0) {',
    to: 'if (use.open < 0) {',
  },
  'an op that is written again is taken for a new one': {
    file: 'ledger.ts',
    from: 'op.place = place',
    to: 'void place',
    by: 'stuck',
  },
  'an op is written again after its mark': {
    file: 'reclaim.ts',
    from: 'isOpen(op, ledger) ? entry.intent(op, text) : null',
    to: 'entry.intent(op, text)',
    by: 'stuck',
  },
  'what an op is settled to is believed before it is written': {
    file: 'log.ts',
    from: 'this.#options.undone()',
    to: '',
  },
  'the outcome is forgotten': {
    file: 'file-journal.ts',
    from: 'if (!outcome) return',
    to: 'if (outcome || !outcome) return',
  },
  'an op can be settled twice at once': {
    file: 'file-journal.ts',
    from: 'op === undefined || op.settling',
    to: 'op === undefined',
  },
}

/** Opens journals with that fault. */
export async function openMutant(name: string): Promise<Open> {
  const mutant = mutants[name]
  if (mutant === undefined) throw new Error(`no mutant "${name}"`)
  const { file, from, to } = mutant
  const dir = await mkdtemp(join(tmpdir(), 'hyperferry-mutant-'))
  onTestFinished(() => rm(dir, { recursive: true }))
  const source = join(import.meta.dirname, '../../src')
  for (const each of ['journal', 'errors.ts', 'model.ts'])
    await cp(join(source, each), join(dir, each), { recursive: true })
  const path = join(dir, 'journal', file)
  const text = await readFile(path, 'utf8')
  if (!text.includes(from)) throw new Error(`${file} no longer has the place of the mutant "${name}"`)
  await writeFile(
    path,
    text.replace(from, () => to),
  )
  await writeFile(join(dir, 'package.json'), '{"type":"module"}')
  const { openJournal } = (await import(/* @vite-ignore */ join(dir, 'journal/open.ts'))) as { openJournal: Open }
  return openJournal
}
