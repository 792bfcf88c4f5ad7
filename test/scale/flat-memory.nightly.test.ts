// Two million rows through each source in flat memory, and rows so wide that they have to wait on disk.
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import mysql from 'mysql2/promise'
import { describe, expect, test } from 'vitest'
import { fillMysql } from '../../bench/series/mysql.ts'
import { wide } from '../../bench/series/series.ts'
import { fillSqlite } from '../../bench/series/sqlite.ts'
import { freshMysql } from '../servers/database.ts'
import { describeWith } from '../servers/index.ts'
import { move, scratch } from './move.ts'
import { thirds } from './watched.ts'
import type { Watched } from './watched.ts'

const ROWS = 2_000_000
const MOST_MB = 400
/** Beside the 128 MB that wait, some rows are on the wire, in the encoder, on their way to the disk and to the target, and copies of them garbage. */
const MOST_WIDE_MB = 640
/** The garbage of JavaScript comes and goes; what grows with the rows would double from third to third. */
const GROWTH = 1.15

const suite = await describeWith('mariadb', 'mysql', 'ts-2.19')

suite('memory', () => {
  describe(`of ${ROWS} rows`, () => {
    test.each(['mariadb', 'mysql'] as const)('from %s', async (server) => {
      const source = await freshMysql(server)
      await fillMysql(source.adminUrl, { ...wide, rows: ROWS, keyed: true })
      expectFlat(await move({ source: source.url, table: 'metric', rows: ROWS, steps: ['backfill', 'verify'] }))
    })

    test('from SQLite', async () => {
      const file = join(scratch(), 'plant.db')
      fillSqlite(file, { ...wide, rows: ROWS, keyed: true })
      expectFlat(await move({ source: `sqlite:${file}`, table: 'metric', rows: ROWS, steps: ['backfill', 'verify'] }))
    })
  })

  // 50 rows of 20 MB are eight times the budget of the rows that wait in memory.
  describe('of rows of 20 MB', () => {
    test('from MySQL', async () => {
      const source = await freshMysql('mysql')
      const connection = await mysql.createConnection({ uri: source.adminUrl })
      await connection.query(
        'CREATE TABLE frame (id int PRIMARY KEY, ts datetime NOT NULL, picture longblob, KEY ts (ts))',
      )
      for (let id = 0; id < 50; id += 1) {
        await connection.query(
          `INSERT INTO frame VALUES (${id}, TIMESTAMPADD(HOUR, ${id}, '2024-01-01'), REPEAT(RANDOM_BYTES(1024), 20480))`,
        )
      }
      await connection.query('ANALYZE TABLE frame')
      await connection.end()
      expectBounded(
        await move({ source: source.url, table: 'frame', rows: 50, steps: ['relational', 'backfill', 'verify'] }),
      )
    })

    test('from SQLite', async () => {
      const file = join(scratch(), 'frames.db')
      const database = new DatabaseSync(file)
      database.exec(`
        CREATE TABLE frame (id INTEGER PRIMARY KEY, ts TEXT NOT NULL, picture BLOB);
        CREATE INDEX frame_ts ON frame (ts);
        WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 49)
        INSERT INTO frame SELECT i, datetime('2024-01-01', i || ' hours'), randomblob(20 * 1024 * 1024) FROM n;`)
      database.close()
      expectBounded(
        await move({ source: `sqlite:${file}`, table: 'frame', rows: 50, steps: ['relational', 'backfill', 'verify'] }),
      )
    })
  })
})

function expectFlat(runs: Record<string, Watched>): void {
  for (const [step, run] of Object.entries(runs)) {
    const [, middle, last] = thirds(run)
    process.stderr.write(`${step}: ${thirds(run).map(Math.round).join(', ')} MB, peak ${Math.round(run.peakMb)} MB\n`)
    expect(run.samples.length, step).toBeGreaterThan(20)
    expect(last, step).toBeLessThanOrEqual(middle * GROWTH)
    expect(run.peakMb, step).toBeLessThan(MOST_MB)
  }
}

function expectBounded(runs: Record<string, Watched>): void {
  for (const [step, run] of Object.entries(runs)) {
    process.stderr.write(`${step}: peak ${Math.round(run.peakMb)} MB\n`)
    expect(run.peakMb, step).toBeLessThan(MOST_WIDE_MB)
  }
}
