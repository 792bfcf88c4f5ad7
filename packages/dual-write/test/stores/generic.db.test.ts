// The generic store behind drivers without an adapter: the same promises as the adapters make.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type mysql from 'mysql2/promise'
import { expect, it, onTestFinished } from 'vitest'
import { describeWith } from '../../../../test/servers/index.ts'
import { genericStore } from '../../src/stores/generic.ts'
import type { GenericDriver } from '../../src/stores/generic.ts'
import { MARKER_SQL } from '../../src/stores/marker.ts'
import type { SourceStore } from '../../src/stores/store.ts'
import { lateSqlite, mariadbConnector } from './generic-drivers.ts'
import { batchOf, mysqlStage, newJournal, numbered } from './mysql-stage.ts'
import { verdict } from './verdict.ts'

const describe = await describeWith('mariadb', 'mysql')

interface Place {
  driver: GenericDriver
  /** What stands there, as a list of the first column. */
  list: (sql: string) => Promise<string[]>
  run: (sql: string) => Promise<void>
}

const places: Record<string, () => Promise<Place>> = {
  'mariadb connector, MariaDB': () => mysqlPlace('mariadb'),
  'mariadb connector, MySQL': () => mysqlPlace('mysql'),
  'a late SQLite': sqlitePlace,
}

for (const [name, open] of Object.entries(places)) {
  describe(`generic store: ${name}`, () => {
    it('writes all rows and the marker, or nothing of them', async () => {
      const { driver, list } = await open()
      const store = await prepared(driver)
      const journal = newJournal()
      await store.write(batchOf(numbered(20)), { journal, seq: 1, marked: true })
      const bad = numbered(20, 100).map(([id, text], index) => [id, index === 18 ? 'n7' : text])
      expect(await verdict(store, store.write(batchOf(bad), { journal, seq: 2, marked: true }))).toMatchObject({
        outcome: 'definite',
        retry: 'permanent',
      })
      expect(await list('select id from reading')).toHaveLength(20)
      expect(await list('select seq from hyperferry_op')).toEqual(['1'])
    })

    it('tells captured values in the order of the rows, and again when it settles', async () => {
      const { driver, list } = await open()
      const store = await prepared(driver)
      const op = { journal: newJournal(), seq: 1, marked: true }
      const batch = batchOf([['b'], ['a'], ['c']], { table: 'given', columns: ['name'], key: null, capture: 'id' })
      const { values } = await store.write(batch, op)
      expect(values?.map(String)).toEqual(await list('select id from given order by id'))
      expect(await list('select name from given order by id')).toEqual(['b', 'a', 'c'])
      expect(await store.settle(batch, op)).toEqual({ answer: 'present', captured: values?.map(String) })
    })

    it('settles for good: what is called absent never comes any more', async () => {
      const { driver, list } = await open()
      const store = await prepared(driver)
      const op = { journal: newJournal(), seq: 1, marked: true }
      for (let time = 0; time < 2; time += 1)
        expect(await store.settle(batchOf([[2, 'b']]), op)).toEqual({ answer: 'absent' })
      expect(await verdict(store, store.write(batchOf([[2, 'b']]), op))).toMatchObject({ outcome: 'definite' })
      expect(await list('select id from reading')).toEqual([])
      // Without a marker only the key can tell.
      const unmarked = { journal: op.journal, seq: 2, marked: false }
      await store.write(batchOf([[3, 'c']]), unmarked)
      const asked = batchOf([
        [3, 'c'],
        [4, 'd'],
      ])
      expect(await store.settle(asked, unmarked)).toEqual({ answer: 'present', present: [0] })
      expect(await store.settle({ ...asked, key: null }, unmarked)).toEqual({ answer: 'unknown' })
    })

    for (const markers of [undefined, false] as const) {
      it(`applies each op once, ${markers === false ? 'by key' : 'by marker'}`, async () => {
        const { driver, list } = await open()
        const store = genericStore(driver, markers === false ? { markers } : {})
        await store.prepare()
        const journal = newJournal()
        const ops = Array.from({ length: 10 }, (_, index) => ({
          op: { journal, seq: index + 1 },
          batch: batchOf(numbered(2, index * 2 + 1)),
        }))
        await store.apply(ops.slice(3, 7))
        await store.apply(ops)
        expect(await list('select id from reading')).toHaveLength(20)
        const foreign = { op: { journal, seq: 50 }, batch: batchOf([[900, 'n7']]) }
        expect(await verdict(store, store.apply([foreign]))).toMatchObject({ retry: 'permanent' })
        if (markers === false) return
        await store.forgetOnly?.(journal, [1, 2])
        await store.forget(journal, 9)
        expect(await list('select seq from hyperferry_op order by seq')).toEqual(['9', '10'])
      })
    }

    it('trusts no table that cannot hold markers, and no transaction that keeps what failed', async () => {
      const { driver, run } = await open()
      await run('create table no_key (journal char(36), seq bigint, ids varchar(100))')
      expect(await genericStore(driver, { markers: 'not_there' }).prepare()).toEqual({ markers: false })
      const keeps: GenericDriver = {
        ...driver,
        transaction: (use) => driver.transaction((given) => use(given).catch(() => undefined as never)),
      }
      await expect(genericStore(keeps).prepare()).rejects.toMatchObject({ code: 'SWALLOWED' })
      await expect(genericStore(careless(driver)).prepare()).rejects.toMatchObject({ code: 'NO_ROLLBACK' })
    })

    it('an error of COMMIT leaves it open, an error before does not', async () => {
      const { driver, list } = await open()
      const lost = (): Error => Object.assign(new Error('gone'), { code: 'ECONNRESET' })
      const breaking: GenericDriver = {
        ...driver,
        async transaction(use) {
          await driver.transaction(use)
          throw lost()
        },
      }
      const store = genericStore(breaking, { markers: false })
      const op = { journal: newJournal(), seq: 1, marked: false }
      expect(await verdict(store, store.write(batchOf([[1, 'a']]), op))).toEqual({
        outcome: 'unknown',
        retry: 'transient',
        code: null,
      })
      expect(await list('select id from reading')).toEqual(['1'])
      const never: GenericDriver = { ...driver, transaction: () => Promise.reject(lost()) }
      const other = genericStore(never, { markers: false })
      expect(await verdict(other, other.write(batchOf([[2, 'b']]), op))).toMatchObject({ outcome: 'definite' })
    })
  })
}

