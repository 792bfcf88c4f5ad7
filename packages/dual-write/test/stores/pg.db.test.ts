// The target through pg, on a real server: what COMMIT says, what a lost connection says, and rows as they were given.
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import pg from 'pg'
import { expect, it, onTestFinished } from 'vitest'
import { relayTo } from '../../../../test/faults/relay.ts'
import { freshPg } from '../../../../test/servers/database.ts'
import { describeWith } from '../../../../test/servers/index.ts'
import { insertRows } from '../../src/stores/pg-insert.ts'
import { pgStore } from '../../src/stores/pg.ts'
import type { StoreBatch } from '../../src/stores/store.ts'
import { verdict } from './verdict.ts'

const describe = await describeWith('pg17')

describe('pg store', () => {
  it('commits all or nothing and leaves no connection in a transaction', async () => {
    const { pool, store } = await stage()
    await store.transaction(async (query) => query('insert into t (id) values (1)'))
    const own = new Error('of the caller')
    const failed = store.transaction(async (query) => {
      await query('insert into t (id) values (2)')
      throw own
    })
    await expect(failed).rejects.toBe(own)
    const refused = store.transaction(async (query) => query('insert into t (id) values (3), (1)'))
    expect(await verdict(store, refused)).toEqual({ outcome: 'definite', retry: 'permanent', code: '23505' })
    expect(await ids(pool)).toEqual(['1'])
    const { rows } = await pool.query(
      'select 1 from pg_stat_activity where datname = current_database() and starts_with(state, $1) and pid <> pg_backend_pid()',
      ['idle in transaction'],
    )
    expect(rows).toEqual([])
  })

  it('a transaction that had failed is not called committed when its error was swallowed', async () => {
    const { pool, store } = await stage()
    const swallowed = store.transaction(async (query) => {
      await query('insert into t (id) values (1)')
      await query('select 1 / 0').catch(() => {})
    })
    expect(await verdict(store, swallowed)).toMatchObject({ outcome: 'definite' })
    expect(await ids(pool)).toEqual([])
  })

  it('survives the end of a connection while nobody asks it anything', async () => {
    const { store, admin } = await stage()
    const ended = store.transaction(async (query) => {
      const { rows } = await query<{ pid: number }>('select pg_backend_pid() as pid')
      await admin.query('select pg_terminate_backend($1)', [rows[0]?.pid])
      await sleep(200)
      await query('insert into t (id) values (1)')
    })
    expect(await verdict(store, ended)).toMatchObject({ outcome: 'definite', retry: 'transient' })
    expect((await store.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  })

  it('does not know when the answer to COMMIT is lost, and knows at every statement before', async () => {
    const { url, pool } = await stage()
    const seen: unknown[] = []
    for (let cutAt = 1; cutAt <= 4; cutAt += 1) {
      let armed = false
      let packets = 0
      await using relay = await relayTo(url, {
        onRequest: () => (armed && (packets += 1) === cutAt ? 'swallow' : 'pass'),
      })
      const through = new pg.Pool({ connectionString: relay.url(url), max: 1 })
      through.on('error', () => {})
      const store = pgStore(through)
      await store.query('select 1')
      armed = true
      const told = await store
        .transaction(async (query) => {
          await query(`insert into t (id) values (${cutAt * 10})`)
          await query(`insert into t (id) values (${cutAt * 10 + 1})`)
        })
        .catch((error: unknown) => store.classify(error))
      await through.end()
      seen.push([told, (await ids(pool)).filter((id) => Math.floor(Number(id) / 10) === cutAt).length])
    }
    const lost = { outcome: 'definite', retry: 'transient', code: null }
    expect(seen).toEqual([
      [lost, 0],
      [lost, 0],
      [lost, 0],
      [{ ...lost, outcome: 'unknown' }, 2],
    ])
  })

  it('a statement of its own is unknown without an answer; a server that is not there has nothing', async () => {
    const { url } = await stage()
    await using relay = await relayTo(url, { onRequest: (chunk) => (chunk.includes('insert') ? 'swallow' : 'pass') })
    const through = new pg.Pool({ connectionString: relay.url(url), max: 1 })
    through.on('error', () => {})
    const store = pgStore(through)
    expect(await verdict(store, store.query('insert into t (id) values (5)'))).toMatchObject({ outcome: 'unknown' })
    await through.end()
    const nobody = pgStore(new pg.Pool({ connectionString: 'postgres://nobody@127.0.0.1:1/x' }))
    const refused = { outcome: 'definite', retry: 'transient', code: 'ECONNREFUSED' }
    expect(await verdict(nobody, nobody.query('select 1'))).toEqual(refused)
    expect(
      await verdict(
        nobody,
        nobody.transaction(async () => {}),
      ),
    ).toEqual(refused)
  })

  it('an error that COMMIT itself brings is definite', async () => {
    const { store, pool } = await stage()
    await pool.query('create table late (id int primary key, t int references t deferrable initially deferred)')
    const refused = store.transaction(async (query) => query('insert into late values (1, 77)'))
    expect(await verdict(store, refused)).toEqual({ outcome: 'definite', retry: 'transient', code: '23503' })
    const { rows } = await pool.query('select * from late')
    expect(rows).toEqual([])
  })

  it('knows what may come by itself and what is the fault of a row', async () => {
    const { store } = await stage()
    const of = async (sql: string): Promise<string> => (await verdict(store, store.query(sql))).retry
    expect(await of("do $$ begin raise exception 'x' using errcode = '53400'; end $$")).toBe('transient')
    expect(await of("do $$ begin raise exception 'x' using errcode = '54000'; end $$")).toBe('permanent')
    expect(await of('select * from nothing')).toBe('transient')
    expect(await of('select nothing from t')).toBe('transient')
    expect(await of('select * from pg_authid')).toBe('transient')
    expect(await of("insert into t (id, short) values (1, 'too long')")).toBe('permanent')
    expect(await of('insert into t (id) values (null)')).toBe('permanent')
  })
})

describe('rows into PostgreSQL', () => {
  it('keeps every value as it is', async () => {
    const { store, pool } = await stage()
    const columns = ['id', 'we"ird\\ name', 'b', 'd']
    const types = ['bigint', 'text', 'bytea', 'double precision']
    let id = 0
    const unit = fc.oneof(
      fc.constantFrom("'", '"', '\\', '$1', '\n', '😀', '\u0001'),
      fc.string({ unit: 'grapheme', maxLength: 1 }),
    )
    const text = fc.string({ unit }).map((value) => value.replaceAll('\0', ''))
    const bytes = fc.uint8Array().map((value) => `\\x${Buffer.from(value).toString('hex')}`)
    const row = fc.tuple(fc.option(text), fc.option(bytes), fc.double({ noNaN: true }).map(String))
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 5 }), async (rows) => {
        const given = rows.map((each) => [String((id += 1)), ...each])
        await insertRows(store.query, batch({ table: 'we"ird', columns, types, rows: given, key: ['id'] }), 'once')
        const { rows: got } = await pool.query({
          text: 'select id::text, "we""ird\\ name", b::text, d::text from "we""ird" where id > $1 order by "we""ird".id',
          values: [id - rows.length],
          rowMode: 'array',
        })
        const numbers = (list: unknown[][]): unknown[][] => list.map((each) => [...each.slice(0, 3), Number(each[3])])
        expect(numbers(got)).toEqual(numbers(given))
      }),
      { numRuns: 100, seed: 11 },
    )
  })

  it('cuts nothing off silently: a value too long for its column is an error', async () => {
    const { store, pool } = await stage()
    await pool.query('create table narrow (v varchar(3), c char(3), bits bit(3), list varchar(2)[])')
    for (const [column, type, value] of [
      ['v', 'character varying(3)', 'abcd'],
      ['c', 'character(3)', 'abcd'],
      ['bits', 'bit(3)', '1011'],
      ['list', 'character varying(2)[]', '{abc}'],
    ] as const) {
      const one = batch({ table: 'narrow', columns: [column], types: [type], rows: [[value]], key: null })
      expect(await verdict(store, insertRows(store.query, one, 'once'))).toMatchObject({ retry: 'permanent' })
    }
    const whole = batch({
      table: 'narrow',
      columns: ['v', 'c', 'bits', 'list'],
      types: ['character varying(3)', 'character(3)', 'bit(3)', 'character varying(2)[]'],
      rows: [['abc', 'ab', '101', '{ab,c}']],
      key: null,
    })
    await insertRows(store.query, whole, 'once')
    const { rows } = await pool.query('select v, c, bits::text, list from narrow')
    expect(rows).toEqual([{ v: 'abc', c: 'ab ', bits: '101', list: ['ab', 'c'] }])
  })

  it('leaves a row alone whose key is there, and says so of no other unique key', async () => {
    const { store, pool } = await stage()
    const rows = (...list: [string, string][]): StoreBatch =>
      batch({ table: 't', columns: ['id', 'short'], types: ['bigint', 'text'], rows: list, key: ['id'] })
    await insertRows(store.query, rows(['1', 'a'], ['2', 'b']), 'once')
    await insertRows(store.query, rows(['2', 'x'], ['3', 'c']), 'once')
    expect(await ids(pool)).toEqual(['1', '2', '3'])
    expect(await verdict(store, insertRows(store.query, rows(['9', 'a']), 'once'))).toMatchObject({ code: '23505' })
    expect(await verdict(store, insertRows(store.query, rows(['3', 'z']), 'strict'))).toMatchObject({ code: '23505' })
  })

  it('tells which row got which identity, in several statements too', async () => {
    const { store, pool } = await stage()
    const long = 'x'.repeat(300_000)
    const given = Array.from({ length: 40 }, (_, index) => [`${index}`, long])
    const one = batch({
      table: 'given',
      columns: ['n', 'note'],
      types: ['int', 'text'],
      rows: given,
      key: null,
      capture: 'id',
    })
    const sizes: number[] = []
    const values = await store.transaction(async (query) => {
      await query('select nextval($1)', ['given_id_seq'])
      const counting: typeof query = (sql, params) => {
        if (typeof params?.[0] === 'string') sizes.push(params[0].length)
        return query(sql, params)
      }
      return (await insertRows(counting, one, 'strict')).values
    })
    const { rows } = await pool.query('select id::text from given order by n')
    expect(values).toEqual(rows.map(({ id }) => String(id)))
    expect(sizes.filter((size) => size > 300_000).length).toBeGreaterThan(2)
    expect(Math.max(...sizes)).toBeLessThan(4_400_000)
  })

  it('takes nothing for a type that is not one', async () => {
    const { store } = await stage()
    for (const type of ['int; drop table t', 'int) --', "text'x'", '', 'text from t where (1'])
      expect(
        await verdict(
          store,
          insertRows(
            store.query,
            batch({ table: 't', columns: ['id'], types: [type], rows: [['1']], key: null }),
            'once',
          ),
        ),
      ).toMatchObject({ code: 'BAD_TYPE', outcome: 'definite' })
  })
})

function batch(given: Omit<StoreBatch, 'capture' | 'utc'> & { capture?: string }): StoreBatch {
  return { capture: null, utc: false, schema: 'public', ...given }
}

async function stage() {
  const { url, superUrl } = await freshPg('pg17')
  const poolTo = (connectionString: string): pg.Pool => {
    const pool = new pg.Pool({ connectionString, max: 3 })
    pool.on('error', () => {})
    onTestFinished(() => pool.end())
    return pool
  }
  const [pool, admin] = [poolTo(url), poolTo(superUrl)]
  await pool.query(`create table t (id bigint primary key, short varchar(5) unique);
    create table given (id bigint generated by default as identity primary key, n int, note text);
    create table "we""ird" (id bigint primary key, "we""ird\\ name" text, b bytea, d double precision)`)
  return { url, pool, admin, store: pgStore(poolTo(url)) }
}

async function ids(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>('select id::text from t order by t.id')
  return rows.map(({ id }) => id)
}
