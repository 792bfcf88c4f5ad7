// Aggregates are refreshed level by level in whole buckets, proven by content, and never at the cost of what is kept.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import pg from 'pg'
import { expect, test } from 'vitest'
import type { PlannedTable } from '../../packages/hyperferry/src/model.ts'
import { planRefresh, refresh } from '../../packages/hyperferry/src/steps/refresh.ts'
import type { RefreshContext, RefreshResult } from '../../packages/hyperferry/src/steps/refresh.ts'
import { prove } from '../../packages/hyperferry/src/steps/refresh/proof.ts'
import { schema } from '../../packages/hyperferry/src/steps/schema.ts'
import { readAggregates, refreshSql } from '../../packages/hyperferry/src/target/aggregates.ts'
import { claimed } from '../../packages/hyperferry/test/control/claimed.ts'
import { column, planOf, seriesTable } from '../../packages/hyperferry/test/target/plans.ts'

const never = new AbortController().signal
type World = RefreshContext & { url: string; superUrl: string }

function readings(type: string, more: Partial<PlannedTable> = {}): PlannedTable {
  return seriesTable('Read ing', {
    columns: [
      column('device', 'integer', { nullable: false }),
      column('ts', type, { nullable: false }),
      column('value', 'double precision'),
    ],
    keys: [{ name: 'reading_pkey', columns: ['device', 'ts'], primary: true }],
    ...more,
  })
}

async function world(statements: readonly string[], table = readings('timestamptz')): Promise<World> {
  const plan = planOf([table])
  const { target, database, migrationId } = await claimed('tsl', plan)
  const ctx = {
    plan,
    target,
    events: { emit() {} },
    signal: never,
    migrationId,
    url: database.url,
    superUrl: database.superUrl,
  }
  await schema(ctx)
  for (const statement of statements) await target.query(statement)
  return ctx
}

const aggregate = (name: string, bucket: string, from: string, more = ''): string =>
  `create materialized view plant.${name} with (timescaledb.continuous${more}) as
     select ${bucket} as "bu cket", device, sum(value) as total, count(*) as n from plant.${from} group by 1, 2 with no data`
const HOURLY = aggregate('"hour ly"', `public.time_bucket('1 hour', ts)`, '"Read ing"')
/** Level 2 over level 1, in months of a zone; level 3 over that. */
const MONTHLY = `create materialized view plant.monthly with (timescaledb.continuous) as
  select public.time_bucket('1 month', "bu cket", 'Europe/Vienna') as m, device, sum(total) as total, sum(n) as n
  from plant."hour ly" group by 1, 2 with no data`
const YEARLY = `create materialized view plant.yearly with (timescaledb.continuous) as
  select public.time_bucket('1 year', m, 'Europe/Vienna') as y, sum(total) as total, sum(n) as n from plant.monthly group by 1 with no data`
/** 100 days every 17 minutes, with values whose sum depends on the order of adding. */
const rows = (start: string, days = 100): string =>
  `insert into plant."Read ing" select d, ${start} + n * interval '17 minutes', 0.1 + n * 1e-7 + d
   from generate_series(0, ${days} * 1440 / 17 - 1) n, generate_series(1, 2) d`

const shape = ({ aggregates }: RefreshResult): unknown[] =>
  aggregates.map(({ name, level, windows }) => [
    name,
    level,
    windows[0]?.from,
    windows.at(-1)?.to,
    [...new Set(windows.map(({ status }) => status))],
  ])

async function one<T>({ target }: Pick<RefreshContext, 'target'>, sql: string): Promise<T | undefined> {
  return (await target.query<{ x: T }>(`select (${sql}) as x`)).rows[0]?.x
}

