// load-test as a person types it, on real servers: equal, different, too slow, failing, writing; each source.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import mysql from 'mysql2/promise'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { hyperferry } from '../../../../test/helpers/hyperferry.ts'
import { freshMysql, freshPg } from '../../../../test/servers/database.ts'
import { describeWith } from '../../../../test/servers/index.ts'
import { loadTest, makePlanFile, schema } from '../../src/index.ts'
import type { LoadTestResult } from '../../src/index.ts'

const suite = await describeWith('pg17', 'mariadb')

const MAKE = 'create table item (id integer primary key, n integer, v double precision, name varchar(40))'
const FILL = "insert into item values (1, 10, 0.1, 'a'), (2, 20, 0.2, 'b'), (3, null, 0.3, null)"

interface World {
  folder: string
  env: Record<string, string>
  target: pg.Client
  count: () => Promise<number>
  run: (queries: string, seconds?: number) => Promise<LoadTestResult & { exitCode: number }>
}

async function world(engine: 'sqlite' | 'mariadb'): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'hyperferry-load-'))
  const { url, count } = engine === 'sqlite' ? sqlite(folder) : await mariadb()
  const database = await freshPg('pg17')
  const env = { SOURCE: url, TARGET: database.url }
  const planFile = join(folder, 'hyperferry.yaml')
  await makePlanFile({ source: '${SOURCE}', target: '${TARGET}', out: planFile, env })
  writeFileSync(planFile, readFileSync(planFile, 'utf8').replace(/^migration: .*/m, 'migration: test'))
  await schema({ planFile, env })
  const target = new pg.Client(database.url)
  await target.connect()
  const [, place = 'public'] = /^ {2}schema: (\w+)/m.exec(readFileSync(planFile, 'utf8')) ?? []
  await target.query(`set search_path = ${place}`)
  await target.query(FILL)
  onTestFinished(async () => {
    await target.end()
    rmSync(folder, { recursive: true })
  })
  const run: World['run'] = (queries, seconds = 1) => {
    const file = join(folder, 'q.yaml')
    writeFileSync(file, queries)
    return loadTest({ planFile, env, queries: file, seconds, concurrency: 4, sourceRuns: 2 })
  }
  return { folder, env, target, count, run }
}

function sqlite(folder: string): { url: string; count: () => Promise<number> } {
  const source = new DatabaseSync(join(folder, 's.db'))
  source.exec(`${MAKE}; ${FILL}`)
  onTestFinished(() => source.close())
  const count = (): Promise<number> =>
    Promise.resolve(Number(source.prepare('select count(*) n from item').get()?.['n']))
  return { url: `sqlite:${join(folder, 's.db')}`, count }
}

async function mariadb(): Promise<{ url: string; count: () => Promise<number> }> {
  const { adminUrl } = await freshMysql('mariadb')
  const source = await mysql.createConnection(adminUrl)
  await source.query(MAKE)
  await source.query(FILL)
  onTestFinished(() => source.end())
  const count = async (): Promise<number> => {
    const [rows] = await source.query('select count(*) n from item')
    return (rows as { n: number }[])[0]?.n ?? -1
  }
  // The account may do everything: that nothing is written is not left to its rights.
  return { url: adminUrl, count }
}

const SLOW = 'limit: { p99: 20 s }'

