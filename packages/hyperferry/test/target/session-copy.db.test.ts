import { expect, test } from 'vitest'
import { opened } from '../control/claimed.ts'
import { copySql, copiedColumns, selectForDigest } from '../../src/target/copy.ts'
import type { Session } from '../../src/target/connect.ts'
import { transaction } from '../../src/target/transaction.ts'
import { column, relationalTable } from './plans.ts'

const HEADER = Buffer.from('5047434f50590aff0d0a000000000000000000', 'hex')
const TRAILER = Buffer.from('ffff', 'hex')

/** One int4 column. */
function tuple(value: number): Buffer {
  const bytes = Buffer.alloc(10)
  bytes.writeInt16BE(1, 0)
  bytes.writeInt32BE(4, 2)
  bytes.writeInt32BE(value, 6)
  return bytes
}

const IN = 'copy t (n) from stdin (format binary)'

async function withTable(
  use: (session: Session, kill: (pid: number) => Promise<unknown>) => Promise<void>,
): Promise<void> {
  const { target } = await opened('pg18')
  const session = await target.session()
  await session.query('create temp table t (n int4 check (n <> 13))')
  await use(session, (pid) => target.query('select pg_terminate_backend($1, 5000)', [pid]))
  await session.release()
}

test('rows go in and come out, whatever the chunks', () =>
  withTable(async (session) => {
    const rows = Array.from({ length: 100_000 }, (_, i) => tuple(i + 100))
    const all = Buffer.concat([HEADER, ...rows, TRAILER])
    const chunks = function* (): Generator<Uint8Array> {
      for (let at = 0, size = 1; at < all.length; at += size, size = (size * 7) % 500_009)
        yield all.subarray(at, at + size)
    }
    expect(await session.copyIn(IN, chunks())).toBe(100_000)
    const received: Uint8Array[] = []
    await session.copyOut('copy (select n from t order by n) to stdout (format binary)', (chunk) =>
      received.push(chunk),
    )
    expect(Buffer.concat(received).equals(all)).toBe(true)
    expect((await session.query('select count(*) as n from t')).rows).toEqual([{ n: '100000' }])
  }))

test('nothing is asked of the source while the server does not take what it was given', () =>
  withTable(async (session) => {
    const { target } = await opened('pg18')
    const blocker = await target.session()
    await blocker.query('create table public.w (n int4)')
    await blocker.query('begin; lock table public.w in exclusive mode')
    const writer = await target.session()
    let asked = 0
    const chunk = Buffer.concat(Array.from({ length: 100_000 }, () => tuple(1)))
    const chunks = function* (): Generator<Uint8Array> {
      yield HEADER
      for (; asked < 50; asked += 1) yield chunk
      yield TRAILER
    }
    const copying = writer.copyIn('copy public.w (n) from stdin (format binary)', chunks())
    await expect
      .poll(async () => (await target.query('select cardinality(pg_blocking_pids($1)) as n', [writer.pid])).rows)
      .toEqual([{ n: 1 }])
    // 50 MB were offered; the server waits for its lock, and the sockets hold a few chunks.
    expect(asked).toBeLessThan(20)
    await blocker.query('rollback')
    expect(await copying).toBe(5_000_000)
    await Promise.all([blocker.release(), writer.release()])
    expect(session.state).toBe('idle')
  }))

test('a refused row carries SQLSTATE and place, and the session goes on', () =>
  withTable(async (session) => {
    const rows = Array.from({ length: 50_000 }, (_, i) => tuple(i === 777 ? 13 : 1))
    const bad = transaction(session, () => session.copyIn(IN, [HEADER, ...rows, TRAILER]))
    await expect(bad).rejects.toMatchObject({
      code: 'HF-S016',
      retry: 'data',
      sqlstate: '23514',
      details: { constraint: 't_n_check', where: expect.stringContaining('line 778') as string },
    })
    expect(session.state).toBe('idle')
    expect((await session.query('select count(*) as n from t')).rows).toEqual([{ n: '0' }])
  }))