test('three levels with months and years of a zone, against the rows themselves', async () => {
  const ctx = await world([HOURLY, MONTHLY, YEARLY, rows(`timestamptz '2023-11-20 00:03:00+00'`)])
  const result = await refresh(ctx)
  expect(result).toMatchObject({ equal: true, exitCode: 0 })
  expect(shape(result)).toEqual([
    ['plant.hour ly', 1, '2023-11-20 00:00:00+00', '2024-02-28 00:00:00+00', ['proven']],
    ['plant.monthly', 2, '2023-10-31 23:00:00+00', '2024-02-29 23:00:00+00', ['proven']],
    ['plant.yearly', 3, '2022-12-31 23:00:00+00', '2024-12-31 23:00:00+00', ['proven']],
  ])
  // A chunk is a day: a window of hours is one.
  expect(result.aggregates[0]?.windows).toHaveLength(100)
  expect(result.aggregates[1]?.windows).toHaveLength(4)
  const raw = `select jsonb_agg(x order by x) from (select extract(year from public.time_bucket('1 year', ts, 'Europe/Vienna') at time zone 'Europe/Vienna') y,
    count(*) n, round(sum(value)::numeric, 6) v from plant."Read ing" group by 1) x`
  const kept = `select jsonb_agg(x order by x) from (select extract(year from y at time zone 'Europe/Vienna') y, n, round(total::numeric, 6) v from plant.yearly) x`
  expect(await one(ctx, kept)).toEqual(await one(ctx, raw))
})

test('what was proven is passed over until rows below it change', async () => {
  const ctx = await world([HOURLY, MONTHLY, rows(`timestamptz '2024-01-01 00:00:00+00'`, 5)])
  await refresh(ctx)
  expect(
    shape(await refresh(ctx))
      .flat(2)
      .filter((x) => x === 'known' || x === 'proven'),
  ).toEqual(['known', 'known'])
  await ctx.target.query(
    `update plant."Read ing" set value = value + 1 where ts = '2024-01-03 00:17:00+00' or ts = '2024-01-03 00:16:00+00' or device = 1 and ts between '2024-01-03' and '2024-01-03 01:00'`,
  )
  const again = await refresh(ctx)
  expect(again.aggregates[0]?.windows.map(({ status }) => status)).toEqual([
    'known',
    'known',
    'proven',
    'known',
    'known',
  ])
  expect(again.aggregates[1]?.windows.map(({ status }) => status)).toEqual(['proven'])
  expect(again.equal).toBe(true)
})

test('a skipped level, a wrong order and a changed bucket are found by content', async () => {
  const ctx = await world([HOURLY, MONTHLY, rows(`timestamptz '2024-01-01 00:00:00+00'`, 40)])
  const session = await ctx.target.session()
  const [hourly, monthly] = await readAggregates(session, ctx.target.capabilities, 'plant', ['Read ing'])
  if (!hourly || !monthly) throw new Error('two aggregates expected')
  const all = { from: '2023-12-31 23:00:00+00', to: '2024-01-31 23:00:00+00' }
  const call = (which: typeof hourly) => ctx.target.query(refreshSql(ctx.target.capabilities, which, all))
  await call(monthly)
  expect(await prove(session, hourly, all)).toMatchObject({ rows: 0, extra: 0, missing: 1486 })
  await call(hourly)
  expect(await prove(session, hourly, all)).toEqual({ rows: 1486, missing: 0, extra: 0 })
  expect(await prove(session, monthly, all)).toEqual({ rows: 0, missing: 2, extra: 0 })
  await call(monthly)
  expect(await prove(session, monthly, all)).toEqual({ rows: 2, missing: 0, extra: 0 })
  // Sums may differ by the order of adding, and by no more.
  const bend = (factor: string) =>
    session.query(
      `update ${hourly.materialized} set total = total * ${factor} where device = 1 and "bu cket" = '2024-01-05'`,
    )
  await bend('(1 + 1e-13)')
  expect(await prove(session, hourly, all)).toMatchObject({ missing: 0, extra: 0 })
  await bend('(1 + 1e-7)')
  expect(await prove(session, hourly, all)).toMatchObject({ missing: 1, extra: 1 })
  await session.query(`update ${hourly.materialized} set n = n + 1 where device = 2 and "bu cket" = '2024-01-06'`)
  expect(await prove(session, hourly, all)).toMatchObject({ missing: 2, extra: 2 })
  await session.release()
  // The server does not know of it: the second time by force mends it.
  const mended = await refresh(ctx)
  expect(mended).toMatchObject({ equal: true, exitCode: 0 })
})

