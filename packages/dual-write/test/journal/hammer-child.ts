// Hammers a journal and says on stdout what was acknowledged; to be killed.
import { writeSync } from 'node:fs'
import { openJournal } from '../../src/journal/open.ts'

const [dir = '', first = '0'] = process.argv.slice(2)
try {
  const journal = await openJournal({ dir, durability: 'process', segmentBytes: 20_000, keepBytes: 0 })
  writeSync(1, 'open\n')
  let n = Number(first)
  const lane = async (): Promise<void> => {
    for (;;) {
      const me = n++
      const row = { collection: 't', columns: ['n'], rows: [[BigInt(me)]], at: 0n, low: null, marked: true }
      const seq = await journal.intent(row)
      writeSync(1, `i ${me}\n`)
      if (me % 5 === 0) continue
      await journal.commit(seq)
      writeSync(1, `c ${me}\n`)
      if (me % 50 === 1) await journal.delivered(journal.progress.committed - 10)
    }
  }
  await Promise.all(Array.from({ length: 8 }, lane))
} catch (error) {
  writeSync(1, `${(error as { code?: string }).code ?? String(error)}\n`)
}
