import { spawnSync } from 'node:child_process'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { onTestFinished, expect, test, describe } from 'vitest'
import { freshMysql } from '../../../../test/servers/database.ts'
import { opened } from '../control/claimed.ts'
import { openTarget } from '../../src/target/connect.ts'
import { commitUnknown, transaction } from '../../src/target/transaction.ts'

const never = new AbortController().signal
const open = (url: string) => openTarget(url, { connections: 2, signal: never })

describe('refuses what cannot be a target, each with its code', () => {
  const editing = (url: string, edit: (url: URL) => void): string => {
    const edited = new URL(url)
    edit(edited)
    return edited.href
  }

  test('password, database, port', async () => {
    const { database } = await opened('pg18')
    await expect(open(editing(database.url, (url) => (url.password = 'wrong')))).rejects.toMatchObject({
      code: 'HF-C011',
    })
    await expect(open(editing(database.url, (url) => (url.username = 'nobody')))).rejects.toMatchObject({
      code: 'HF-C011',
    })
    // Without a password the driver gives up by itself.
    await expect(open(editing(database.url, (url) => (url.password = '')))).rejects.toMatchObject({ code: 'HF-C011' })
    await expect(open(editing(database.superUrl, (url) => (url.pathname = '/nowhere')))).rejects.toMatchObject({
      code: 'HF-C012',
    })
    await expect(open('postgres://u@127.0.0.1:1/d')).rejects.toMatchObject({ code: 'HF-C010', retry: 'transient' })
    await expect(open('postgres://u@no-such-host.invalid/d')).rejects.toMatchObject({ code: 'HF-C010' })
    await expect(open(editing(database.url, (url) => (url.search = 'sslmode=require')))).rejects.toMatchObject({
      code: 'HF-C017',
    })
  })

  test('MySQL on that port', async () => {
    const { url } = await freshMysql('mariadb')
    const { host } = new URL(url)
    await expect(open(`postgres://u@${host}/d`)).rejects.toMatchObject({ code: 'HF-C006' })
  })

  test.for(['SSH-2.0-OpenSSH_9.2p1\r\n', 'HTTP/1.1 400 Bad Request\r\n\r\n', 'SNN', 'E'])(
    'a service that says %j',
    async (greeting) => {
      const port = await listen(greeting)
      await expect(open(`postgres://u@127.0.0.1:${port}/d`)).rejects.toMatchObject({ code: 'HF-C006' })
    },
  )

  test('a service that hangs up', async () => {
    const port = await listen(null)
    await expect(open(`postgres://u@127.0.0.1:${port}/d`)).rejects.toMatchObject({ code: 'HF-C010' })
  })

  test('read-only roles and other encodings', async () => {
    const { database } = await opened('pg15')
    const admin = await open(database.superUrl)
    onTestFinished(() => admin.close())
    await admin.query(`alter role ${database.owner.name} set default_transaction_read_only = on`)
    await expect(open(database.url)).rejects.toMatchObject({ code: 'HF-C016' })
    await admin.query(`alter role ${database.owner.name} reset default_transaction_read_only`)
    const latin = `${database.database}_latin`
    await admin.query(`create database ${latin} encoding latin1 locale 'C' template template0`)
    onTestFinished(async () => {
      const again = await open(database.superUrl.replace(/\/[^/]*$/, '/postgres'))
      await again.query(`drop database if exists ${latin} with (force)`)
      await again.close()
    })
    await expect(open(database.superUrl.replace(database.database, latin))).rejects.toMatchObject({ code: 'HF-C018' })
  })
})

test.for(['pg15', 'pg18', 'ts-2.19', 'ts-sid'] as const)('knows what it is connected to: %s', async (server) => {
  const { target, database } = await opened(server)
  const timescale = server.startsWith('ts')
  expect(target.info).toMatchObject({
    database: database.database,
    user: database.owner.name,
    pooler: false,
    encoding: 'UTF8',
  })
  expect(target.info.identity).toMatch(/^pg:\d+\/\d+$/)
  expect(target.capabilities).toMatchObject({
    hypertables: timescale,
    edition: timescale ? 'apache' : null,
    columnstore: false,
    policies: false,
    createChunk: false,
    isSuperuser: false,
    isDatabaseOwner: true,
    canCreateSchema: true,
  })
  expect(target.info.product).toBe(timescale ? 'TimescaleDB' : 'PostgreSQL')
})

test('settings of a role do not reach our sessions', async () => {
  const { target, database } = await opened('pg18')
  const admin = await open(database.superUrl)
  for (const setting of [
    `timezone = 'Asia/Kolkata'`,
    `datestyle = 'German'`,
    `statement_timeout = '1ms'`,
    `search_path = 'nowhere'`,
    'extra_float_digits = -10',
    'transaction_timeout = 5000',
    `default_transaction_isolation = 'serializable'`,
  ]) {
    await admin.query(`alter role ${database.owner.name} set ${setting}`)
  }
  await admin.close()
  const session = await target.session()
  const { rows } = await session.query(
    `select '2024-06-01 00:00:00.123456+00'::timestamptz as ts, 0.1::float8 + 0.2::float8 as f, 9223372036854775807::int8 as i,
       1.10::numeric as n, '2024-06-01'::date as d, true as b, current_setting('transaction_timeout') as tt,
       current_setting('statement_timeout') as st, current_setting('transaction_isolation') as iso`,
  )
  expect(rows).toEqual([
    {
      ts: '2024-06-01 00:00:00.123456+00',
      f: '0.30000000000000004',
      i: '9223372036854775807',
      n: '1.10',
      d: '2024-06-01',
      b: true,
      tt: '0',
      st: '0',
      iso: 'read committed',
    },
  ])
  await session.release()
})