test('never into the future: the bucket of this moment is left to its policy', async () => {
  const ctx = await world([HOURLY, MONTHLY, rows(`date_trunc('hour', now()) - interval '3 days'`, 10)])
  const result = await refresh(ctx)
  expect(result.equal).toBe(true)
  for (const { name, windows } of result.aggregates) {
    const future = await ctx.target.query(`select 1 where $1::timestamptz > clock_timestamp()`, [
      windows.at(-1)?.to ?? '-infinity',
    ])
    expect(future.rowCount, name).toBe(0)
  }
  const last = result.aggregates[0]?.windows.at(-1)?.to
  expect(await one(ctx, `select '${last}'::timestamptz >= now() - interval '2 hours'`)).toBe(true)
  expect(await one(ctx, `select max("bu cket") < date_trunc('hour', now()) from plant."hour ly"`)).toBe(true)
})

test('buckets whose rows were dropped stay, with the torn one beside them', async () => {
  const twelve = aggregate('"hour ly"', `public.time_bucket('36 hours', ts)`, '"Read ing"')
  const ctx = await world([twelve, rows(`timestamptz '2024-01-01 00:00:00+00'`, 20)])
  await refresh(ctx)
  const everything = `select jsonb_agg(to_jsonb(x) order by x."bu cket", x.device) from plant."hour ly" x`
  const before = await one(ctx, everything)
  await ctx.target.query(
    `select public.drop_chunks('plant."Read ing"', older_than => timestamptz '2024-01-11 00:00:00+00')`,
  )
  const result = await refresh(ctx)
  expect(await one(ctx, everything)).toEqual(before)
  expect(result).toMatchObject({ equal: true, exitCode: 0 })
  expect(result.gates).toContainEqual(expect.objectContaining({ code: 'HF-J004', ok: true }))
  const kept = result.aggregates[0]?.kept ?? []
  // Days 1 to 10 are gone; the bucket in which day 11 begins has lost a part.
  const { rows: torn } = await ctx.target.query<{ b: string }>(
    `select public.time_bucket('36 hours', timestamptz '2024-01-11')::text as b`,
  )
  expect(kept.at(-1)?.from).toBe(torn[0]?.b)
  expect(result.aggregates[0]?.windows[0]?.from).toBe(kept.at(-1)?.to)
})

test.for([
  [
    'timestamp',
    `public.time_bucket('1 day', ts, origin => timestamp '2000-01-01 06:00')`,
    `timestamp '2024-01-01'`,
    '2023-12-31 06:00:00',
  ],
  [
    'timestamp',
    `public.time_bucket('1 week', ts, "offset" => interval '1 day')`,
    `timestamp '2024-01-03'`,
    '2024-01-02 00:00:00',
  ],
  [
    'timestamptz',
    `public.time_bucket('1 week', ts, 'America/New_York', origin => timestamptz '2000-01-02 05:00:00+00')`,
    `timestamptz '2024-03-09 12:00+00'`,
    '2024-03-03 05:00:00+00',
  ],
  [
    'timestamptz',
    `public.time_bucket('1 day', ts, 'Europe/Vienna', "offset" => interval '6 hours')`,
    `timestamptz '2024-03-30 00:00+00'`,
    '2024-03-29 05:00:00+00',
  ],
  ['timestamptz', `public.time_bucket('1 month', ts)`, `timestamptz '2024-01-31 23:00+00'`, '2024-01-01 00:00:00+00'],
  [
    'timestamptz',
    `public.time_bucket('2 days', ts, timestamptz '2000-01-02')`,
    `timestamptz '2024-01-31 23:00+00'`,
    '2024-01-30 00:00:00+00',
  ],
] as const)('buckets of %s by %s', async ([type, bucket, start, first]) => {
  const ctx = await world(
    [aggregate('a', bucket, '"Read ing"', ', timescaledb.materialized_only = false'), rows(start, 9)],
    readings(type),
  )
  const result = await refresh(ctx)
  expect(result).toMatchObject({ equal: true, exitCode: 0 })
  expect(result.aggregates[0]?.windows[0]?.from).toBe(first)
  const [planned] = await planRefresh(ctx)
  const sum = `select sum(n)::int from ${planned?.aggregate.materialized}`
  expect(await one(ctx, sum)).toBe(await one(ctx, `select count(*)::int from plant."Read ing"`))
})

