// What the fault tests build on: a durable server gives back every acknowledged row after any number of power cuts.
import { setTimeout as sleep } from 'node:timers/promises'
import mysql from 'mysql2/promise'
import pg from 'pg'
import { expect, test } from 'vitest'
import { startServer } from './index.ts'

const cuts = 20

interface Connection {
  run(text: string): Promise<Record<string, unknown>[]>
  end(): Promise<void>
}

test.each(['pg15', 'pg18', 'mariadb', 'mysql'] as const)('%s keeps what it acknowledged', async (name) => {
  const connect = name.startsWith('pg') ? connectPg : connectMysql
  await using server = await startServer(name, { durable: true })
  const first = await connect(server.url)
  if (!name.startsWith('pg')) await first.run('create database w')
  if (name.startsWith('pg')) await first.run('create schema w')
  await first.run('create table w.t (id int primary key)')
  await first.end()
  let acknowledged = 0
  for (let cut = 1; cut <= cuts; cut++) {
    const writer = await connect(server.url)
    const writing = (async () => {
      for (;;) {
        await writer.run(`insert into w.t values (${acknowledged + 1})`)
        acknowledged++
      }
    })()
    await Promise.all([expect(writing).rejects.toThrow(/./), sleep(20 + cut * 7).then(() => server.kill9())])
    await server.restart()
    const reader = await connect(server.url)
    const [row] = await reader.run('select count(*) as n, max(id) as top from w.t')
    await reader.end()
    // One row may have been committed without the answer reaching us.
    expect(Number(row?.['n'])).toBe(Number(row?.['top'] ?? 0))
    expect([acknowledged, acknowledged + 1]).toContain(Number(row?.['n']))
    acknowledged = Number(row?.['n'])
  }
  expect(acknowledged).toBeGreaterThan(cuts)
})

async function connectPg(url: string): Promise<Connection> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  return { run: async (text) => (await client.query<Record<string, unknown>>(text)).rows, end: () => client.end() }
}

async function connectMysql(url: string): Promise<Connection> {
  const connection = await mysql.createConnection({ uri: url })
  connection.on('error', () => {})
  return {
    run: async (text) => {
      const [rows] = await connection.query<mysql.RowDataPacket[]>(text)
      return rows
    },
    end: () => connection.end(),
  }
}
