// The databases and files that are read from, filled with the series; gone when they are disposed of.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { startServer } from '../test/servers/start.ts'
import { writeCsv } from './series/csv.ts'
import { fillMysql } from './series/mysql.ts'
import type { Series } from './series/series.ts'
import { fillSqlite } from './series/sqlite.ts'

export interface BenchSource extends AsyncDisposable {
  /** URL of the database or path of the file. */
  place: string
  servers: readonly number[]
}

/** A file is made in `folder`. */
export async function makeSource(
  kind: 'csv' | 'mariadb' | 'sqlite',
  series: Series,
  folder: string,
): Promise<BenchSource> {
  if (kind === 'mariadb') return mariadbSource(series)
  const file = join(folder, kind === 'csv' ? 'metric.csv' : `metric-${series.rows}.db`)
  rmSync(file, { force: true })
  if (kind === 'csv') writeCsv(file, series)
  else fillSqlite(file, series)
  return { place: file, servers: [], [Symbol.asyncDispose]: async () => rmSync(file) }
}

/** `durable`: a commit waits for the disk, as it does where an application writes. */
export async function mariadbSource(series: Series, options: { durable?: boolean } = {}): Promise<BenchSource> {
  const server = await startServer('mariadb', options)
  const admin = new URL(server.url)
  admin.pathname = '/'
  const connection = await createConnection({ uri: admin.href })
  await connection.query('set global innodb_buffer_pool_size = 2147483648')
  await connection.query('create database bench')
  await connection.query(`create user 'bench'@'%' identified by 'bench'`)
  await connection.query(`grant all on bench.* to 'bench'@'%'`)
  await connection.end()
  const url = Object.assign(new URL(admin), { username: 'bench', password: 'bench', pathname: '/bench' })
  await fillMysql(url.href, series)
  return { place: url.href, servers: [server.pid], [Symbol.asyncDispose]: () => server.stop() }
}