test('an error before the first row (no such table) does not hang', () =>
  withTable(async (session) => {
    await expect(session.copyIn('copy nowhere from stdin', [HEADER])).rejects.toMatchObject({
      code: 'HF-S012',
      sqlstate: '42P01',
    })
    await expect(session.copyOut('copy nowhere to stdout', () => {})).rejects.toMatchObject({ sqlstate: '42P01' })
    expect((await session.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  }))

test('an error of the source ends the COPY and goes on unchanged', () =>
  withTable(async (session) => {
    const broken = new Error('source broke')
    for (const before of [0, 1, 1000]) {
      const chunks = async function* (): AsyncGenerator<Uint8Array> {
        if (before > 0) yield HEADER
        for (let i = 0; i < before; i += 1) yield tuple(i + 100)
        await Promise.resolve()
        throw broken
      }
      await session.query('begin')
      await expect(session.copyIn(IN, chunks())).rejects.toBe(broken)
      expect(session.state).toBe('failed')
      await session.query('rollback')
    }
    expect((await session.query('select count(*) as n from t')).rows).toEqual([{ n: '0' }])
  }))

test('an error of the receiver cancels the COPY and goes on unchanged', () =>
  withTable(async (session) => {
    const broken = new Error('receiver broke')
    const endless = 'copy (select generate_series(1, 100000000)) to stdout (format binary)'
    let chunks = 0
    const reading = session.copyOut(endless, () => {
      chunks += 1
      if (chunks === 3) throw broken
    })
    await expect(reading).rejects.toBe(broken)
    expect(chunks).toBe(3)
    expect((await session.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  }))

test('an error of the server in the middle of a COPY out is reported', () =>
  withTable(async (session) => {
    const failing = 'copy (select 1 / (50000 - n) from generate_series(1, 100000) n) to stdout (format binary)'
    await expect(session.copyOut(failing, () => {})).rejects.toMatchObject({ sqlstate: '22012' })
    expect((await session.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  }))

test('a connection lost in the middle of a COPY is HF-C019, in and out', () =>
  withTable(async (session, kill) => {
    const chunks = async function* (): AsyncGenerator<Uint8Array> {
      yield HEADER
      yield tuple(1)
      await kill(session.pid)
      for (;;) yield Buffer.concat(Array.from({ length: 1000 }, () => tuple(1)))
    }
    await expect(session.copyIn(IN, chunks())).rejects.toMatchObject({ code: 'HF-C019', retry: 'transient' })
    expect(session.state).toBe('lost')

    const { target } = await opened('pg18')
    const reader = await target.session()
    const kills: Promise<unknown>[] = []
    const endless = 'copy (select generate_series(1, 100000000)) to stdout (format binary)'
    const reading = reader.copyOut(endless, () => {
      if (kills.length === 0) kills.push(target.query('select pg_terminate_backend($1)', [reader.pid]))
    })
    await expect(reading).rejects.toMatchObject({ code: 'HF-C019' })
    await Promise.all(kills)
    await reader.release()
  }))

test('aborting ends a COPY at once', async () => {
  const controller = new AbortController()
  const { target } = await opened('pg18', { signal: controller.signal })
  const session = await target.session()
  const endless = 'copy (select generate_series(1, 100000000)) to stdout (format binary)'
  const reading = session.copyOut(endless, () => controller.abort())
  await expect(reading).rejects.toMatchObject({ code: 'HF-B022' })
  await session.release()
})

test('generated columns are neither written nor read', () => {
  const table = relationalTable('a"b', {
    columns: [column('id', 'bigint'), column('twice', 'bigint', { generated: 'id * 2' }), column('x', 'text')],
  })
  expect(copiedColumns(table)).toEqual(['id', 'x'])
  expect(copySql('s', 'a"b', copiedColumns(table))).toBe('copy "s"."a""b" ("id", "x") from stdin (format binary)')
  expect(selectForDigest('s', table, 'id < 5')).toBe(
    'copy (select "id", "x" from "s"."a""b" where id < 5) to stdout (format binary)',
  )
})
