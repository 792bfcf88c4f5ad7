// What `copy` does beside reading CSV: conflicts, rejects, emptying, sorting, refusing what it cannot do.
import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { freshPg } from '../../../../../test/servers/database.ts'
import { describeWith } from '../../../../../test/servers/index.ts'
import { openTarget } from '../../../src/target/connect.ts'
import type { Session } from '../../../src/target/connect.ts'
import { copyHere, fileOf, folder, rowsOf } from './lab.ts'

const suite = await describeWith('pg17')
const never = new AbortController().signal

async function open(
  sql: string,
): Promise<{ url: string; superUrl: string; session: Session; close: () => Promise<void> }> {
  const { url, superUrl } = await freshPg('pg17')
  const target = await openTarget(url, { connections: 1, signal: never })
  const session = await target.session()
  await session.query(sql)
  return { url, superUrl, session, close: () => target.close() }
}

const numbers = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, index) => `${from + index},v\n`).join('')

suite('copy', () => {
  test('rows whose key is there are left out, also twice in one file; defaults and identities apply', async () => {
    const { url, session, close } = await open(
      `create table public.k (id int primary key, v text, at timestamptz not null default now(), no bigint generated always as identity)`,
    )
    const first = { connection: url, table: 'k', columns: 'id,v' }
    await copyHere({ ...first, file: fileOf(numbers(100, 200)) })
    const result = await copyHere({
      ...first,
      file: fileOf(numbers(0, 300) + '7,again\n'),
      batchBytes: 400,
      skipConflicts: true,
      skipErrors: true,
    })
    expect(result).toMatchObject({ rows: 200, skipped: 101, quarantined: 0 })
    const { rows } = await session.query(
      `select count(*)::int4, count(distinct no)::int4 as numbers, max(v) as v from public.k`,
    )
    expect(rows).toEqual([{ count: 300, numbers: 300, v: 'v' }])
    const clash = await copyHere({ ...first, file: fileOf('7,x\n') }).catch((error: unknown) => error)
    expect(clash).toMatchObject({ code: 'HF-F002', sqlstate: '23505', details: { line: 1 } })
    await close()
  })

  test('only the rows at fault are kept aside, in a file that can be mended, whatever is wrong with them', async () => {
    const { url, session, close } = await open(
      `create table public.t (id int primary key, v text check (v <> 'no'), w int not null);`,
    )
    const rows = Array.from({ length: 400 }, (_, id) => `${id},v,${id}`)
    const bad: Record<number, string> = { 3: '3,no,1', 50: 'x,v,1', 51: '51,v', 200: '199,v,1', 399: '399,v,' }
    for (const [at, row] of Object.entries(bad)) rows[Number(at)] = row
    const where = folder()
    const file = fileOf(`id,v,w\r\n${rows.join('\r\n')}`, 'in.csv', where)
    const copy = { connection: url, table: 't', file, header: true, skipErrors: true, batchBytes: 1500, importId: 'x' }
    const result = await copyHere(copy)
    expect(result).toMatchObject({ rows: 395, quarantined: 5, rejects: { rows: `${file}.rejected.csv` } })
    expect(await rowsOf(session, 't')).toHaveLength(395)
    const rejected = readFileSync(`${file}.rejected.csv`, 'utf8')
    expect(rejected).toBe(
      `id,v,w\r\n${Object.values(bad)
        .map((row) => `${row}\r\n`)
        .join('')}`,
    )
    const reasons = readFileSync(`${file}.rejected.reasons.csv`, 'utf8').trimEnd().split('\n')
    expect(reasons.map((line) => line.split(',').slice(0, 3).join())).toEqual([
      'line,column,sqlstate',
      '5,,23514',
      '52,id,22P02',
      '53,w,22P04',
      '202,,23505',
      '401,w,23502',
    ])
    // Again: nothing to do, the same file, and one that was begun to be mended is not written over.
    expect(await copyHere(copy)).toMatchObject({
      rows: 0,
      before: 395,
      quarantined: 5,
      rejects: { rows: `${file}.rejected.csv` },
    })
    writeFileSync(`${file}.rejected.csv`, rejected.replace('x,v', '50,v'))
    expect((await copyHere(copy)).rejects?.rows).toBe(`${file}.rejected.2.csv`)
    await close()
  })

  test('the table is emptied before the first row, once for each import, and nothing is loaded when that fails', async () => {
    const { url, session, close } = await open(
      `create table public.t (id int primary key, v text); insert into public.t values (1, 'old')`,
    )
    const copy = { connection: url, table: 't', file: fileOf(numbers(5, 10)), truncate: true, importId: 'once' }
    expect(await copyHere(copy)).toMatchObject({ rows: 5 })
    expect(await rowsOf(session, 't')).toHaveLength(5)
    expect(await copyHere(copy)).toMatchObject({ rows: 0, before: 5 })
    expect(await rowsOf(session, 't')).toHaveLength(5)
    await session.query('create table public.child (id int references public.t)')
    const failed = await copyHere({ ...copy, importId: 'other' }).catch((error: unknown) => error)
    expect(failed).toMatchObject({ code: 'HF-S012', sqlstate: '0A000' })
    expect(await rowsOf(session, 't')).toHaveLength(5)
    await close()
  })

  test('what is read is what the role and database say, and triggers find their tables', async () => {
    const { url, superUrl, session, close } = await open(
      `create table public.seen (id int);
       create function public.see() returns trigger language plpgsql as 'begin insert into seen values (new.id); return new; end';
       create table public.t (id int, at timestamptz);
       create trigger see before insert on public.t for each row execute function public.see()`,
    )
    await session.query(`do $$ begin execute format('alter database %I set timezone to %L', current_database(), 'Asia/Tokyo');
      execute format('alter database %I set datestyle to %L', current_database(), 'ISO, DMY'); end $$`)
    expect(superUrl).not.toBe(url)
    await copyHere({ connection: url, table: 't', file: fileOf('1,03/02/2024 09:00\n') })
    expect(await rowsOf(session, 't')).toEqual(['(1,"2024-02-03 00:00:00+00")'])
    expect(await rowsOf(session, 'seen')).toEqual(['(1)'])
    await close()
  })

  test('an end-of-data mark at the end of a gap is not one at the end of the file', async () => {
    const { url, session, close } = await open('create table public.t (v text)')
    const row = (length: number): string => `${'v'.repeat(length - 1)}\n`
    // Pieces of 256 bytes; the second one ends with the mark.
    const file = fileOf(`${row(256)}${row(253)}\\.\n${row(256)}`)
    const load = { connection: url, table: 't', file, batchBytes: 256, workers: 1, skipErrors: true, importId: 'x' }
    expect(await copyHere({ ...load, rejectFile: fileOf('') })).toMatchObject({ rows: 3, quarantined: 1 })
    const { rowCount } = await session.query(
      `delete from hyperferry.import_range where lower(span) = 256 and upper(span) = 512`,
    )
    expect(rowCount).toBe(1)
    await session.query('delete from public.t where length(v) = 252')
    expect(await copyHere({ ...load, rejectFile: fileOf('') })).toMatchObject({ rows: 1, before: 2, quarantined: 1 })
    await close()
  })

  test('a trigger that drops rows is noticed', async () => {
    const { url, session, close } = await open(
      `create table public.t (id int, v text);
       create function public.drop_some() returns trigger language plpgsql as 'begin return case when new.id % 2 = 0 then new end; end';
       create trigger drop_some before insert on public.t for each row execute function public.drop_some()`,
    )
    const error = await copyHere({ connection: url, table: 't', file: fileOf(numbers(0, 10)) }).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({ code: 'HF-B017', details: { sent: 10, taken: 5 } })
    expect(await rowsOf(session, 't')).toEqual([])
    await close()
  })

  test('statistics are made for a load that matters beside what is there', async () => {
    const { url, session, close } = await open('create table public.t (id int, v text)')
    const known = async (): Promise<unknown> =>
      (await session.query(`select reltuples::int4 as rows from pg_class where oid = 'public.t'::regclass`)).rows
    await copyHere({ connection: url, table: 't', file: fileOf(numbers(0, 300)) })
    expect(await known()).toEqual([{ rows: 300 }])
    await copyHere({ connection: url, table: 't', file: fileOf(numbers(300, 310)) })
    expect(await known()).toEqual([{ rows: 300 }])
    await copyHere({ connection: url, table: 't', file: fileOf(numbers(310, 400)) })
    expect(await known()).toEqual([{ rows: 400 }])
    await close()
  })

  test('a reject file that cannot be written: the rows are in the books, and the next run writes it', async () => {
    const { url, close } = await open('create table public.t (id int, v text)')
    const copy = { connection: url, table: 't', file: fileOf('1,a\nx,b\n'), skipErrors: true, importId: 'x' }
    const error = await copyHere({ ...copy, rejectFile: '/nowhere/r.csv' }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'HF-F001' })
    const rejectFile = `${folder()}/r.csv`
    expect(await copyHere({ ...copy, rejectFile })).toMatchObject({ rows: 0, before: 1, quarantined: 1 })
    expect(readFileSync(rejectFile, 'utf8')).toBe('x,b\n')
    await close()
  })

  test('sorted by the tool, when asked', async () => {
    const { url, session, close } = await open('create table public.t (id int, v text)')
    expect(await copyHere({ connection: url, table: 't', file: fileOf(numbers(0, 50)), sort: true })).toMatchObject({
      rows: 50,
    })
    expect(await rowsOf(session, 't')).toHaveLength(50)
    await close()
  })

  test.each<[string, object, string]>([
    ['no such table', { table: 'nope' }, 'HF-F006'],
    ['no such column', { columns: 'id,w' }, 'HF-F006'],
    ['a delimiter of two bytes', { delimiter: 'ab' }, 'HF-U001'],
    ['a quote that is the delimiter', { quote: ',' }, 'HF-F005'],
    ['an encoding nobody knows', { encoding: 'klingon' }, 'HF-F005'],
    ['an encoding whose characters may hold a quote', { encoding: 'SHIFT_JIS', escape: '\\' }, 'HF-F005'],
    ['the text format', { copyOptions: "NULL 'x'" }, 'HF-F005'],
    ['no such file', { file: '/nowhere/x.csv' }, 'HF-F001'],
    ['a folder', { file: '/tmp' }, 'HF-F001'],
  ])('refused before anything is made: %s', async (_name, request, code) => {
    const { url, session, close } = await open('create table public.t (id int, v text)')
    const error = await copyHere({ connection: url, table: 't', file: fileOf('1,a\n'), ...request }).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({ code })
    expect((await session.query(`select from pg_namespace where nspname = 'hyperferry'`)).rowCount).toBe(0)
    await close()
  })
})
