// Into the columnstore: the same rows as anywhere else, whichever way they came.
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Plan, PlannedTable } from '../../packages/hyperferry/src/model.ts'
import { drive, driveApart } from '../faults/drive.ts'
import type { Driven } from '../faults/drive.ts'
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

const storeOf = (result: Driven['backfill']) =>
  Object.fromEntries((result?.tables ?? []).map(({ name, columnstore }) => [name, columnstore]))
const digests = (result: Driven['backfill']) =>
  (result?.tables ?? []).map(({ name, rows, digest }) => [name, rows, digest])

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

  test('keyless tables directly, one with a key after its rows; past chunks are columnar, those of the future stay rows; the digests are those of rows', async () => {
    const { url } = await freshPg('tsl')
    const { backfill } = await drive({ ...runOf(url), workers: 4 })
    expect(await findings(world, url)).toEqual([])
    const store = storeOf(backfill)
    expect(store['reading']).toMatchObject({ way: 'after', reason: 'the table has a unique index', directRows: 0 })
    expect(store['event']).toMatchObject({ way: 'direct', reason: null })
    expect(store['line']).toMatchObject({ way: 'direct', reason: null, directRows: 4000 })
    expect(store['event']?.directRows).toBeGreaterThan(2000)
    const found = await chunks(url)
    expect(found.filter(({ past, status }) => past && status !== 1)).toEqual([])
    expect(found.filter(({ past, status }) => !past && status !== 0)).toEqual([])
    expect(new Set(found.filter(({ past }) => !past).map(({ table }) => table))).toEqual(new Set(['event', 'reading']))
    expect(store['reading']?.chunks).toBeGreaterThan(4)
    expect(store['reading']?.bytesAfter).toBeLessThan(store['reading']?.bytesBefore ?? 0)
    expect(backfill?.notes).toContainEqual(expect.stringMatching(/^reading: \d+ chunks compressed, .* MB → .* MB$/))
    const rows = await freshPg('tsl')
    const plain = await drive(runOf(rows.url, world.plan))
    expect(plain.backfill?.tables.map(({ columnstore }) => columnstore)).toEqual([null, null, null])
    expect(digests(backfill)).toEqual(digests(plain.backfill))
    // Once more: nothing is left to do.
    const again = await drive(runOf(url))
    expect(again.backfill?.notes).toEqual(['Everything was copied already; nothing changed.'])
  })

  test('rows that a check refuses go to quarantine, the others are where they belong', async () => {
    const { url } = await freshPg('tsl')
    const checks = [{ name: 'event_at', expression: `at >= '1990-01-01 00:00:00+00'` }]
    const plan = columnar(world.plan, ({ name }) => (name === 'event' ? { checks } : {}))
    const { backfill } = await drive({ ...runOf(url, plan), acceptQuarantine: world.unfit + 8 })
    expect(backfill?.quarantined).toBe(world.unfit + 8)
    const rows = await freshPg('tsl')
    const without = {
      ...world.plan,
      tables: world.plan.tables.map((table) => (table.name === 'event' ? { ...table, checks } : table)),
    }
    const plain = await drive({ ...runOf(rows.url, without), acceptQuarantine: world.unfit + 8 })
    expect(digests(backfill)).toEqual(digests(plain.backfill))
    const text = `select at::text, kind, payload::text from plant.event order by 1, 2, 3`
    expect(await ask(url, text)).toEqual(await ask(rows.url, text))
    expect((await chunks(url)).filter(({ past, status }) => past && status !== 1)).toEqual([])
  })

  test('a trigger sees every row: they come as rows; where a policy runs, chunks are left to it', async () => {
    const { url } = await freshPg('tsl')
    const plan = columnar(world.plan, ({ name }) =>
      name === 'line' ? { columnstore: { segmentBy: [], orderBy: ['at desc'], after: '7 days' } } : {},
    )
    await drive({ ...runOf(url, plan), steps: ['schema', 'relational'] })
    await ask(
      url,
      `create table plant.seen (kind text);
       create function plant.see() returns trigger language plpgsql as 'begin insert into plant.seen values (new.kind); return null; end';
       create trigger see after insert on plant.event for each row execute function plant.see();
       select alter_job(job_id, scheduled => true, next_start => now() + interval '1 year') from timescaledb_information.jobs where hypertable_name = 'reading'`,
    )
    const { backfill } = await drive({ ...runOf(url, plan), steps: ['backfill'] })
    const store = storeOf(backfill)
    expect(store['event']).toMatchObject({ way: 'after', reason: 'the table has a trigger', directRows: 0 })
    expect(store['reading']).toMatchObject({ way: 'after', chunks: 0 })
    expect(store['line']).toMatchObject({ way: 'direct', directRows: 4000 })
    expect(await ask(url, 'select count(*)::int as n from plant.seen')).toEqual([{ n: 4000 }])
    expect(await findings(world, url)).toEqual([])
    const left = (await chunks(url)).filter(({ past, status }) => past && status !== 1)
    expect(new Set(left.map(({ table }) => table))).toEqual(new Set(['reading']))
  })

  for (const place of ['backfill.after-open:2', 'backfill.mid-compress:4'] as const)
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
