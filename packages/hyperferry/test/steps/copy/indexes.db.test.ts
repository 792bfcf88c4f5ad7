// --defer-indexes: whatever happens, the table has its indexes again, or the books say which are missing and a command makes them.
import pg from 'pg'
import { expect, test } from 'vitest'
import { freshPg } from '../../../../../test/servers/database.ts'
import { describeWith } from '../../../../../test/servers/index.ts'
import { makeDeferredIndexes } from '../../../src/copy-csv.ts'
import { openTarget } from '../../../src/target/connect.ts'
import type { Session } from '../../../src/target/connect.ts'
import type { ProgressEvent } from '../../../src/work/events.ts'
import { copyHere, fileOf, rowsOf } from './lab.ts'
import type { CopyHere } from './lab.ts'

const PLAIN = `create table public.t (at timestamptz not null, n int not null, "Odd ""col" text, v float8, tags int[]);
  create index plain on public.t (n, at desc nulls last) include (v) with (fillfactor = 70);
  create index "Odd ""index" on public.t (lower("Odd ""col") text_pattern_ops) where v > 1.5;
  create index gin_tags on public.t using gin (tags);
  create index brin_at on public.t using brin (at) with (pages_per_range = 16);
  comment on index public.plain is 'it''s \\ kept'`
const GUARDS = `create unique index guard on public.t (n, at); alter table public.t add primary key (at, n);
  create index with_target on public.t ((v + 1)); alter index public.with_target alter column 1 set statistics 500;
  create index clustered on public.t (v); alter table public.t cluster on clustered`

const rows = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, n) => `2024-01-01 00:00:00+00,${from + n},Text,${n / 7},{1}\n`).join('')

interface World {
  url: string
  superUrl: string
  session: Session
  close: () => Promise<void>
}

async function open(server: 'pg17' | 'ts-2.19', sql: string): Promise<World> {
  const { url, superUrl } = await freshPg(server)
  const target = await openTarget(url, { connections: 1, signal: new AbortController().signal })
  const session = await target.session()
  await session.query(sql)
  return { url, superUrl, session, close: () => target.close() }
}

/** Into a table of one number; ends at the last of 2001 rows. */
function stopping(connection: string): CopyHere {
  const file = fileOf(`${'1\n'.repeat(2000)}x\n`)
  return { connection, table: 't', file, deferIndexes: true, batchBytes: 500, workers: 1, importId: 'x' }
}

async function asSuper(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(sql)
  await client.end()
}

async function indexesOf(session: Session): Promise<string[]> {
  const { rows: found } = await session.query<{ index: string }>(
    `select concat_ws(' | ', indexdef, tablespace, obj_description(format('%I.%I', schemaname, indexname)::regclass)) as index
     from pg_indexes where tablename = 't' order by 1`,
  )
  return found.map(({ index }) => index)
}

const owed = async (session: Session): Promise<number | null> =>
  (await session.query('select from hyperferry.import_index')).rowCount

/** Notes that were told. */
function listening(): { events: { emit(event: ProgressEvent): void }; notes: string[] } {
  const notes: string[] = []
  return {
    notes,
    events: {
      emit(event) {
        if (event.kind === 'note') notes.push(event.message)
      },
    },
  }
}

/** How many indexes there were at the first COPY. */
const WATCH = `create table public.seen (indexes int);
  create function public.look() returns trigger language plpgsql as $$ begin
    insert into public.seen select count(*) from pg_indexes where tablename = 't' having not exists (select from public.seen); return null; end $$;
  create trigger look after insert on public.t for each statement execute function public.look()`

