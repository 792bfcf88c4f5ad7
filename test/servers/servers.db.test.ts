// The test servers themselves: right product, ordinary accounts, and nothing left behind.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import mysql from 'mysql2/promise'
import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { freshMysql, freshPg } from './database.ts'
import { describeWith, serverNames, startServer, type Server } from './index.ts'

// All at once: what is asked for one after the other below is already on its way.
await Promise.allSettled(serverNames.filter((name) => name !== 'tsl').map((name) => describeWith(name)))

const query = async (url: string, text: string): Promise<unknown[]> => {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    const { rows } = await client.query<Record<string, unknown>>(text)
    return rows.flatMap((row) => Object.values(row))
  } finally {
    await client.end()
  }
}

const mysqlQuery = async (url: string, text: string): Promise<unknown> => {
  const connection = await mysql.createConnection({ uri: url })
  try {
    return (await connection.query(text))[0]
  } finally {
    await connection.end()
  }
}

describe.each([
  ['pg15', '15.'],
  ['pg16', '16.'],
  ['pg17', '17.'],
  ['pg18', '18.'],
  ['ts-2.19', '17.'],
  ['ts-sid', '18.'],
] as const)('%s', async (name, version) => {
  const suite = await describeWith(name)
  suite('answers', () => {
    test('with its version, to an owner who is no superuser and needs a password', async () => {
      const { url, superUrl, owner } = await freshPg(name)
      expect(await query(superUrl, 'show server_version')).toEqual([expect.stringMatching(`^${version}`)])
      expect(await query(url, 'select rolname, rolsuper from pg_roles where rolname = current_user')).toEqual([
        owner.name,
        false,
      ])
      const wrong = new URL(url)
      wrong.password = 'wrong'
      await expect(query(wrong.href, 'select 1')).rejects.toMatchObject({ code: '28P01' })
      await query(url, 'create table t (id int)')
    })
  })
})

describe.each([
  ['ts-2.19', '2.19.'],
  ['ts-sid', '2.'],
] as const)('%s', async (name, version) => {
  const suite = await describeWith(name)
  suite('has the extension', () => {
    test('with TimescaleDB under the Apache license', async () => {
      const { url } = await freshPg(name)
      const extension = `select extversion from pg_extension where extname = 'timescaledb'`
      expect(await query(url, extension)).toEqual([expect.stringMatching(`^${version}`)])
      expect(await query(url, 'show timescaledb.license')).toEqual(['apache'])
    })
  })
})

describe.each([
  ['mariadb', /^10\..*MariaDB/],
  ['mysql', /^9\./],
] as const)('%s', async (name, version) => {
  const suite = await describeWith(name)
  suite('answers', () => {
    test('with its version, to a reader who can only read', async () => {
      const { url, adminUrl } = await freshMysql(name)
      await mysqlQuery(adminUrl, 'create table t (id int)')
      await mysqlQuery(adminUrl, 'insert into t values (1)')
      expect(await mysqlQuery(url, 'select version() v')).toEqual([{ v: expect.stringMatching(version) }])
      expect(await mysqlQuery(url, 'select * from t')).toEqual([{ id: 1 }])
      await expect(mysqlQuery(url, 'insert into t values (2)')).rejects.toMatchObject({ errno: 1142 })
    })
  })
})

describe.each(['pg17', 'mariadb'] as const)('a %s of one test', async (name) => {
  const suite = await describeWith(name)
  const [ask, write, read] = [
    name === 'pg17' ? query : mysqlQuery,
    name === 'pg17' ? 'create table t as select 1 as id' : 'create table mysql.t as select 1 as id',
    name === 'pg17' ? 'select id from t' : 'select id from mysql.t',
  ]
  suite('can be killed', () => {
    test('and restarted with its data, and leaves nothing when stopped', async () => {
      const server: Server = await startServer(name, { durable: true })
      await ask(server.url, write)
      await server.kill9()
      await expect(ask(server.url, read)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
      await server.restart()
      expect(JSON.stringify(await ask(server.url, read))).toContain('1')
      await server.stop()
      expect(existsSync(server.home)).toBe(false)
    })

    test('goes away with a parent that was killed', async () => {
      const start = join(import.meta.dirname, 'start.ts')
      const program = `import { startServer } from ${JSON.stringify(start)}
        const server = await startServer('${name}')
        process.send({ pid: server.pid, home: server.home })
        setInterval(() => {}, 1000)`
      const parent = spawn(process.execPath, ['--input-type=module', '-e', program], {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      })
      const [{ pid, home }] = (await once(parent, 'message')) as [{ pid: number; home: string }]
      parent.kill('SIGKILL')
      await expect.poll(() => existsSync(home) || existsSync(`/proc/${pid}`), { timeout: 30_000 }).toBe(false)
    })
  })
})
