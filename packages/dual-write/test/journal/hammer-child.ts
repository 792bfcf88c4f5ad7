// Hammers a journal and says on stdout what was acknowledged; to be killed. Arguments: folder, first n, durability.
import { writeSync } from 'node:fs'
import { openJournal } from '../../src/journal/open.ts'

const [dir = '', first = '0', durability = 'process'] = process.argv.slice(2)
const say = (text: string): number => writeSync(1, `${text}\n`)
try {
  const journal = await openJournal({
    dir,
    durability: durability === 'fsync' ? 'fsync' : 'process',
    segmentBytes: 20_000,
    keepBytes: 20_000,
  })
  say('open')
  let n = Number(first)
  const lane = async (): Promise<void> => {
    for (;;) {
      const me = n++
      const row = { collection: 't', columns: ['n'], rows: [[BigInt(me)]], at: 0n, low: null, marked: true }
      const seq = await journal.intent(row)
      say(`i ${me}`)
      if (me % 50 === 3) await journal.abort(seq).then(() => say(`a ${me}`))
      if (me % 50 < 5) continue
      await journal.commit(seq)
      say(`c ${me}`)
    }
  }
  const deliver = async (): Promise<void> => {
    for (;;) {
      const { delivered } = journal.progress
      const ops = await journal.deliveries(delivered, 40)
      // As one transaction of a target: said first, noted in the journal afterwards.
      if (ops.length > 0)
        say(`d ${ops.map(({ number, record }) => `${number}=${String(record.rows[0]?.[0])}`).join(' ')}`)
      await journal.delivered(delivered + ops.length)
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }
  await Promise.all([deliver(), ...Array.from({ length: 8 }, lane)])
} catch (error) {
  say((error as { code?: string }).code ?? String(error))
}
