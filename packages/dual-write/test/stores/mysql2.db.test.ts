// The adapter for mysql2 on real servers: all or nothing, order of captured values, sessions given back as they came, values as they were.
import fc from 'fast-check'
import type mysql from 'mysql2/promise'
import { expect, it } from 'vitest'
import { describeWith } from '../../../../test/servers/index.ts'
import { mysql2Store } from '../../src/stores/mysql2.ts'
import type { SourceStore } from '../../src/stores/store.ts'
import { batchOf, mysqlStage, newJournal, numbered } from './mysql-stage.ts'
import type { Engine } from './mysql-stage.ts'
import { verdict } from './verdict.ts'

const describe = await describeWith('mariadb', 'mysql')

for (const engine of ['mariadb', 'mysql'] as Engine[]) {
  describe(`mysql2 store on ${engine}`, () => {
    it('writes all rows and the marker, or nothing of them', async () => {
      const stage = await mysqlStage(engine)
      const store = await prepared(stage.pool())
      const journal = newJournal()
      await store.write(batchOf(numbered(150)), { journal, seq: 1, marked: true })
      expect(await stage.ids()).toHaveLength(150)
      expect(await stage.marks()).toEqual([1])
      // Row 140 of 150 is there twice: an other unique key, in the last statement.
      const bad = numbered(150, 1000).map(([id, name], index) => [id, index === 140 ? 'n7' : name])
      const refused = store.write(batchOf(bad), { journal, seq: 2, marked: true })
      expect(await verdict(store, refused)).toEqual({ outcome: 'definite', retry: 'permanent', code: '23000' })
      expect(await stage.ids()).toHaveLength(150)
      expect(await stage.marks()).toEqual([1])
    })

    it('tells captured values in the order of the rows, whatever the increment', async () => {
      const stage = await mysqlStage(engine)
      const pool = stage.pool()
      const store = await prepared(pool)
      const busy = stage.pool()
      pool.pool.on('connection', (c) => c.query('set session auto_increment_increment = 7, auto_increment_offset = 3'))
      const other = async (): Promise<void> => {
        for (let n = 0; n < 40; n += 1) await busy.query("insert into given (name) values ('x'), ('y'), ('z')")
      }
      const mine = async (seq: number): Promise<void> => {
        const names = Array.from({ length: 70 }, (_, index) => [`${seq}-${index}`])
        const batch = batchOf(names, { table: 'given', columns: ['name'], key: null, capture: 'id' })
        const { values } = await store.write(batch, { journal: newJournal(), seq, marked: true })
        const [rows] = await stage.admin.query<mysql.RowDataPacket[]>('select id, name from given')
        const byName = new Map(rows.map((row) => [String(row['name']), String(row['id'])]))
        expect(values?.map(String)).toEqual(names.map(([name]) => byName.get(name ?? '')))
      }
      await Promise.all([other(), mine(1), mine(2), mine(3)])
    })

    it('captures a number beyond what a double holds', async () => {
      const stage = await mysqlStage(engine)
      const store = await prepared(stage.pool())
      await stage.admin.query('alter table given auto_increment = 9007199254740995')
      const batch = batchOf([['a'], ['b']], { table: 'given', columns: ['name'], key: null, capture: 'id' })
      const { values } = await store.write(batch, { journal: newJournal(), seq: 1, marked: true })
      expect(values?.map(String)).toEqual(['9007199254740995', '9007199254740996'])
    })

    it('gives the session back as it was, also after an error, and never clamps', async () => {
      const stage = await mysqlStage(engine, ['create table small (id int primary key, v tinyint)'])
      const pool = stage.pool({ connectionLimit: 1 })
      await pool.query("set session sql_mode = 'NO_ZERO_DATE,ANSI_QUOTES,NO_BACKSLASH_ESCAPES', time_zone = '+05:30'")
      const store = await prepared(pool)
      const small = { table: 'small', columns: ['id', 'v'], utc: true }
      await store.write(batchOf([[1, 5]], small), { journal: newJournal(), seq: 1, marked: true })
      const clamped = store.write(batchOf([[2, 500]], small), { journal: newJournal(), seq: 1, marked: true })
      expect(await verdict(store, clamped)).toMatchObject({ outcome: 'definite', retry: 'permanent' })
      const [[now]] = await pool.query<mysql.RowDataPacket[]>('select @@session.sql_mode m, @@session.time_zone z')
      expect(now).toMatchObject({ z: '+05:30' })
      expect(String(now?.['m']).split(',').toSorted()).toEqual(['ANSI_QUOTES', 'NO_BACKSLASH_ESCAPES', 'NO_ZERO_DATE'])
      // Nobody's transaction is open.
      const [open] = await stage.admin.query<mysql.RowDataPacket[]>(
        'select 1 from information_schema.innodb_trx join information_schema.processlist on id = trx_mysql_thread_id where db = database()',
      )
      expect(open).toEqual([])
    })

    it('works with a pool that makes other things of rows, and with one of callbacks', async () => {
      const stage = await mysqlStage(engine)
      const odd = stage.pool({ rowsAsArray: true, nestTables: true, typeCast: false, namedPlaceholders: true })
      const store = await prepared(odd)
      const op = { journal: newJournal(), seq: 1, marked: true }
      await store.write(batchOf(numbered(1)), op)
      expect(await store.settle(batchOf(numbered(1)), op)).toEqual({ answer: 'present' })
      const callbacks = await prepared(stage.pool().pool)
      await callbacks.write(batchOf([[2, 'b']]), { ...op, seq: 2 })
      expect(await stage.ids()).toEqual([1, 2])
    })

    it('keeps every value as it is', async () => {
      const stage = await mysqlStage(engine, [
        'create table kept (id int primary key, s longtext character set utf8mb4, b longblob, d double, i bigint, u bigint unsigned, bits bit(16), y year) default charset utf8mb4',
      ])
      const pool = stage.pool({ connectionLimit: 1 })
      const store = await prepared(pool)
      let id = 0
      const text = fc.string({
        unit: fc.oneof(
          fc.constantFrom("'", '"', '\\', '\0', '%', '\n', '?', '😀', 'é'),
          fc.string({ unit: 'grapheme', maxLength: 1 }),
        ),
      })
      const row = fc.record({
        s: text,
        b: fc.uint8Array(),
        d: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0), // −0 is 0 by the contract
        i: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        u: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        bits: fc.nat({ max: 65_535 }),
        mode: fc.constantFrom('', 'NO_BACKSLASH_ESCAPES', 'ANSI_QUOTES,STRICT_TRANS_TABLES'),
      })
      await fc.assert(
        fc.asyncProperty(row, async ({ s, b, d, i, u, bits, mode }) => {
          id += 1
          await pool.query(`set session sql_mode = '${mode}'`)
          const columns = ['id', 's', 'b', 'd', 'i', 'u', 'bits', 'y']
          const batch = batchOf([[id, s, b, d, i, u, bits, 0]], { table: 'kept', columns })
          await store.write(batch, { journal: newJournal(), seq: 1, marked: true })
          const [[got]] = await stage.admin.query<mysql.RowDataPacket[]>(
            'select hex(s) s, hex(b) b, d, cast(i as char) i, cast(u as char) u, bits + 0 bits, y + 0 y from kept where id = ?',
            [id],
          )
          expect(got).toEqual({
            s: Buffer.from(s).toString('hex').toUpperCase(),
            b: Buffer.from(b).toString('hex').toUpperCase(),
            d,
            i: String(i),
            u: String(u),
            bits,
            y: 0,
          })
        }),
        { numRuns: 150, seed: 7 },
      )
    })

    it('is sure of markers only where the table and the rights are right', async () => {
      const stage = await mysqlStage(engine, [
        'create table no_key (journal char(36), seq bigint, ids text)',
        'create table no_ids (journal char(36), seq bigint, primary key (journal, seq))',
        'create table narrow (journal char(36), seq int, ids text, primary key (journal, seq))',
        'create table flat (journal char(36), seq bigint, ids text, primary key (journal, seq)) engine=MyISAM',
      ])
      for (const markers of ['no_key', 'no_ids', 'narrow', 'flat', 'not_there'])
        expect([markers, await mysql2Store(stage.pool(), { markers }).prepare()]).toEqual([markers, { markers: false }])
      const name = `hf_${newJournal().slice(0, 8)}`
      await stage.admin.query(`create user ${name}@'%' identified by 'x'`)
      await stage.admin.query(`grant select on *.* to ${name}@'%'`)
      const reader = mysql2Store(stage.pool({ uri: stage.url.replace('root@', `${name}:x@`) }))
      expect(await reader.prepare()).toEqual({ markers: false })
      await stage.admin.query(`drop user ${name}@'%'`)
      expect(await mysql2Store(stage.pool()).prepare()).toEqual({ markers: true })
      expect(await stage.marks()).toEqual([])
    })

    it.runIf(engine === 'mariadb')('says unknown when a table without transactions kept some rows', async () => {
      const stage = await mysqlStage(engine, ['create table flat (id int primary key, name text) engine=MyISAM'])
      const store = await prepared(stage.pool())
      const twice = [...numbered(64), ...numbered(1)]
      const refused = store.write(batchOf(twice, { table: 'flat' }), { journal: newJournal(), seq: 1, marked: true })
      expect(await verdict(store, refused)).toMatchObject({ outcome: 'unknown' })
    })

    it('forgets what is below, tombstones too', async () => {
      const stage = await mysqlStage(engine)
      const store = await prepared(stage.pool())
      const journal = newJournal()
      for (const seq of [0, 1, 2, 3]) await store.write(batchOf([[seq, `n${seq}`]]), { journal, seq, marked: true })
      for (const seq of [4, 5, 6]) await store.settle(batchOf([[seq, `n${seq}`]]), { journal, seq, marked: true })
      await store.write(batchOf([[50, 'x']]), { journal: newJournal(), seq: 1, marked: true })
      await store.forget(journal, 5)
      expect(await stage.marks()).toEqual([-7, -6, 1, 5, 6])
    })

    it('knows what may come by itself and what is the fault of a row', async () => {
      const stage = await mysqlStage(engine, [
        'create table child (id int primary key, parent bigint not null, v tinyint, foreign key (parent) references reading (id), check (id < 100))',
      ])
      const store = await prepared(stage.pool())
      const retry = async (columns: string[], row: unknown[], table = 'child'): Promise<string> => {
        const batch = batchOf([row], { table, columns, key: null })
        return (await verdict(store, store.write(batch, { journal: newJournal(), seq: 1, marked: true }))).retry
      }
      expect(await retry(['id', 'parent'], [1, 5])).toBe('transient') // the parent row may come
      expect(await retry(['id', 'nothing'], [1, 5])).toBe('transient')
      expect(await retry(['id'], [1], 'nothing')).toBe('transient')
      expect(await retry(['id'], [1])).toBe('permanent') // no value for `parent`
      expect(await retry(['id', 'parent'], [1, null])).toBe('permanent')
      expect(await retry(['id', 'parent'], ['x', 1])).toBe('permanent')
      expect(await retry(['id', 'parent', 'v'], [1, 1, 300])).toBe('permanent')
      expect(await retry(['id', 'parent'], [100, 1])).toBe('permanent') // CHECK
      expect(await retry(['id', 'parent'], [1, undefined])).toBe('permanent')
    })
  })
}

async function prepared(pool: Parameters<typeof mysql2Store>[0]): Promise<SourceStore> {
  const store = mysql2Store(pool)
  expect(await store.prepare()).toEqual({ markers: true })
  return store
}