const pg17 = await describeWith('pg17')
pg17('copy with indexes that wait', () => {
  test('those that only make reading faster are dropped and made again as they were; those that guard rows or carry marks stay', async () => {
    const { url, session, close } = await open('pg17', `${PLAIN}; ${GUARDS}; ${WATCH}`)
    const before = await indexesOf(session)
    expect(before).toHaveLength(8)
    const told = listening()
    const result = await copyHere({
      connection: url,
      table: 't',
      file: fileOf(rows(0, 500)),
      deferIndexes: true,
      events: told.events,
    })
    expect(result).toMatchObject({ rows: 500, indexes: ['Odd "index', 'brin_at', 'gin_tags', 'plain'] })
    expect(await rowsOf(session, 'seen')).toEqual(['(4)'])
    expect(await indexesOf(session)).toEqual(before)
    expect(await owed(session)).toBe(0)
    expect(told.notes.join('\n')).toContain('not there until all rows are loaded: Odd "index, brin_at, gin_tags, plain')
    await close()
  })

  test('a table with rows keeps its indexes, and an emptied one does not', async () => {
    const { url, session, close } = await open('pg17', `${PLAIN}; insert into public.t values (now(), -1)`)
    const before = await indexesOf(session)
    const told = listening()
    const copy = { connection: url, table: 't', deferIndexes: true }
    expect(await copyHere({ ...copy, file: fileOf(rows(0, 5)), events: told.events })).toMatchObject({
      rows: 5,
      indexes: [],
    })
    expect(told.notes).toContain('indexes stay: the table has rows')
    expect(await copyHere({ ...copy, file: fileOf(rows(0, 5)), truncate: true })).toMatchObject({
      rows: 5,
      indexes: { length: 4 },
    })
    expect(await indexesOf(session)).toEqual(before)
    await close()
  })

  test('an import that ends without a row leaves everything as it was', async () => {
    const { url, session, close } = await open('pg17', PLAIN)
    const before = await indexesOf(session)
    for (const importId of [null, 'mine']) {
      const failed = copyHere({
        connection: url,
        table: 't',
        file: fileOf('not a time,1,,,\n'),
        deferIndexes: true,
        importId,
      })
      await expect(failed).rejects.toMatchObject({ code: 'HF-F002' })
      expect(await indexesOf(session)).toEqual(before)
      expect(await owed(session)).toBe(0)
    }
    await close()
  })

  test('an import that stopped owes its indexes: it makes them when it goes on, --make-indexes makes them at once, the next import takes them over', async () => {
    const { url, session, close } = await open('pg17', PLAIN)
    const before = await indexesOf(session)
    const bad = fileOf(`${rows(0, 400)}not a time,1,,,\n`)
    const stop = { connection: url, table: 't', file: bad, deferIndexes: true, batchBytes: 2000, workers: 1 }
    const stopped = async (importId: string): Promise<void> => {
      await session.query('truncate public.t')
      await expect(copyHere({ ...stop, importId })).rejects.toMatchObject({ code: 'HF-F002' })
      expect((await rowsOf(session, 't')).length).toBeGreaterThan(0)
      expect(await indexesOf(session)).toEqual([])
      expect(await owed(session)).toBe(4)
    }

    await stopped('first')
    // Another import that does not ask for it is told, and makes nothing.
    const told = listening()
    expect(
      await copyHere({ connection: url, table: 't', file: fileOf(rows(600, 601)), events: told.events }),
    ).toMatchObject({ indexes: [] })
    expect(told.notes.join('\n')).toContain('not there until import first ends')
    // Goes on without the flag.
    const on = { ...stop, deferIndexes: false, skipErrors: true, rejectFile: fileOf('') }
    expect(await copyHere({ ...on, importId: 'first' })).toMatchObject({ quarantined: 1, indexes: { length: 4 } })
    expect(await indexesOf(session)).toEqual(before)

    await stopped('second')
    const request = { schema: 'public', table: 't', workers: 2, retry: { attempts: 1, firstMs: 1, longestMs: 1 } }
    const preview = await makeDeferredIndexes({ connection: url, request, dryRun: true })
    expect(preview).toMatchObject({ preview: { lines: { length: 4 }, sql: { length: 4 } } })
    expect(await indexesOf(session)).toEqual([])
    expect(await makeDeferredIndexes({ connection: url, request })).toMatchObject({ indexes: { length: 4 } })
    expect(await makeDeferredIndexes({ connection: url, request })).toEqual({ indexes: [] })
    expect(await indexesOf(session)).toEqual(before)

    await stopped('third')
    const next = { ...stop, file: fileOf(rows(0, 10)), truncate: true, importId: 'fourth' }
    expect(await copyHere(next)).toMatchObject({ rows: 10, indexes: { length: 4 } })
    expect(await indexesOf(session)).toEqual(before)
    expect(await owed(session)).toBe(0)
    await close()
  })

  test('an index that a person has made meanwhile is taken as it is, another one of its name is refused', async () => {
    const { url, session, close } = await open(
      'pg17',
      'create table public.t (n int); create index by_n on public.t (n)',
    )
    const stop = stopping(url)
    await expect(copyHere(stop)).rejects.toMatchObject({ code: 'HF-F002' })
    await session.query('create index by_n on public.t (n desc)')
    const on = { ...stop, skipErrors: true, rejectFile: fileOf('') }
    await expect(copyHere(on)).rejects.toMatchObject({ code: 'HF-S010' })
    await session.query('drop index public.by_n; create index by_n on public.t (n)')
    expect(await copyHere(on)).toMatchObject({ before: 2000, indexes: ['by_n'] })
    await close()
  })
})

