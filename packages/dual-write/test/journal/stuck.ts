// One op that stays open while hundreds of others go all the way.
import { expect } from 'vitest'
import { Disk } from './disk.ts'
import { nOf, numbers, record, reopened } from './stage.ts'
import type { Open } from './stage.ts'

const ROUNDS = 25
const EACH = 4

/** The op is settled in the very moment in which round `when` gives space back, or after a kill when that never comes. Throws where something is lost. */
async function oneStuck(dir: string, when: number, open?: Open): Promise<void> {
  const disk = new Disk()
  const how = open === undefined ? {} : { open }
  let journal = await reopened(disk, dir, how)
  const stuck = await journal.intent(record(0))
  let settled = false
  for (let round = 0; round < ROUNDS; round++) {
    const ns = numbers(1 + round * EACH, (round + 1) * EACH)
    const seqs = await Promise.all(ns.map((n) => journal.intent(record(n))))
    await Promise.all(seqs.map((seq) => journal.commit(seq)))
    const { delivered } = journal.progress
    const found = await journal.deliveries(delivered, 100)
    const giving = journal.delivered(found.at(-1)?.number ?? 0)
    if (round === when) {
      // As deep into it as the reading of the record: the moment before it is written again.
      for (let tick = 0; tick < 6; tick++) await Promise.resolve()
      await journal.commit(stuck)
      settled = true
    } else if (!settled) expect(journal.floor).toBe(stuck)
    await giving
    expect(disk.segments().length, 'segments that stay').toBeLessThan(8)
  }
  const { committed, delivered } = journal.progress
  expect(committed).toBe(ROUNDS * EACH + (settled ? 1 : 0))
  journal = await reopened(disk, dir, how)
  expect(journal.progress).toEqual({ committed, delivered })
  const doubtful = await journal.doubtful()
  expect(doubtful.map(({ seq, record: got }) => [seq, nOf(got)])).toEqual(settled ? [] : [[stuck, 0]])
  if (!settled) await journal.commit(stuck, { captured: { column: 'id', values: [77n] } })
  const rest = await journal.deliveries(delivered, 10)
  expect(rest.length).toBe(journal.progress.committed - delivered)
  if (!settled) expect(rest[0]?.record).toEqual(record(0, { columns: ['n', 'text', 'id'], rows: [[0n, 'row 0', 77n]] }))
  await journal.close()
}

/** Every moment. */
export async function everyStuck(dir: string, open?: Open): Promise<void> {
  for (let when = 0; when <= ROUNDS; when++) await oneStuck(dir, when, open)
}
