import { expect, test } from 'vitest'
import { directCompress } from '../../src/target/direct-compress.ts'
import { transaction } from '../../src/target/transaction.ts'
import { opened } from '../control/claimed.ts'

const CASES = [
  ['', null],
  ['create index on plant.series (v)', null],
  [
    `create materialized view plant.daily with (timescaledb.continuous) as select public.time_bucket('1 day', ts), sum(v) from plant.series group by 1 with no data`,
    null,
  ],
  ['create unique index on plant.series (dev, ts)', 'the table has a unique index'],
  ['create unique index on plant.series (dev, ts) where v > 0', 'the table has a unique index'],
  ['alter table plant.series add exclude using btree (dev with =, ts with =)', 'the table has an exclusion constraint'],
  ['alter table plant.series add foreign key (dev) references plant.device', 'the table has a foreign key'],
  ['create trigger t after insert on plant.series for each row execute function plant.f()', 'the table has a trigger'],
  [
    'create trigger t before insert on plant.series for each statement execute function plant.f()',
    'the table has a trigger',
  ],
  ['alter table plant.series set (timescaledb.enable_columnstore = false)', 'the table has no columnstore'],
  ['drop table plant.series', 'the table has no columnstore'],
] as const

test('said to be usable exactly where the server does it, and the settings make it do so', async () => {
  const { target } = await opened('tsl')
  const session = await target.session()
  const look = () => directCompress(session, { schema: 'plant', table: 'series', capabilities: target.capabilities })
  await session.query(`create schema plant; create table plant.device (id int primary key); insert into plant.device values (1);
    create function plant.f() returns trigger language plpgsql as 'begin return new; end'`)
  for (const [change, reason] of CASES) {
    await session.query(`create table plant.series (ts timestamptz not null, dev int, v float8)`)
    await session.query(`select public.create_hypertable('plant.series', 'ts', create_default_indexes => false)`)
    await session.query(`alter table plant.series set (timescaledb.enable_columnstore, timescaledb.segmentby = 'dev')`)
    if (change !== '') await session.query(change)
    const answer = await look()
    expect(answer, change).toMatchObject({ usable: reason === null, reason })
    if (reason === null) {
      const rows = Array.from({ length: 200 }, (_, i) => `2024-01-01 00:${String(i % 60)}:00+00\t1\t${i}\n`).join('')
      await transaction(session, async () => {
        await session.query(answer.settings)
        await session.copyIn('copy plant.series from stdin', [Buffer.from(rows)])
      })
      const { rows: chunks } = await session.query<{ rows: string; only: string }>(
        `select (select count(*)::text from plant.series) as rows,
           (select bool_and(is_compressed)::text from timescaledb_information.chunks where hypertable_name = 'series') as only`,
      )
      expect(chunks, change).toEqual([{ rows: '200', only: 'true' }])
      const setting = await session.query(`select current_setting('timescaledb.enable_direct_compress_copy') as now`)
      expect(setting.rows).toEqual([{ now: 'off' }])
    } else expect(answer.settings).toBe('')
    await session.query('drop table if exists plant.series cascade')
  }
  const old = { ...target.capabilities, directCompress: false, timescale: '2.28.0' }
  expect(await directCompress(session, { schema: 'plant', table: 'series', capabilities: old })).toMatchObject({
    usable: false,
    reason: 'TimescaleDB 2.28.0 is older than 2.28.1',
  })
  await session.release()
})
