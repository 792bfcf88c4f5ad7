// One MySQL or MariaDB database with tables to write to, and pools to it that are closed with the test.
import { randomUUID } from 'node:crypto'
import mysql from 'mysql2/promise'
import { onTestFinished } from 'vitest'
import { freshMysql } from '../../../../test/servers/database.ts'
import { MARKER_SQL } from '../../src/stores/marker.ts'
import type { StoreBatch } from '../../src/stores/store.ts'

export type Engine = 'mariadb' | 'mysql'

export interface MysqlStage {
  url: string
  /** For looking, with the settings that servers have. */
  admin: mysql.Pool
  pool(options?: mysql.PoolOptions): mysql.Pool
  /** Ids in table `reading`, in their order. */
  ids(): Promise<number[]>
  /** Numbers in the marker table. */
  marks(): Promise<number[]>
}

const tables = [
  'create table reading (id bigint primary key, name varchar(20) unique, note text)',
  'create table given (id bigint unsigned auto_increment primary key, name varchar(20) not null)',
  'create table moment (at timestamp(6) not null, name varchar(20), primary key (at))',
]

export async function mysqlStage(engine: Engine, more: string[] = []): Promise<MysqlStage> {
  const { adminUrl } = await freshMysql(engine)
  const url = adminUrl.replace('mariadb://', 'mysql://')
  const pool = (options: mysql.PoolOptions = {}): mysql.Pool => {
    const made = mysql.createPool({ uri: url, connectionLimit: 4, ...options })
    onTestFinished(() => made.end())
    return made
  }
  const admin = pool()
  for (const sql of [MARKER_SQL.mysql, ...tables, ...more]) await admin.query(sql)
  const column = async (sql: string): Promise<number[]> =>
    (await admin.query<mysql.RowDataPacket[][]>({ sql, rowsAsArray: true }))[0].map(([value]) => Number(value))
  return {
    url,
    admin,
    pool,
    ids: () => column('select id from reading order by id'),
    marks: () => column('select seq from hyperferry_op order by seq'),
  }
}

export function batchOf(rows: StoreBatch['rows'], more: Partial<StoreBatch> = {}): StoreBatch {
  return { table: 'reading', columns: ['id', 'name'], rows, key: ['id'], capture: null, utc: false, ...more }
}

export const numbered = (count: number, from = 1): [number, string][] =>
  Array.from({ length: count }, (_, index) => [from + index, `n${from + index}`])

export const newJournal = (): string => randomUUID()