test('dates', async () => {
  const ctx = await world(
    [
      aggregate('a', `public.time_bucket('7 days', ts)`, '"Read ing"'),
      `insert into plant."Read ing" select 1, date '2024-01-01' + n, n from generate_series(0, 59) n`,
    ],
    readings('date'),
  )
  const result = await refresh(ctx)
  expect(shape(result)).toEqual([['plant.a', 1, '2024-01-01', '2024-03-04', ['proven']]])
  expect(await one(ctx, 'select sum(n)::int from plant.a')).toBe(60)
})

test('integer time ends at the present, by its unit or its own function', async () => {
  const ms = `(extract(epoch from now()) * 1000)::bigint`
  const ctx = await world(
    [
      `create function plant.present() returns bigint language sql stable as 'select 1700000500000::bigint'`,
      `select public.set_integer_now_func('plant."Read ing"', 'plant.present')`,
      aggregate('a', `public.time_bucket(60000::bigint, ts)`, '"Read ing"'),
      `insert into plant."Read ing" select 1, 1700000000000 + n * 10000, n from generate_series(0, 99) n`,
      `insert into plant."Read ing" select 2, ${ms} + n * 10000, n from generate_series(0, 99) n`,
    ],
    readings('bigint', { time: { column: 'ts', unit: 'ms' } }),
  )
  expect(shape(await refresh(ctx))).toEqual([['plant.a', 1, '1699999980000', '1700000460000', ['proven']]])
})

test('text, json and NaN beside the numbers; a small chunk may hold half a bucket', async () => {
  const ctx = await world([
    `create materialized view plant.a with (timescaledb.continuous) as
       select public.time_bucket('36 hours', ts) b, json_build_object('n', count(*)) j, sum(case when device = 1 then 'NaN' else value end) v,
         max(device::text) t from plant."Read ing" group by 1 having count(*) > 3 with no data`,
    rows(`timestamptz '2024-01-01 00:00:00+00'`, 9),
  ])
  expect(await refresh(ctx)).toMatchObject({ equal: true, exitCode: 0 })
})

test('killed in the middle, it goes on after the last proven window', async () => {
  const ctx = await world([HOURLY, MONTHLY, rows(`timestamptz '2024-01-01 00:00:00+00'`, 6)])
  const args = [
    join(import.meta.dirname, 'jobs-child.ts'),
    ctx.url,
    JSON.stringify(ctx.plan),
    String(ctx.migrationId),
    'refresh',
  ]
  const killed = spawnSync(process.execPath, args, {
    env: { ...process.env, HYPERFERRY_FAILPOINT: 'refresh.after-window:3' },
    encoding: 'utf8',
  })
  expect(killed.signal, killed.stderr).toBe('SIGKILL')
  const result = await refresh(ctx)
  expect(result.aggregates[0]?.windows.map(({ status }) => status)).toEqual([
    'known',
    'known',
    'known',
    'proven',
    'proven',
    'proven',
  ])
  expect(result.equal).toBe(true)
})

test('nothing to refresh, an unknown table, an aggregate of another role', async () => {
  const ctx = await world([])
  expect(await refresh(ctx)).toMatchObject({ aggregates: [], equal: null, exitCode: 0, notes: [expect.any(String)] })
  await expect(refresh(ctx, { tables: ['nowhere'] })).rejects.toMatchObject({ code: 'HF-U001' })
  await ctx.target.query(HOURLY)
  expect(await refresh(ctx)).toMatchObject({ aggregates: [{ windows: [] }], equal: null, exitCode: 0 })
  const admin = new pg.Client({ connectionString: ctx.superUrl })
  await admin.connect()
  // Chunks and aggregates in a schema that is closed to this role are not in the way.
  await admin.query(`create schema closed; create table closed.t (ts timestamptz not null)`)
  await admin.query(`select create_hypertable('closed.t', 'ts')`)
  await admin.query(`insert into closed.t values (now())`)
  await admin.query(
    `create materialized view closed.a with (timescaledb.continuous) as select time_bucket('1 day', ts) b, count(*) from closed.t group by 1 with no data`,
  )
  await ctx.target.query(`insert into plant."Read ing" values (1, '2024-01-01', 1)`)
  expect(await refresh(ctx)).toMatchObject({ aggregates: [{ windows: [{ status: 'proven' }] }], equal: true })
  await admin.query(`alter materialized view plant."hour ly" owner to postgres`)
  await admin.end()
  await expect(refresh(ctx)).rejects.toMatchObject({ code: 'HF-J001' })
})
