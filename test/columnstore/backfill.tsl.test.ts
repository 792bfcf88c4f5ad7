// Into the columnstore: the same rows as anywhere else, whichever way they came.
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Plan, PlannedTable } from '../../packages/hyperferry/src/model.ts'
import { drive, driveApart } from '../faults/drive.ts'
import { findings } from '../faults/findings.ts'
import { makeWorld } from '../faults/world.ts'
import type { World } from '../faults/world.ts'
import { freshPg } from '../servers/database.ts'
import { describeWith } from '../servers/index.ts'

const describe = await describeWith('tsl')

interface ChunkStatus {
  table: string
  past: boolean
  status: number
}

async function ask<R extends object>(url: string, sql: string): Promise<R[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<R>(sql)).rows
  } finally {
    await client.end()
  }
}

const chunks = (url: string): Promise<ChunkStatus[]> =>
  ask(
    url,
    `select hypertable_name as table, range_end <= now() - interval '7 days' as past,
       _timescaledb_functions.chunk_status(format('%I.%I', chunk_schema, chunk_name)::regclass)::int4 as status
     from timescaledb_information.chunks where hypertable_schema = 'plant' order by 1, 2, 3`,
  )

/** Every series with a columnstore: `reading` has a key, `event` is cut by time, `line` is not and holds the same row many times. */
function columnar(plan: Plan, more: (table: PlannedTable) => Partial<PlannedTable> = () => ({})): Plan {
  const segments: Record<string, string[]> = { reading: ['device_id'], event: ['kind'], line: ['body'] }
  return {
    ...plan,
    tables: plan.tables.map((table) => {
      const segmentBy = segments[table.name]
      if (segmentBy === undefined) return table
      const orderBy = [`${table.time?.column ?? ''} desc`, ...(table.name === 'reading' ? ['id'] : [])]
      return { ...table, columnstore: { segmentBy, orderBy, after: '7 days' }, ...more(table) }
    }),
  }
}

describe('backfill into the columnstore', () => {
  let world: World
  beforeAll(() => {
    world = makeWorld(4000)
  })
  afterAll(() => world.remove())
  const runOf = (targetUrl: string, plan = columnar(world.plan)) => ({
    sourceUrl: world.sourceUrl,
    targetUrl,
    plan,
    acceptQuarantine: world.unfit,
    taskRows: 1000,
  })

  test('keyless tables directly, one with a key after its rows; past chunks are columnar, chunks of the future stay rows', async () => {
    const { url } = await freshPg('tsl')
    const { backfill } = await drive({ ...runOf(url), workers: 4 })
    expect(await findings(world, url)).toEqual([])
    const store = Object.fromEntries((backfill?.tables ?? []).map(({ name, columnstore }) => [name, columnstore]))
    expect(store['reading']).toMatchObject({ way: 'after', reason: 'the table has a unique index', directRows: 0 })
    expect(store['event']).toMatchObject({ way: 'direct', reason: null })
    expect(store['line']).toMatchObject({ way: 'direct', reason: null, directRows: 4000 })
    expect(store['event']?.directRows).toBeGreaterThan(2000)
    const found = await chunks(url)
    expect(found.filter(({ past, status }) => past && status !== 1)).toEqual([])
    expect(found.filter(({ past, status }) => !past && status !== 0)).toEqual([])
    expect(new Set(found.filter(({ past }) => !past).map(({ table }) => table))).toEqual(new Set(['event', 'reading']))
    for (const { chunks: done, bytesBefore, bytesAfter } of [store['reading']]
      .filter((one) => one !== null)
      .map((one) => one ?? { chunks: 0, bytesBefore: 0, bytesAfter: 0 })) {
      expect(done).toBeGreaterThan(4)
      expect(bytesAfter).toBeLessThan(bytesBefore)
    }
    // Once more: nothing is left to do.
    const again = await drive(runOf(url))
    expect(again.backfill?.notes).toEqual(['Everything was copied already; nothing changed.'])
  })

  for (const place of [
    'backfill.mid-copy:2',
    'backfill.after-open:2',
    'backfill.before-commit:9',
    'backfill.mid-compress:1',
    'backfill.mid-compress:4',
  ] as const)
    test(`kill -9 at ${place}, then again with other sizes`, async () => {
      const { url } = await freshPg('tsl')
      const killed = await driveApart(runOf(url), place).ended
      expect(killed.signal, killed.output).toBe('SIGKILL')
      const again = await drive({ ...runOf(url), workers: 3, taskRows: 777 })
      expect(again.backfill?.quarantined).toBe(world.unfit)
      expect(await findings(world, url)).toEqual([])
      expect((await chunks(url)).filter(({ past, status }) => past && status !== 1)).toEqual([])
    })
})