suite.each(['sqlite', 'mariadb'] as const)('load-test with %s', (engine) => {
  test('equal, with parameters in turns, by every way of comparing', async () => {
    const { run, target } = await world(engine)
    const result = await run(`queries:
  - { name: all, source: 'select * from item', target: 'select * from item order by id desc', ${SLOW}, weight: 3 }
  - { name: sum, source: 'select sum(v), sum(n), avg(v) from item', target: 'select sum(v), sum(n), avg(v) from item', ${SLOW} }
  - { name: one, source: 'select n, name from item where id = ? limit ?', target: 'select n, name from item where id = $1 limit $2', params: [[1, 5], [2, 5], [3, 5]], compare: rows, ${SLOW} }
  - { name: alone, target: 'select pg_sleep(0.001)' }
`)
    expect(result.queries.map(({ name, equal, error }) => ({ name, equal, error }))).toEqual([
      { name: 'all', equal: true, error: null },
      { name: 'sum', equal: true, error: null },
      { name: 'one', equal: true, error: null },
      { name: 'alone', equal: null, error: null },
    ])
    expect(result).toMatchObject({ ok: true, exitCode: 0 })
    const [all, sum, , alone] = result.queries
    // Three to one, but for the turns of the round that was not ended.
    expect(Math.abs((all?.runs ?? 0) - 3 * (sum?.runs ?? 0))).toBeLessThanOrEqual(2)
    expect(alone?.source).toBeNull()
    expect(alone?.target?.p50).toBeGreaterThan(1)
    const { rows } = await target.query(
      `select status, output->'ok' as ok from hyperferry.step where step = 'load-test'`,
    )
    expect(rows).toEqual([{ status: 'done', ok: true }])
  })

  test('different: a value, an order, a number of rows, only one list of parameters', async () => {
    const { run, target } = await world(engine)
    await target.query('update item set v = 0.2000001 where id = 2')
    const result = await run(`queries:
  - { name: value, source: 'select * from item', target: 'select * from item', ${SLOW} }
  - { name: order, source: 'select id from item order by id', target: 'select id from item order by id desc', compare: rows, ${SLOW} }
  - { name: number, source: 'select id from item', target: 'select id from item where id < 3', compare: count, ${SLOW} }
  - { name: second, source: 'select v from item where id = ?', target: 'select v from item where id = $1', params: [[1], [2]], ${SLOW} }
  - { name: uncompared, source: 'select 1', target: 'select 2', compare: none, ${SLOW} }
`)
    expect(result.queries.map(({ difference, ok }) => [difference, ok])).toEqual([
      ['1 of 3 rows are different, 3 looks', false],
      ['row 1 of 3 is different, 3 looks', false],
      ['3 rows in the source, 2 in the target, 3 looks', false],
      ['1 of 1 rows are different (parameters 2), 3 looks', false],
      [null, true],
    ])
    expect(result).toMatchObject({ ok: false, exitCode: 3 })
  })

  test('too slow: by time, and by what the source needs', async () => {
    const { run } = await world(engine)
    const result = await run(
      `queries:
  - { name: time, target: 'select pg_sleep(0.06)', limit: { p99: 50 ms } }
  - { name: times, source: 'select 1', target: 'select 1 from pg_sleep(0.3)' }
  - { name: fine, target: 'select 1', limit: { p99: 5 s } }
`,
      0,
    )
    expect(result.queries.map(({ equal, ok, errors }) => [equal, ok, errors])).toEqual([
      [null, false, 0],
      [true, false, 0],
      [null, true, 0],
    ])
    const [, times] = result.queries
    expect(times?.limitMs).toBeCloseTo((times?.source?.p99 ?? 0) * 1.5, 2)
    expect(times?.runs).toBeGreaterThan(0)
    expect(result.exitCode).toBe(3)
  })

  test('what fails or writes is an error of that query, and nothing is changed', async () => {
    const { run, target, count } = await world(engine)
    const result = await run(
      `queries:
  - { name: typo, source: 'select 1', target: 'selekt 1' }
  - { name: typo_source, source: 'selekt 1', target: 'select 1' }
  - { name: write, target: 'delete from item' }
  - { name: two, target: 'commit; delete from item' }
  - { name: open, target: 'set default_transaction_read_only = off' }
  - { name: write_again, target: 'with d as (delete from item returning 1) select * from d' }
  - { name: write_source, source: 'delete from item', target: 'select 1' }
  - { name: fine, source: 'select count(*) from item', target: 'select count(*) from item', ${SLOW} }
`,
    )
    const failed = result.queries.filter(({ errors }) => errors > 0).map(({ name }) => name)
    expect(failed).toEqual(['typo', 'typo_source', 'write', 'two', 'write_again', 'write_source'])
    expect(result.queries.at(-1)).toMatchObject({ ok: true, equal: true })
    expect(result.exitCode).toBe(3)
    expect(await count()).toBe(3)
    expect((await target.query('select * from item')).rowCount).toBe(3)
  })

  test('more rows than can be compared are refused', async () => {
    const { run } = await world(engine)
    const many =
      'with recursive c(n) as (select 1 union all select n + 1 from c where n <= 400) select a.n from c a, c b'
    const result = await run(
      `queries:\n  - { name: many, source: '${many}', target: 'select 1', ${SLOW} }\n  - { name: after, source: 'select 1', target: 'select 1', ${SLOW} }\n`,
      0,
    )
    expect(result.queries.map(({ equal, error, ok }) => [equal, error, ok])).toEqual([
      [null, 'query: more than 100000 rows', false],
      [true, null, true],
    ])
  })
})

suite('load-test on the command line', () => {
  test('prints a line per query, and says the same again', async () => {
    const { folder, env } = await world('sqlite')
    writeFileSync(
      join(folder, 'q.yaml'),
      `queries:\n  - { name: all, source: 'select * from item', target: 'select * from item', ${SLOW} }\n`,
    )
    for (let time = 0; time < 2; time += 1) {
      const ran = await hyperferry(['load-test', '--queries', 'q.yaml', '--seconds', '0'], { cwd: folder, env })
      expect(ran.stdout).toMatch(
        /^ {2}✔ all {2}source +[\d.]+ \/ [\d.]+ {2}target +[\d.]+ \/ [\d.]+ ms {2}equal {2}limit 20000\.0 ms {2}ok\nPassed/,
      )
      expect(ran.exitCode).toBe(0)
    }
    writeFileSync(join(folder, 'q.yaml'), 'queries:\n  - { name: all }\n')
    const bad = await hyperferry(['load-test', '--queries', 'q.yaml'], { cwd: folder, env })
    expect(bad.exitCode).toBe(2)
    expect(bad.stderr).toContain('HF-U016')
    expect(bad.stderr).toContain('q.yaml:2: queries.0.target is missing')
  })
})
