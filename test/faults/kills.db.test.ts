// kill -9 at every named place, then the same command again: the target is as if nothing had happened.
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Failpoint } from '../../packages/hyperferry/src/failpoints.ts'
import { freshPg } from '../servers/database.ts'
import { describeWith } from '../servers/index.ts'
import { drive, driveApart } from './drive.ts'
import { findings } from './findings.ts'
import { makeWorld } from './world.ts'
import type { World } from './world.ts'

/** Place, how many passings. Several passings hit other tables, other lanes, other workers. */
const PLACES: [Failpoint, number[]][] = [
  ['relational.after-table', [1, 2]],
  ['relational.before-commit', [1]],
  ['relational.after-commit', [1]],
  ['relational.before-post', [1]],
  ['relational.before-done', [1]],
  ['backfill.after-read', [1, 9]],
  ['backfill.after-receipt', [1, 7, 20]],
  ['backfill.mid-copy', [1, 12]],
  ['backfill.before-commit', [1, 15]],
  ['backfill.after-commit', [1, 2, 25]],
  ['backfill.before-post', [1]],
  ['backfill.before-done', [1]],
]

const describe = await describeWith('pg17', 'ts-2.19')

describe('kill -9', () => {
  let world: World
  beforeAll(() => {
    world = makeWorld(1500)
  })
  afterAll(() => world.remove())

  for (const [index, [place, passings]] of PLACES.entries()) {
    for (const times of passings) {
      const server = (index + times) % 3 === 0 ? 'ts-2.19' : 'pg17'
      it(`at ${place}, passing ${times}, into ${server}`, async () => {
        const { url } = await freshPg(server)
        const run = { sourceUrl: world.sourceUrl, targetUrl: url, plan: world.plan, acceptQuarantine: world.unfit }
        const killed = await driveApart(run, `${place}:${times}`).ended
        expect(killed.signal, killed.output).toBe('SIGKILL')
        // Other sizes and numbers than before: only receipts say what is done.
        const again = await drive({ ...run, workers: 3, taskRows: 90 + times, unlocked: true })
        expect(again.backfill?.quarantined).toBe(world.unfit)
        expect(await findings(world, url)).toEqual([])
      })
    }
  }

  it('in the middle of careful writing', async () => {
    const { url } = await freshPg('pg17')
    const run = { sourceUrl: world.sourceUrl, targetUrl: url, plan: world.plan, acceptQuarantine: world.unfit }
    const begun = await driveApart({ ...run, taskRows: 50, workers: 1 }, 'backfill.after-commit:2').ended
    expect(begun.signal, begun.output).toBe('SIGKILL')
    // Put into the begun table by somebody else, and equal to what is still to come: the plain COPY fails on its key.
    const source = new DatabaseSync(world.file, { readOnly: true })
    const last = source.prepare('select id, ts, device_id, value, note from reading order by ts desc limit 1').get()
    source.close()
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    await client.query(
      `insert into plant.reading select $1::bigint, timestamptz 'epoch' + $2::bigint * interval '1 millisecond', $3, $4, $5`,
      Object.values(last ?? {}),
    )
    await client.end()
    const killed = await driveApart({ ...run, taskRows: 2000, unlocked: true }, 'backfill.after-stage').ended
    expect(killed.signal, killed.output).toBe('SIGKILL')
    await drive({ ...run, unlocked: true })
    expect(await findings(world, url)).toEqual([])
  })
})
