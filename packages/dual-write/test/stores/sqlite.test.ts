// The adapter for node:sqlite, and for the shape of better-sqlite3.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { MARKER_SQL } from '../../src/stores/marker.ts'
import { sqliteStore } from '../../src/stores/sqlite.ts'
import type { SqliteDatabase } from '../../src/stores/sqlite.ts'
import type { StoreBatch } from '../../src/stores/store.ts'
import { verdict } from './verdict.ts'

describe('sqlite store', () => {
  it('writes all rows and the marker, or nothing of them', async () => {
    const { store, ids, marks } = await stage()
    await store.write(batch(numbered(10)), { ...op, seq: 1 })
    const bad = [...numbered(9, 100), [200, 'n3']]
    expect(await verdict(store, store.write(batch(bad), { ...op, seq: 2 }))).toEqual({
      outcome: 'definite',
      retry: 'permanent',
      code: '2067',
    })
    expect([ids().length, marks()]).toEqual([10, [1]])
  })

  it('never takes part in a transaction of the application, nor ends it', async () => {
    for (const shape of ['node', 'node 22.5'] as const) {
      const { db, store, ids } = await stage(shape)
      db.exec('begin')
      db.exec("insert into reading (id, name) values (1, 'theirs')")
      const refused = await verdict(store, store.write(batch([[2, 'b']]), { ...op, seq: 1 }))
      expect(refused).toMatchObject({ outcome: 'definite', retry: 'transient' })
      db.exec('commit')
      expect(ids()).toEqual([1])
    }
  })

  it('rolls back also where the handle does not tell whether a transaction is open', async () => {
    const { store, ids } = await stage('node 22.5')
    await verdict(
      store,
      store.write(
        batch([
          [1, 'a'],
          [1, 'a'],
        ]),
        { ...op, seq: 1 },
      ),
    )
    await store.write(batch([[2, 'b']]), { ...op, seq: 2 })
    expect(ids()).toEqual([2])
  })

  it('knows a busy database from the fault of a row, and what may come', async () => {
    const { store, file, ids } = await stage()
    const other = new DatabaseSync(file)
    onTestFinished(() => other.close())
    other.exec('begin immediate')
    const one = batch([[1, 'a']])
    expect(await verdict(store, store.write(one, { ...op, seq: 1 }))).toEqual({
      outcome: 'definite',
      retry: 'transient',
      code: '5',
    })
    other.exec('rollback')
    // A reader in the way of COMMIT (no WAL here): it can still be rolled back.
    const reader = other.prepare('select * from reading')
    await store.write(batch(numbered(3)), { ...op, seq: 2 })
    const cursor = reader.iterate()
    cursor.next()
    expect(await verdict(store, store.write(batch([[9, 'z']]), { ...op, seq: 3 }))).toMatchObject({
      outcome: 'definite',
      retry: 'transient',
    })
    cursor.return?.()
    expect(ids()).toEqual([1, 2, 3])
    const of = async (table: string, columns: string[], row: unknown[]): Promise<string> =>
      (await verdict(store, store.write({ ...batch([row]), table, columns }, { ...op, seq: 9 }))).retry
    expect(await of('child', ['parent'], [777])).toBe('transient')
    expect(await of('nothing', ['parent'], [1])).toBe('transient')
    expect(await of('child', ['nothing'], [1])).toBe('transient')
    expect(await of('child', ['parent'], [null])).toBe('permanent')
  })

  it('tells captured values in the order of the rows, beyond what a double holds', async () => {
    const { db, store } = await stage()
    db.exec("insert into given (id, name) values (9007199254740993, 'big')")
    const { values } = await store.write(
      { ...batch([['a'], ['b']]), table: 'given', columns: ['name'], key: null, capture: 'id' },
      { ...op, seq: 1 },
    )
    expect(values?.map(String)).toEqual(['9007199254740994', '9007199254740995'])
    const again = await store.settle(
      { ...batch([['a'], ['b']]), table: 'given', columns: ['name'], key: null, capture: 'id' },
      { ...op, seq: 1 },
    )
    expect(again).toEqual({ answer: 'present', captured: ['9007199254740994', '9007199254740995'] })
  })

  it('settles by the marker, and stays with it', async () => {
    const { store, ids } = await stage()
    const one = batch([[1, 'a']])
    await store.write(one, { ...op, seq: 1 })
    expect(await store.settle(one, { ...op, seq: 1 })).toEqual({ answer: 'present' })
    for (let time = 0; time < 2; time += 1)
      expect(await store.settle(batch([[2, 'b']]), { ...op, seq: 2 })).toEqual({ answer: 'absent' })
    expect(await verdict(store, store.write(batch([[2, 'b']]), { ...op, seq: 2 }))).toMatchObject({
      outcome: 'definite',
    })
    expect(ids()).toEqual([1])
    // Written without a marker: only the key can tell.
    await store.write(batch([[3, 'c']]), { ...op, seq: 3, marked: false })
    expect(
      await store.settle(
        batch([
          [3, 'c'],
          [4, 'd'],
        ]),
        { ...op, seq: 3, marked: false },
      ),
    ).toEqual({ answer: 'present', present: [0] })
    expect(await store.settle({ ...one, key: null }, { ...op, seq: 4, marked: false })).toEqual({ answer: 'unknown' })
  })

  it('while another process writes, nothing is known yet', async () => {
    const { store, file } = await stage()
    const zombie = new DatabaseSync(file)
    onTestFinished(() => zombie.close())
    zombie.exec('begin immediate')
    expect(await store.settle(batch([[1, 'a']]), { ...op, seq: 1 })).toEqual({ answer: 'unknown' })
    zombie.exec('rollback')
    expect(await store.settle(batch([[1, 'a']]), { ...op, seq: 1 })).toEqual({ answer: 'absent' })
  })

  for (const markers of [undefined, false] as const) {
    it(`applies each op once, ${markers === false ? 'by key' : 'by marker'}; a foreign duplicate is no silence`, async () => {
      const { db, ids } = await stage()
      const store = sqliteStore(db, markers === false ? { markers } : {})
      await store.prepare()
      const ops = Array.from({ length: 30 }, (_, index) => ({
        op: { ...op, seq: index + 1 },
        batch: batch(numbered(2, index * 2 + 1)),
      }))
      await store.apply(ops.slice(3, 20))
      await store.apply(ops)
      expect(ids()).toHaveLength(60)
      const foreign = { op: { ...op, seq: 500 }, batch: batch([[900, 'n7']]) }
      expect(await verdict(store, store.apply([foreign]))).toMatchObject({ outcome: 'definite', retry: 'permanent' })
    })
  }

  it('applies nothing that has neither marker nor key: it could not be told from what is there', async () => {
    const { db } = await stage()
    const keyless = { ...batch([[901, 'z']]), key: null }
    await expect(sqliteStore(db, { markers: false }).apply([{ op, batch: keyless }])).rejects.toMatchObject({
      code: 'NO_KEY',
    })
  })

  it('trusts no table that cannot hold markers', async () => {
    const { db } = await stage()
    db.exec('create table no_key (journal text, seq integer, ids text)')
    expect(await sqliteStore(db, { markers: 'no_key' }).prepare()).toEqual({ markers: false })
    expect(await sqliteStore(db, { markers: 'not_there' }).prepare()).toEqual({ markers: false })
  })

  it('reads the codes of better-sqlite3 as those of node:sqlite', async () => {
    const { store } = await stage()
    const retryOf = (code: string): string => store.classify(Object.assign(new Error('x'), { code })).retry
    expect(
      ['SQLITE_BUSY', 'SQLITE_BUSY_SNAPSHOT', 'SQLITE_CONSTRAINT_FOREIGNKEY', 'SQLITE_ERROR', 'SQLITE_FULL'].map(
        retryOf,
      ),
    ).toEqual(Array(5).fill('transient'))
    expect(['SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_NOTNULL', 'SQLITE_TOOBIG'].map(retryOf)).toEqual(
      Array(3).fill('permanent'),
    )
  })

  it('forgets what is below, tombstones too', async () => {
    const { store, marks } = await stage()
    for (const seq of [0, 1, 2]) await store.write(batch([[seq, `n${seq}`]]), { ...op, seq })
    for (const seq of [3, 4]) await store.settle(batch([[seq, 'x']]), { ...op, seq })
    await store.forget(op.journal, 4)
    expect(marks()).toEqual([-5, 4])
  })

  it('keeps every value as it is', async () => {
    const { db, store } = await stage()
    let id = 0
    const value = fc.oneof(
      fc.string({
        unit: fc.oneof(fc.constantFrom("'", '\0', '\\', '?', '😀'), fc.string({ unit: 'grapheme', maxLength: 1 })),
      }),
      fc.uint8Array(),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.double({ noNaN: true }),
      fc.constant(null),
    )
    const read = db.prepare('select v, typeof(v) t from kept where id = ?')
    read.setReadBigInts(true)
    await fc.assert(
      fc.asyncProperty(value, async (v) => {
        id += 1
        await store.write({ ...batch([[id, v]]), table: 'kept', columns: ['id', 'v'] }, { ...op, seq: id })
        expect(read.get(id)?.['v']).toEqual(v)
      }),
      { numRuns: 200, seed: 5 },
    )
  })
})