pg17('indexes that cannot wait, or cannot be made', () => {
  test('one that the rows do not allow: the others are made, and the error says how to go on without loading twice', async () => {
    const share = (body: string): string =>
      `create or replace function public.share(n int) returns int immutable language sql as 'select ${body}';`
    const { url, session, close } = await open(
      'pg17',
      `create table public.t (n int); ${share('100 / n')}
       create index a_bad on public.t (public.share(n)); create index by_n on public.t (n)`,
    )
    const file = fileOf('1\n0\n2\n')
    const load = { connection: url, table: 't', file, deferIndexes: true }
    const error = await copyHere(load).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ sqlstate: '22012', details: { index: 'a_bad', indexes: ['a_bad'] } })
    const { hint, details } = error as { hint: string; details: { importId: string } }
    expect(hint).toContain(`--import-id ${details.importId}`)
    expect(hint).toContain('copy --table t --make-indexes')
    expect(await rowsOf(session, 't')).toHaveLength(3)
    expect(await indexesOf(session)).toHaveLength(1)
    // Not by deleting the row: while anybody may still see it, it is indexed too.
    await session.query(share('100 / nullif(n, 0)'))
    const again = { ...load, deferIndexes: false, importId: details.importId }
    expect(await copyHere(again)).toMatchObject({ rows: 0, before: 3, indexes: ['a_bad'] })
    expect(await rowsOf(session, 't')).toHaveLength(3)
    await close()
  })

  test('a note is never written over, an index that is not valid is none, and a table with another name is not mistaken', async () => {
    const { url, superUrl, session, close } = await open(
      'pg17',
      'create table public.t (n int); create index by_n on public.t (n)',
    )
    const stop = stopping(url)
    await expect(copyHere(stop)).rejects.toMatchObject({
      code: 'HF-F002',
      hint: expect.stringContaining('Not there until then: by_n') as string,
    })
    const told = listening()
    await session.query('create table public.other (n int); create index by_n on public.other (n)')
    const other = { connection: url, table: 'other', file: fileOf('1\n'), deferIndexes: true, events: told.events }
    expect(await copyHere(other)).toMatchObject({ rows: 1, indexes: [] })
    expect(told.notes.join('\n')).toContain('by_n stays')
    expect(await owed(session)).toBe(1)
    await session.query('drop table public.other')

    await session.query('create index by_n on public.t (n)')
    await asSuper(superUrl, `update pg_index set indisvalid = false where indexrelid = 'public.by_n'::regclass`)
    const make = {
      connection: url,
      request: { schema: 'public', table: 't', workers: 1, retry: { attempts: 0, firstMs: 1, longestMs: 1 } },
    }
    await expect(makeDeferredIndexes(make)).rejects.toMatchObject({
      code: 'HF-S010',
      message: expect.stringContaining('not valid') as string,
    })
    expect(await owed(session)).toBe(1)
    await session.query('drop index public.by_n')

    await session.query('alter table public.t rename to was_t; create table public.t (n int)')
    await expect(makeDeferredIndexes(make)).rejects.toMatchObject({
      code: 'HF-S010',
      message: expect.stringContaining('was_t') as string,
    })
    expect(await owed(session)).toBe(1)
    const typo = { ...make, request: { ...make.request, table: 'tt' } }
    await expect(makeDeferredIndexes(typo)).rejects.toMatchObject({ code: 'HF-F006' })
    await close()
  })

  test('who may drop an index but not make it keeps it; who may neither loads all the same', async () => {
    const { url, superUrl, session, close } = await open('pg17', 'select 1')
    const owner = new URL(url).username
    await asSuper(
      superUrl,
      `create schema s; grant usage on schema s to ${owner}; create table s.t (n int); create index by_n on s.t (n); alter table s.t owner to ${owner};
       create table s.u (n int); create index by_u on s.u (n); grant select, insert on s.u to ${owner}`,
    )
    for (const table of ['t', 'u']) {
      const told = listening()
      const load = { connection: url, schema: 's', table, file: fileOf('1\n'), deferIndexes: true, events: told.events }
      expect(await copyHere(load)).toMatchObject({ rows: 1, indexes: [] })
      expect(told.notes.join('\n')).toMatch(/stays?: .*(permission denied|must be owner)/)
    }
    const { rowCount } = await session.query(`select from pg_indexes where schemaname = 's'`)
    expect(rowCount).toBe(2)
    await close()
  })
})

const ts = await describeWith('ts-2.19')
ts('copy with indexes that wait, into a hypertable', () => {
  test('several at the same time, chunks too', async () => {
    const { url, session, close } = await open(
      'ts-2.19',
      `create table public.t (at timestamptz not null, n int, w text, v float8, tags int[]);
       select public.create_hypertable('public.t', 'at', chunk_time_interval => interval '1 day');
       create index by_n on public.t (n, at desc)`,
    )
    const chunksOf = async (): Promise<unknown> =>
      (
        await session.query(
          `select count(*)::int4 as indexes, count(distinct tablename)::int4 as chunks from pg_indexes where schemaname = '_timescaledb_internal' and tablename like '\\_hyper%'`,
        )
      ).rows
    const before = await indexesOf(session)
    expect(before).toHaveLength(2)
    const days = Array.from(
      { length: 3000 },
      (_, n) => `2024-01-${String(1 + (n % 5)).padStart(2, '0')} 10:00:00+00,${n},w,1,\n`,
    )
    const result = await copyHere({
      connection: url,
      table: 't',
      file: fileOf(days.join('')),
      deferIndexes: true,
      batchBytes: 9000,
    })
    expect(result).toMatchObject({ rows: 3000, indexes: ['by_n', 't_at_idx'] })
    expect(await indexesOf(session)).toEqual(before)
    expect(await chunksOf()).toEqual([{ indexes: 10, chunks: 5 }])
    await close()
  })
})
