// What only the community edition can show: columnstore, policies made paused, chunks made before the rows.
import { expect, onTestFinished, test } from 'vitest'
import type { Plan, PlannedTable } from '../../packages/hyperferry/src/model.ts'
import { schema } from '../../packages/hyperferry/src/steps/schema.ts'
import { readColumnstore, hasColumnstorePolicy } from '../../packages/hyperferry/src/target/catalog.ts'
import { listChunks, precreateChunks } from '../../packages/hyperferry/src/target/chunks.ts'
import { openTarget } from '../../packages/hyperferry/src/target/connect.ts'
import type { Target } from '../../packages/hyperferry/src/target/connect.ts'
import { applyPost } from '../../packages/hyperferry/src/target/post.ts'
import { column, planOf, relationalTable, seriesTable } from '../../packages/hyperferry/test/target/plans.ts'
import { freshPg } from '../servers/database.ts'

const never = new AbortController().signal
const run = (target: Target, plan: Plan) => schema({ plan, target, events: { emit() {} }, signal: never })

async function open(): Promise<{ target: Target; superUrl: string }> {
  const { url, superUrl } = await freshPg('tsl')
  const target = await openTarget(url, { connections: 3, signal: never })
  onTestFinished(() => target.close())
  return { target, superUrl }
}

const columnstore = { segmentBy: ['de"v ice'], orderBy: ['ts desc', 'value'], after: '7 days' }
const reading = (more: Partial<PlannedTable> = {}): PlannedTable =>
  seriesTable('Read ing', {
    columnstore,
    columns: [
      column('de"v ice', 'bigint', { nullable: false }),
      column('ts', 'timestamptz', { nullable: false }),
      column('value', 'double precision'),
    ],
    keys: [{ name: 'reading_pkey', columns: ['de"v ice', 'ts'], primary: true }],
    ...more,
  })

test('an ordinary owner gets hypertable, columnstore and a policy that is paused from its first moment', async ({
  task,
}) => {
  const { target } = await open()
  Object.assign(task.meta, {
    versions: { timescaledb: target.capabilities.timescale, postgresql: target.info.version },
  })
  expect(target.capabilities).toMatchObject({
    edition: 'community',
    columnstore: true,
    policies: true,
    createChunk: true,
  })
  const plan = planOf([reading()])
  const made = await run(target, plan)
  expect(made.omitted).toEqual([])
  expect(made.applied.map(({ kind }) => kind)).toEqual([
    'schema',
    'table',
    'hypertable',
    'key',
    'columnstore',
    'policy',
  ])
  const session = await target.session()
  expect(await readColumnstore(session, 'plant', 'Read ing')).toEqual({
    segmentBy: ['de"v ice'],
    orderBy: [
      { column: 'ts', descending: true },
      { column: 'value', descending: false },
    ],
  })
  const jobs = await session.query(
    `select scheduled, config ->> 'compress_after' as after from timescaledb_information.jobs where job_id >= 1000`,
  )
  expect(jobs.rows).toEqual([{ scheduled: false, after: '7 days' }])
  expect((await run(target, plan)).applied).toEqual([])
  await session.release()
})

test('a policy that somebody made is left as it is, running or not', async () => {
  const { target } = await open()
  const without = planOf([reading({ columnstore: null })])
  await run(target, without)
  const session = await target.session()
  await session.query(
    `alter table plant."Read ing" set (timescaledb.enable_columnstore, timescaledb.segmentby = '"de""v ice"', timescaledb.orderby = '"ts" desc, "value"')`,
  )
  await session.query(
    `call public.add_columnstore_policy('plant."Read ing"'::regclass, after => interval '30 days', timezone => 'Europe/Vienna', initial_start => '2026-01-01 00:00:00+00')`,
  )
  expect(await hasColumnstorePolicy(session, 'plant', 'Read ing')).toBe(true)
  expect((await run(target, planOf([reading()]))).applied).toEqual([])
  const { rows } = await session.query(
    `select j.scheduled, b.timezone from timescaledb_information.jobs j join _timescaledb_config.bgw_job b on b.id = j.job_id where j.job_id >= 1000`,
  )
  expect(rows).toEqual([{ scheduled: true, timezone: 'Europe/Vienna' }])
  await session.release()
})

test('other columnstore settings are a difference', async () => {
  const { target } = await open()
  await run(target, planOf([reading()]))
  for (const changed of [
    { ...columnstore, segmentBy: [] },
    { ...columnstore, orderBy: ['ts', 'value'] },
  ]) {
    await expect(run(target, planOf([reading({ columnstore: changed })]))).rejects.toMatchObject({ code: 'HF-S010' })
  }
  expect((await run(target, planOf([reading({ columnstore: { ...columnstore, orderBy: [] } })]))).applied).toEqual([])
})