describe('generic store: sessions of MySQL', () => {
  it('are strict and in UTC while both stores get the rows, and as before afterwards', async () => {
    const stage = await mysqlStage('mariadb', ['create table small (id int primary key, v tinyint, at timestamp null)'])
    const driver = mariadbConnector(stage.url)
    const asking: { zone: string; mode: string }[] = []
    const odd: GenericDriver = {
      ...driver,
      transaction: (use) =>
        driver.transaction(async (run) => {
          await run("set session sql_mode = 'ANSI_QUOTES', time_zone = '+05:30'", [])
          try {
            return await use(run)
          } finally {
            const [now] = await run('select @@session.sql_mode as mode, @@session.time_zone as zone', [])
            asking.push(now as { zone: string; mode: string })
          }
        }),
    }
    const store = genericStore(odd, { markers: false })
    const small = { table: 'small', columns: ['id', 'v', 'at'], utc: true }
    const op = { journal: newJournal(), seq: 1, marked: false }
    await store.write(batchOf([[1, 5, '2026-01-01 00:00:00']], small), op)
    expect(await verdict(store, store.write(batchOf([[2, 500, null]], small), op))).toMatchObject({
      outcome: 'definite',
      retry: 'permanent',
    })
    const before = { zone: '+05:30', mode: 'ANSI_QUOTES' }
    expect(asking).toEqual([before, before])
    const [rows] = await stage.admin.query<mysql.RowDataPacket[]>('select unix_timestamp(at) as at from small')
    expect(rows.map(({ at }) => Number(at))).toEqual([1_767_225_600])
  })
})

/** As a library with autocommit on, whose transaction() is none. */
function careless(driver: GenericDriver): GenericDriver {
  return {
    ...driver,
    async transaction(use) {
      const outcome = await driver.transaction(async (run) => {
        const [settled] = await Promise.allSettled([use(run)])
        return settled
      })
      return outcome.status === 'fulfilled' ? outcome.value : Promise.reject(outcome.reason as Error)
    },
  }
}

async function prepared(driver: GenericDriver): Promise<SourceStore> {
  const store = genericStore(driver)
  expect(await store.prepare()).toEqual({ markers: true })
  return store
}

async function mysqlPlace(engine: 'mariadb' | 'mysql'): Promise<Place> {
  const stage = await mysqlStage(engine)
  return {
    driver: mariadbConnector(stage.url),
    list: async (sql) => (await stage.admin.query<mysql.RowDataPacket[]>(sql))[0].map(first),
    run: async (sql) => void (await stage.admin.query(sql)),
  }
}

async function sqlitePlace(): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'hyperferry-generic-'))
  const database = new DatabaseSync(join(folder, 'app.db'))
  onTestFinished(() => {
    database.close()
    rmSync(folder, { recursive: true })
  })
  database.exec(`${MARKER_SQL.sqlite};
    create table reading (id integer primary key, name text unique);
    create table given (id integer primary key autoincrement, name text)`)
  return {
    driver: lateSqlite(database),
    list: (sql) =>
      Promise.resolve(
        database
          .prepare(sql)
          .all()
          .map((row) => String(Object.values(row)[0])),
      ),
    run: (sql) => Promise.resolve(database.exec(sql)),
  }
}

const first = (row: object): string => `${Object.values(row)[0]}`
