// Memory does not grow with the rows: three times the rows, the same peak.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import mysql from 'mysql2/promise'
import { expect, test } from 'vitest'
import { freshMysql } from '../servers/database.ts'
import { describeWith } from '../servers/index.ts'
import { move, scratch } from './move.ts'

const suite = await describeWith('mariadb', 'ts-2.19')
// Both are large enough for threads of their own (source/sqlite/reader.ts).
const [FEW, MANY] = [55_000, 175_000]
/** The larger table has 146 MB more: holding on to its rows in any form is seen in every run. */
const MARGIN_MB = 75
const TEXT_BYTES = 1216
/** The tide of garbage is high now and then; what is held on to is there each time. */
const MEASURED_AT_MOST = 3
const AT_MOST_MS = 240_000

suite('memory of three times the rows', () => {
  const peakOf = async (source: string, rows: number): Promise<number> => {
    const tasks = { workers: 2, taskRows: 5000 }
    const runs = await move({ source, table: 'reading', rows, backfill: tasks, everyMs: 25, steps: ['backfill'] })
    return runs.backfill?.peakMb ?? Number.NaN
  }

  /** How much higher the peak of many rows is, in MB: the least of what was measured. */
  const growth = async (peak: (rows: number) => Promise<number>): Promise<number> => {
    const few = await peak(FEW)
    let least = Infinity
    for (let times = 0; times < MEASURED_AT_MOST && least >= MARGIN_MB; times += 1) {
      least = Math.min(least, (await peak(MANY)) - few)
    }
    return least
  }

  test(
    'from MariaDB',
    async () => {
      const peak = async (rows: number): Promise<number> => {
        const source = await freshMysql('mariadb')
        const connection = await mysql.createConnection({ uri: source.adminUrl })
        await connection.query(
          'CREATE TABLE reading (id int PRIMARY KEY, ts datetime NOT NULL, text text, KEY ts (ts))',
        )
        await connection.query(`
        INSERT INTO reading SELECT seq, TIMESTAMPADD(SECOND, seq, '2024-01-01'), REPEAT(MD5(seq), ${TEXT_BYTES / 32})
        FROM seq_1_to_${rows}`)
        await connection.query('ANALYZE TABLE reading')
        await connection.end()
        return peakOf(source.url, rows)
      }
      expect(await growth(peak)).toBeLessThan(MARGIN_MB)
    },
    AT_MOST_MS,
  )

  test(
    'from SQLite',
    async () => {
      const folder = scratch()
      const peak = async (rows: number): Promise<number> => {
        const file = join(folder, `plant-${rows}.db`)
        rmSync(file, { force: true })
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
      expect(await growth(peak)).toBeLessThan(MARGIN_MB)
    },
    AT_MOST_MS,
  )
})
