// Memory does not grow with the rows: five times the rows, the same peak.
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import mysql from 'mysql2/promise'
import { expect, test } from 'vitest'
import { freshMysql } from '../servers/database.ts'
import { describeWith } from '../servers/index.ts'
import { move, scratch } from './move.ts'

const suite = await describeWith('mariadb', 'ts-2.19')
// Both are large enough for threads of their own (source/sqlite/reader.ts).
const [FEW, MANY] = [55_000, 175_000]
/** The larger table has 73 MB more: holding on to its rows in any form is seen, the tide of garbage is not. */
const MARGIN_MB = 50
const TEXT_BYTES = 608

suite('memory of five times the rows', () => {
  const peakOf = async (source: string, rows: number): Promise<number> => {
    const tasks = { workers: 2, taskRows: 5000 }
    const runs = await move({ source, table: 'reading', rows, backfill: tasks, everyMs: 25, steps: ['backfill'] })
    return runs.backfill?.peakMb ?? Number.NaN
  }

  test('from MariaDB', async () => {
    const peak = async (rows: number): Promise<number> => {
      const source = await freshMysql('mariadb')
      const connection = await mysql.createConnection({ uri: source.adminUrl })
      await connection.query('CREATE TABLE reading (id int PRIMARY KEY, ts datetime NOT NULL, text text, KEY ts (ts))')
      await connection.query(`
        INSERT INTO reading SELECT seq, TIMESTAMPADD(SECOND, seq, '2024-01-01'), REPEAT(MD5(seq), ${TEXT_BYTES / 32})
        FROM seq_1_to_${rows}`)
      await connection.query('ANALYZE TABLE reading')
      await connection.end()
      return peakOf(source.url, rows)
    }
    expect(await peak(MANY)).toBeLessThan((await peak(FEW)) + MARGIN_MB)
  })

  test('from SQLite', async () => {
    const folder = scratch()
    const peak = async (rows: number): Promise<number> => {
      const file = join(folder, `plant-${rows}.db`)
      const database = new DatabaseSync(file)
      database.exec(`
        PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
        CREATE TABLE reading (id INTEGER PRIMARY KEY, ts INTEGER NOT NULL, text TEXT);
        CREATE INDEX reading_ts ON reading (ts);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
        INSERT INTO reading SELECT i, 1704067200 + i, hex(randomblob(${TEXT_BYTES / 2})) FROM n`)
      database.close()
      return peakOf(`sqlite:${file}`, rows)
    }
    expect(await peak(MANY)).toBeLessThan((await peak(FEW)) + MARGIN_MB)
  })
})
