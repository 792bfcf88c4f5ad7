import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { drive } from '../../../../test/faults/drive.ts'
import { findings } from '../../../../test/faults/findings.ts'
import { makeWorld } from '../../../../test/faults/world.ts'
import { freshPg } from '../../../../test/servers/database.ts'
import { describeWith } from '../../../../test/servers/index.ts'

const describe = await describeWith('tsl')

describe('chunks made beforehand', () => {
  test('an ordinary owner copies with several workers; every chunk is on the grid and holds rows', async () => {
    const world = makeWorld(3000)
    onTestFinished(() => world.remove())
    const { url } = await freshPg('tsl')
    const run = { sourceUrl: world.sourceUrl, targetUrl: url, plan: world.plan, acceptQuarantine: world.unfit }
    const { backfill } = await drive({ ...run, workers: 4, taskRows: 120 })
    // Not being able to make chunks would be a note.
    expect(backfill?.notes).toEqual([])
    expect(await findings(world, url)).toEqual([])
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    const { rows } = await client.query<{ name: string; aligned: boolean }>(
      `select format('%I.%I', chunk_schema, chunk_name) as name,
         extract(epoch from range_start)::int8 % (7 * 86400) = 0 and range_end - range_start = interval '7 days' as aligned
       from timescaledb_information.chunks where hypertable_name = 'reading'`,
    )
    const counts: number[] = []
    for (const { name } of rows) {
      counts.push((await client.query<{ n: number }>(`select count(*)::int as n from ${name}`)).rows[0]?.n ?? 0)
    }
    await client.end()
    expect(rows.length).toBeGreaterThan(4)
    expect(rows.every(({ aligned }) => aligned)).toBe(true)
    expect(counts.filter((n) => n === 0)).toEqual([])
  })
})
