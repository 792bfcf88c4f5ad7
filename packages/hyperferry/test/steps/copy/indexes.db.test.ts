// --defer-indexes: whatever happens, the table has its indexes again, or the books say which are missing and a command makes them.
import { expect, test } from 'vitest'
import { freshPg } from '../../../../../test/servers/database.ts'
import { describeWith } from '../../../../../test/servers/index.ts'
import { makeDeferredIndexes } from '../../../src/copy-csv.ts'
import { openTarget } from '../../../src/target/connect.ts'
import type { Session } from '../../../src/target/connect.ts'
import type { ProgressEvent } from '../../../src/work/events.ts'
import { copyHere, fileOf, rowsOf } from './lab.ts'

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
  session: Session
  close: () => Promise<void>
}

async function open(server: 'pg17' | 'ts-2.19', sql: string): Promise<World> {
  const { url } = await freshPg(server)
  const target = await openTarget(url, { connections: 1, signal: new AbortController().signal })
  const session = await target.session()
  await session.query(sql)
  return { url, session, close: () => target.close() }
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

/** Notes that were told; `during` is called at the first progress. */
function listening(during?: () => Promise<void>): {
  events: { emit(event: ProgressEvent): void }
  notes: string[]
  heard: () => Promise<unknown>
} {
  const notes: string[] = []
  let heard: Promise<unknown> = Promise.resolve()
  return {
    notes,
    heard: () => heard,
    events: {
      emit(event) {
        if (event.kind === 'note') notes.push(event.message)
        if (event.kind === 'table-start' && during) heard = during()
      },
    },
  }
}

const pg17 = await describeWith('pg17')
pg17('copy with indexes that wait', () => {
  test('those that only make reading faster are dropped and made again as they were; those that guard rows or carry marks stay', async () => {
    const { url, session, close } = await open('pg17', `${PLAIN}; ${GUARDS}`)
    const before = await indexesOf(session)
    let meanwhile: string[] = []
    const told = listening(async () => {
      meanwhile = await indexesOf(session)
    })
    const result = await copyHere({
      connection: url,
      table: 't',
      file: fileOf(rows(0, 500)),
      deferIndexes: true,
      events: told.events,
    })
    await told.heard()
    expect(result).toMatchObject({ rows: 500, indexes: ['Odd "index', 'brin_at', 'gin_tags', 'plain'] })
    expect(meanwhile).toHaveLength(4)
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
    expect(told.notes.join('\n')).toContain('its indexes stay')
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
    const bad = fileOf(`${'1\n'.repeat(2000)}x\n`)
    const stop = {
      connection: url,
      table: 't',
      file: bad,
      deferIndexes: true,
      batchBytes: 500,
      workers: 1,
      importId: 'x',
    }
    await expect(copyHere(stop)).rejects.toMatchObject({ code: 'HF-F002' })
    await session.query('create index by_n on public.t (n desc)')
    const on = { ...stop, skipErrors: true, rejectFile: fileOf('') }
    await expect(copyHere(on)).rejects.toMatchObject({ code: 'HF-S010' })
    await session.query('drop index public.by_n; create index by_n on public.t (n)')
    expect(await copyHere(on)).toMatchObject({ before: 2000, indexes: ['by_n'] })
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
