import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { drive } from '../../../../test/faults/drive.ts'
import { findings } from '../../../../test/faults/findings.ts'
import { makeWorld } from '../../../../test/faults/world.ts'
import { freshPg } from '../../../../test/servers/database.ts'
import { describeWith } from '../../../../test/servers/index.ts'

const describe = await describeWith('tsl')

describe('existingRows: delete', () => {
  // Without a trigger the server drops whole batches.
  test('empties chunks of the columnstore too, however many rows that decompresses', async () => {
    const world = makeWorld(300)
    onTestFinished(() => world.remove())
    for (const table of world.plan.tables) table.existingRows = 'delete'
    const { url, superUrl, owner } = await freshPg('tsl')
    const run = { sourceUrl: world.sourceUrl, targetUrl: url, plan: world.plan, acceptQuarantine: world.unfit }
    await drive({ ...run, steps: ['schema', 'relational'] })
    const ask = async (as: string, sql: string): Promise<void> => {
      const client = new pg.Client({ connectionString: as })
      await client.connect()
      try {
        await client.query(sql)
      } finally {
        await client.end()
      }
    }
    await ask(
      url,
      `alter table plant.line set (timescaledb.compress);
       insert into plant.line select '2024-01-01', n::text from generate_series(1, 3000) n;
       select compress_chunk(c) from show_chunks('plant.line') c;
       create function plant.look() returns trigger language plpgsql as 'begin return old; end';
       create trigger look before delete on plant.line for each row execute function plant.look()`,
    )
    await ask(superUrl, `alter role ${owner.name} set timescaledb.max_tuples_decompressed_per_dml_transaction = 10`)
    const { backfill } = await drive({ ...run, steps: ['backfill'], attempts: 1 })
    expect(backfill?.notes).toEqual(['line: 3000 rows stood there and were deleted (existingRows: delete)'])
    expect(await findings(world, url)).toEqual([])
  })
})
