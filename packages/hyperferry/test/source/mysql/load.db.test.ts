// What the source is asked about its load, with the load really there.
import { setTimeout as sleep } from 'node:timers/promises'
import mysql from 'mysql2/promise'
import { expect, onTestFinished, test } from 'vitest'
import type { MysqlName } from '../../../../../test/servers/catalogue.ts'
import { freshMysql } from '../../../../../test/servers/database.ts'
import { describeWith, serverUrl, startServer } from '../../../../../test/servers/index.ts'
import type { Load, PauseLimit } from '../../../src/model.ts'
import { openMysql } from '../../../src/source/mysql/open.ts'

const describe = await describeWith('mariadb', 'mysql')

async function opened(url: string): Promise<(...wanted: PauseLimit[]) => Promise<Load>> {
  const signal = new AbortController().signal
  const source = await openMysql(url, { timezone: 'UTC', connections: 1, signal })
  onTestFinished(() => source.close())
  return (...wanted) => source.load?.(wanted) ?? Promise.reject(new Error('no load'))
}

async function connected(url: string): Promise<mysql.Connection> {
  const connection = await mysql.createConnection(url.replace(/^mariadb/, 'mysql'))
  onTestFinished(() => connection.end())
  return connection
}

describe('load of the source', () => {
  test.each<MysqlName>(['mariadb', 'mysql'])('%s: threads that run, without the one that asks', async (name) => {
    const { url, adminUrl } = await freshMysql(name)
    const look = await opened(url)
    const running = async (): Promise<number> =>
      (await look('sourceThreadsRunning')).values.get('sourceThreadsRunning') ?? -1
    // Other tests may be at work on the same server.
    const looks: number[] = []
    for (let n = 0; n < 5; n += 1) {
      looks.push(await running())
      await sleep(50)
    }
    const killer = await connected(adminUrl)
    const sleepers = await Promise.all(Array.from({ length: 6 }, () => connected(adminUrl)))
    const asleep = sleepers.map((each) => each.query('select sleep(60)').catch(() => {}))
    await expect.poll(running).toBeGreaterThanOrEqual(6)
    for (const { threadId } of sleepers) await killer.query(`kill query ${threadId}`)
    await Promise.all(asleep)
    expect(Math.min(...looks)).toBeLessThan(6)
    expect(await look()).toEqual({ values: new Map(), blind: [] })
  })

  test.each<MysqlName>(['mariadb', 'mysql'])(
    '%s: a primary has no lag; an account that may not look says so',
    async (name) => {
      const { url, adminUrl } = await freshMysql(name)
      const primary = await (await opened(adminUrl))('sourceReplicaLag')
      expect(primary).toEqual({ values: new Map([['sourceReplicaLag', 0]]), blind: [] })
      const { values, blind } = await (await opened(url))('sourceReplicaLag')
      expect(values.get('sourceReplicaLag')).toBeNull()
      expect(blind).toEqual([expect.stringMatching(/^sourceReplicaLag: GRANT REPLICATION CLIENT/)])
    },
  )

  test('a look goes on after its connection was killed', async () => {
    const { url, adminUrl } = await freshMysql('mariadb')
    const look = await opened(url)
    await look('sourceThreadsRunning')
    const admin = await connected(adminUrl)
    const [threads] = await admin.query<mysql.RowDataPacket[]>(
      'select id from information_schema.processlist where db = database() and id <> connection_id()',
    )
    for (const { id } of threads) await admin.query(`kill ${id}`)
    await sleep(100)
    expect((await look('sourceThreadsRunning')).values.get('sourceThreadsRunning')).toBeGreaterThanOrEqual(0)
  })

  test('a replica that is behind, and one whose replication does not run', { timeout: 120_000 }, async () => {
    await using server = await startServer('mariadb')
    const primaryUrl = await serverUrl('mariadb')
    const [primary, replica] = [await connected(primaryUrl), await connected(server.url)]
    const [[at]] = await primary.query<mysql.RowDataPacket[]>('show master status')
    const { port } = new URL(primaryUrl)
    await replica.query('set global server_id = 77')
    await replica.query(
      `change master to master_host = '127.0.0.1', master_port = ${port}, master_user = 'root', master_log_file = '${at?.['File']}',
         master_log_pos = ${at?.['Position']}, master_delay = 20`,
    )
    await replica.query('create database plant')
    const look = await opened(`${server.url}plant`)
    const stopped = await look('sourceReplicaLag')
    expect(stopped.values.get('sourceReplicaLag')).toBeNull()
    expect(stopped.blind).toEqual(['sourceReplicaLag: the replication of the source does not run'])
    await replica.query('start slave')
    await primary.query('create database if not exists lagging')
    onTestFinished(async () => void (await primary.query('drop database if exists lagging')))
    let lag = 0
    for (let tries = 0; lag < 2000 && tries < 300; tries += 1) {
      await sleep(100)
      lag = (await look('sourceReplicaLag')).values.get('sourceReplicaLag') ?? 0
    }
    expect(lag).toBeGreaterThanOrEqual(2000)
    await replica.query('stop slave')
  })
})
