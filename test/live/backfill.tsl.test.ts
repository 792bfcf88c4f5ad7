// Beside live writers policies must rest: seen only where there are policies.
import pg from 'pg'
import { expect, test } from 'vitest'
import { drive } from '../faults/drive.ts'
import { describeWith } from '../servers/index.ts'
import { liveFindings } from './backfill-world.ts'
import { begun } from './begun.ts'
import { traffic } from './traffic.ts'

const describe = await describeWith('tsl')

describe('backfill beside writers, community edition', () => {
  test('a policy that runs: HF-G014; paused: everything is copied', async () => {
    const { world, run, random } = await begun({ server: 'tsl', rows: 600, seed: 21, taskRows: 40, workers: 4 })
    const client = new pg.Client({ connectionString: run.targetUrl })
    await client.connect()
    const { rows } = await client.query<{ id: number }>(
      `select add_retention_policy('plant.event', interval '10 years') as id`,
    )
    await expect(drive(run)).rejects.toMatchObject({ code: 'HF-G014', exitCode: 4, details: { jobs: [rows[0]?.id] } })
    await client.query('select alter_job($1, scheduled => false)', [rows[0]?.id])
    await client.end()
    const writing = await traffic({ source: world.source, targetUrl: run.targetUrl, writers: 3, late: 150, random })
    await drive(run)
    expect(await writing.stop()).toEqual([])
    expect(await liveFindings(world.source, run.targetUrl)).toEqual([])
  })
})