const op = { journal: '0b9e5f0e-95b8-4c0b-8d5e-6f5dfb1b2c3d', seq: 1, marked: true }

const numbered = (count: number, from = 1): [number, string][] =>
  Array.from({ length: count }, (_, index) => [from + index, `n${from + index}`])

function batch(rows: StoreBatch['rows']): StoreBatch {
  return { table: 'reading', columns: ['id', 'name'], rows, key: ['id'], capture: null, utc: false }
}

async function stage(shape: 'node' | 'node 22.5' = 'node') {
  const folder = mkdtempSync(join(tmpdir(), 'hyperferry-store-'))
  const file = join(folder, 'app.db')
  const db = new DatabaseSync(file)
  onTestFinished(() => {
    db.close()
    rmSync(folder, { recursive: true })
  })
  db.exec(`${MARKER_SQL.sqlite};
    create table reading (id integer primary key, name text unique);
    create table given (id integer primary key autoincrement, name text);
    create table child (parent integer not null references reading);
    create table kept (id integer primary key, v)`)
  // Before Node.js 22.16 the handle has no isTransaction.
  const handle: SqliteDatabase =
    shape === 'node' ? db : { exec: (sql) => db.exec(sql), prepare: (sql) => db.prepare(sql) }
  const store = sqliteStore(handle)
  expect(await store.prepare()).toEqual({ markers: true })
  const column = (sql: string): number[] =>
    db
      .prepare(sql)
      .all()
      .map((row) => Number(row['n']))
  return {
    db,
    file,
    store,
    ids: () => column('select id n from reading order by id'),
    marks: () => column('select seq n from hyperferry_op order by seq'),
  }
}