test('rows that a policy hides are an error, not fewer rows', async () => {
  const { target } = await opened('pg15')
  await target.query('create table public.hidden (n int)')
  await target.query('insert into public.hidden values (1), (2)')
  await target.query('alter table public.hidden enable row level security')
  expect((await target.query('select from public.hidden')).rowCount).toBe(2)
  await target.query('alter table public.hidden force row level security')
  await expect(target.query('select from public.hidden')).rejects.toMatchObject({ code: 'HF-C013' })
})

test('sessions are limited, handed on in order, and never reused with an open transaction', async () => {
  const { target } = await opened('pg15', { connections: 1 })
  const first = await target.session()
  const second = target.session()
  const extra = await target.session({ extra: true })
  expect((await target.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  await first.query('begin')
  const { pid } = first
  await first.release()
  expect((await second).pid).not.toBe(pid)
  await (await second).release()
  await extra.release()
  const third = await target.session()
  expect(third.pid).toBe((await second).pid)
  await third.release()
})

test('aborting stops a running statement at once and everything after it', async () => {
  const controller = new AbortController()
  const { target } = await opened('pg15', { connections: 1, signal: controller.signal })
  const session = await target.session()
  const outcomes = Promise.allSettled([
    session.query('select pg_sleep(60)'),
    session.query('select 1'),
    target.session(),
  ])
  await waitForActivity(target, session.pid)
  controller.abort()
  for (const outcome of await outcomes)
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'HF-B022' } })
  await expect(target.query('select 1')).rejects.toMatchObject({ code: 'HF-B022' })
  await session.release()
})

test('a killed backend is a lost connection; at COMMIT the outcome is unknown', async () => {
  const { target } = await opened('pg15')
  const session = await target.session()
  const { pid } = session
  const sleeping = session.query('select pg_sleep(60)')
  await waitForActivity(target, pid)
  await target.query('select pg_terminate_backend($1)', [pid])
  await expect(sleeping).rejects.toMatchObject({ code: 'HF-C019', retry: 'transient' })
  await expect(session.query('select 1')).rejects.toMatchObject({ code: 'HF-C019' })
  expect(session.state).toBe('lost')
  await session.release()

  const other = await target.session()
  const lost = transaction(other, async () => {
    await target.query('select pg_terminate_backend($1)', [other.pid])
  })
  const error: unknown = await lost.catch((each: unknown) => each)
  expect(error).toMatchObject({ code: 'HF-C019' })
  expect(commitUnknown(error)).toBe(true)
  await other.release()
})

test('COMMIT of a failed transaction is not taken for a commit', async () => {
  const { target } = await opened('pg15')
  const session = await target.session()
  const work = transaction(session, async () => {
    await session.query('select 1/0').catch(() => {})
  })
  await expect(work).rejects.toMatchObject({ code: 'HF-S012' })
  expect(session.state).toBe('idle')
  await session.release()
})

test('the desk connection is replaced when it was lost', async () => {
  const { target } = await opened('pg15')
  const { rows } = await target.query<{ pid: number }>('select pg_backend_pid() as pid')
  const session = await target.session()
  await session.query('select pg_terminate_backend($1, 5000)', [rows[0]?.pid])
  await session.release()
  await expect
    .poll(() =>
      target.query('select 1 as one').then(
        (each) => each.rows,
        () => null,
      ),
    )
    .toEqual([{ one: 1 }])
})

async function listen(greeting: string | null): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    if (greeting === null) socket.end()
    else socket.once('data', () => socket.write(greeting))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

async function waitForActivity(target: Awaited<ReturnType<typeof open>>, pid: number): Promise<void> {
  for (;;) {
    const { rows } = await target.query<{ busy: boolean }>(
      `select exists (select from pg_stat_activity where pid = $1 and state = 'active') as busy`,
      [pid],
    )
    if (rows[0]?.busy === true) return
  }
}

test('a statement of a killed process is ended by the server, and its transaction with it', async () => {
  const { target, database } = await opened('pg17')
  await target.query('create table public.held (n int)')
  const connect = join(import.meta.dirname, '../../src/target/connect.ts')
  const code = `import { openTarget } from ${JSON.stringify(connect)}
    const target = await openTarget(process.argv[1], { connections: 1, signal: new AbortController().signal, applicationName: 'doomed' })
    const session = await target.session()
    await session.query('begin; lock table public.held')
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), 300)
    await session.query('select pg_sleep(600)')`
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', code, database.url])
  expect(child.signal).toBe('SIGKILL')
  // Waits for the lock: without the server's watch for ten minutes.
  const session = await target.session()
  await session.query('begin; lock table public.held; rollback')
  await expect
    .poll(async () => {
      const sql = `select from pg_stat_activity where application_name = 'doomed'`
      return (await target.query(sql)).rowCount
    })
    .toBe(0)
}, 45_000)