test('integer time has a columnstore and no policy', async () => {
  const { target } = await open()
  const plan = planOf([
    reading({
      time: { column: 'ts', unit: 'ms' },
      columns: [
        column('de"v ice', 'bigint', { nullable: false }),
        column('ts', 'bigint', { nullable: false }),
        column('value', 'float8'),
      ],
    }),
  ])
  const made = await run(target, plan)
  expect(made.omitted).toMatchObject([{ what: 'columnstore policy' }])
  expect(made.applied.map(({ kind }) => kind)).toContain('columnstore')
  const chunk = { schema: 'plant', table: 'Read ing', capabilities: target.capabilities }
  const session = await target.session()
  expect(await precreateChunks(session, chunk, -1n, 86_400_001n)).toBe(3)
  expect(await listChunks(session, 'plant', 'Read ing', target.capabilities)).toMatchObject([
    { from: -86_400_000n, to: 0n },
    { from: 0n, to: 86_400_000n },
    { from: 86_400_000n, to: 172_800_000n },
  ])
  await session.release()
})

test.for([
  ['timestamptz', '1 day'],
  ['timestamp', '12 hours'],
  ['date', '7 days'],
] as const)('chunks are made ahead where rows will go: %s by %s', async ([type, chunkInterval]) => {
  const { target } = await open()
  const plan = planOf([
    reading({
      columnstore: null,
      chunkInterval,
      columns: [
        column('de"v ice', 'bigint', { nullable: false }),
        column('ts', type, { nullable: false }),
        column('value', 'float8'),
      ],
    }),
  ])
  await run(target, plan)
  const session = await target.session()
  const place = { schema: 'plant', table: 'Read ing', capabilities: target.capabilities }
  // Somebody's row has made one of them already.
  await session.query(`insert into plant."Read ing" values (1, '2024-01-05', 1)`)
  const from = 1_704_067_200_000_000n // 2024-01-01
  const to = from + 20n * 86_400_000_000n
  const made = await precreateChunks(session, place, from, to)
  const before = await listChunks(session, 'plant', 'Read ing', target.capabilities)
  expect(before).toHaveLength(made + 1)
  expect(await precreateChunks(session, place, from, to)).toBe(0)
  await session.query(
    `insert into plant."Read ing" select 2, '2024-01-01'::timestamp + n * interval '1 hour', n from generate_series(0, 479, 24) n`,
  )
  expect(await listChunks(session, 'plant', 'Read ing', target.capabilities)).toEqual(before)
  await session.release()
})

test('foreign keys to and from a hypertable, after the rows', async () => {
  const { target } = await open()
  const plan = planOf([
    relationalTable('device'),
    reading({
      foreignKeys: [
        {
          name: 'f',
          columns: ['de"v ice'],
          references: { table: 'device', columns: ['id'] },
          onDelete: 'cascade',
          onUpdate: 'no action',
        },
      ],
    }),
    relationalTable('last', {
      columns: [column('id', 'bigint', { nullable: false }), column('ts', 'timestamptz')],
      foreignKeys: [
        {
          name: 'g',
          columns: ['id', 'ts'],
          references: { table: 'Read ing', columns: ['de"v ice', 'ts'] },
          onDelete: 'no action',
          onUpdate: 'no action',
        },
      ],
    }),
  ])
  await run(target, plan)
  const session = await target.session()
  await session.query(
    `insert into plant.device values (1, 'a'); insert into plant."Read ing" values (1, '2024-01-05', 1), (1, '2024-02-05', 1)`,
  )
  const names = plan.tables.map(({ name }) => name)
  const post = await applyPost(session, plan, names, target.capabilities)
  expect(post.notValidated).toEqual([])
  expect(post.applied.filter(({ kind }) => kind === 'foreign-key')).toHaveLength(2)
  const again = await applyPost(session, plan, names, target.capabilities)
  expect(again.applied.filter(({ kind }) => kind === 'foreign-key' || kind === 'index')).toEqual([])
  // With columnstore a broken key cannot be validated later; it is named each time.
  await session.query(
    `alter table plant."Read ing" drop constraint f; insert into plant."Read ing" values (9, '2024-01-06', 1)`,
  )
  for (const made of [1, 0]) {
    const broken = await applyPost(session, plan, ['Read ing'], target.capabilities)
    expect(broken.applied.filter(({ kind }) => kind === 'foreign-key')).toHaveLength(made)
    expect(broken.notValidated).toMatchObject([{ table: 'Read ing', name: 'f' }])
  }
  await session.release()
})
