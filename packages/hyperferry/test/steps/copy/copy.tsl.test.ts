// Hypertables: chunks made beforehand, rows compressed on their way where that is safe, sorting by segment and time.
import { expect, test } from 'vitest'
import { freshPg } from '../../../../../test/servers/database.ts'
import { describeWith } from '../../../../../test/servers/index.ts'
import { openTarget } from '../../../src/target/connect.ts'
import type { Session } from '../../../src/target/connect.ts'
import { copyHere, digest, fileOf, rowsOf } from './lab.ts'

const suite = await describeWith('tsl')

/** 60 devices, a row each every ten minutes of `days` days, in the order of time. */
function csv(days: number): string {
  const rows: string[] = []
  for (let tick = 0; tick < days * 144; tick += 1) {
    const at = new Date(Date.UTC(2024, 0, 1) + tick * 600_000).toISOString()
    for (let device = 0; device < 60; device += 1) rows.push(`${at},${device},${tick / 7}\n`)
  }
  return rows.join('')
}

async function hypertable(more: string): Promise<{ url: string; session: Session; close: () => Promise<void> }> {
  const { url } = await freshPg('tsl')
  const target = await openTarget(url, { connections: 1, signal: new AbortController().signal })
  const session = await target.session()
  await session.query(`set search_path to public; create table t (ts timestamptz not null, device int, v float8);
    select create_hypertable('t', 'ts', chunk_time_interval => interval '1 day'); ${more}`)
  return { url, session, close: () => target.close() }
}

const columnstore = `alter table t set (timescaledb.compress, timescaledb.compress_segmentby = 'device', timescaledb.compress_orderby = 'ts')`

async function chunks(session: Session): Promise<{ chunks: number; compressed: number }> {
  const { rows } = await session.query<{ chunks: number; compressed: number }>(
    `select count(*)::int4 as chunks, (count(*) filter (where is_compressed))::int4 as compressed from timescaledb_information.chunks where hypertable_name = 't'`,
  )
  return rows[0] ?? { chunks: 0, compressed: 0 }
}

suite('copy into hypertables', () => {
  const text = csv(6)
  test.each<[string, string, object, number]>([
    ['compressed on the way', columnstore, {}, 6],
    ['not when told so', columnstore, { directCompress: false }, 0],
    ['not beside a key', `${columnstore}; create unique index on t (device, ts)`, {}, 0],
    ['not without a columnstore', 'select 1', {}, 0],
    ['sorted', `${columnstore}; create unique index on t (device, ts)`, { sort: true, skipConflicts: true }, 0],
  ])('%s', async (_name, more, request, compressed) => {
    const { url, session, close } = await hypertable(more)
    const result = await copyHere({
      connection: url,
      table: 't',
      file: fileOf(text),
      batchBytes: 300_000,
      workers: 3,
      ...request,
    })
    expect(result).toMatchObject({ rows: 6 * 144 * 60, skipped: 0 })
    expect(await chunks(session)).toEqual({ chunks: 6, compressed })
    await session.query('create table public.plain (ts timestamptz, device int, v float8)')
    await copyHere({ connection: url, table: 'plain', file: fileOf(text) })
    expect(digest(await rowsOf(session, 't'))).toBe(digest(await rowsOf(session, 'plain')))
    await close()
  })

  test('chunks are made in transactions of their own: a copy into the next day locks nobody out', async () => {
    const { url, session, close } = await hypertable('select 1')
    await session.query(`create table public.locks (held bool);
      create function public.look() returns trigger language plpgsql as $$ begin
        insert into public.locks select exists (select from pg_locks where pid = pg_backend_pid()
          and mode = 'ShareUpdateExclusiveLock' and relation = 'public.t'::regclass);
        return null; end $$;
      create trigger look after insert on public.t for each statement execute function public.look()`)
    await copyHere({ connection: url, table: 't', file: fileOf(csv(3)), batchBytes: 100_000, workers: 2 })
    const { rows } = await session.query('select distinct held from public.locks')
    expect(rows).toEqual([{ held: false }])
    expect(await chunks(session)).toMatchObject({ chunks: 3 })
    await close()
  })

  test.each([
    ['compressed on the way', true, 4],
    ['as rows', false, 0],
  ])('indexes that wait are those that were there, in every chunk: %s', async (_name, directCompress, compressed) => {
    const { url, session, close } = await hypertable(`${columnstore}; create index by_device on t (device, ts desc)`)
    const indexes = async (): Promise<unknown> =>
      (await session.query(`select indexdef from pg_indexes where tablename = 't' order by 1`)).rows
    const perChunk = async (): Promise<unknown> =>
      (
        await session.query(
          `select distinct count(*)::int4 as indexes from pg_indexes i join timescaledb_information.chunks c on c.chunk_name = i.tablename group by i.tablename`,
        )
      ).rows
    const before = await indexes()
    const load = { connection: url, table: 't', file: fileOf(csv(4)), batchBytes: 300_000, directCompress }
    expect(await copyHere({ ...load, deferIndexes: true })).toMatchObject({ indexes: ['by_device', 't_ts_idx'] })
    expect(await indexes()).toEqual(before)
    expect(before).toHaveLength(2)
    expect(await perChunk()).toEqual([{ indexes: 2 }])
    expect(await chunks(session)).toEqual({ chunks: 4, compressed })
    await close()
  })
})
