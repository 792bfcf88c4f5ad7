/** The dual-write library and the engine's transcoders give one value (docs/design/0010): real drivers, real servers, one table for each pair of types. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import mysql from 'mysql2/promise'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mysql2Store } from '../../packages/dual-write/src/stores/mysql2.ts'
import { sqliteStore } from '../../packages/dual-write/src/stores/sqlite.ts'
import type { SourceStore } from '../../packages/dual-write/src/stores/store.ts'
import { openSource } from '../../packages/hyperferry/src/source/registry.ts'
import { openTarget } from '../../packages/hyperferry/src/target/connect.ts'
import type { MysqlName } from '../servers/catalogue.ts'
import { freshMysql, freshPg } from '../servers/database.ts'
import { describeWith } from '../servers/index.ts'
import { shown, tryPair, ZONE } from './contract.harness.ts'
import type { Mutant, Pair, World } from './contract.harness.ts'
import { mariadbPairs, mysqlOnlyPairs, mysqlPairs } from './contract.mysql-pairs.ts'
import { sqlitePairs } from './contract.sqlite-pairs.ts'

/** Pairs on which a library that forgets the contract on one side is caught. */
const CAUGHT: readonly (Pair & { mutant: Mutant; what: string })[] = [
  { what: 'no padding', source: 'binary(4)', type: 'bytea', taken: [Buffer.from([1])], mutant: 'target-as-given' },
  { what: 'no enum folding', source: "enum('new')", type: 'text', taken: ['NEW'], mutant: 'target-as-given' },
  { what: 'blanks kept', source: 'char(8)', type: 'text', taken: ['a '], mutant: 'target-as-given' },
  { what: 'order of a set', source: "set('a','b')", type: 'text', taken: ['b,a'], mutant: 'target-as-given' },
  {
    what: 'times rounded by the target',
    source: 'datetime(6)',
    type: 'timestamptz(3)',
    taken: ['2023-12-31T23:59:59.999999Z'],
    mutant: 'target-as-given',
  },
  {
    what: 'the later instant at a fold',
    source: 'datetime',
    type: 'timestamptz',
    taken: ['2024-10-27T01:30:00Z'],
    mutant: 'target-as-given',
  },
  {
    what: 'times rounded by the source',
    source: 'datetime',
    type: 'timestamptz',
    taken: ['2023-12-31 23:59:59.9'],
    mutant: 'source-as-given',
  },
  {
    what: 'decimals rounded by neither',
    source: 'decimal(10,2)',
    type: 'numeric(12,4)',
    taken: ['1.005'],
    mutant: 'target-as-given',
  },
  { what: 'floats of 64 bits', source: 'float', type: 'double precision', taken: [0.1], mutant: 'target-as-given' },
]

interface Opened {
  world: World
  close: () => Promise<void>
}

/** Tables t0, t1, … with a key and the pair's column; then everything that reads and writes them. */
async function open(
  sourceUrl: string,
  store: SourceStore,
  create: { pairs: readonly Pair[]; run: (sql: string) => Promise<unknown> },
): Promise<Opened> {
  for (const [index, { source }] of create.pairs.entries()) {
    await create.run(`CREATE TABLE t${index} (id INTEGER PRIMARY KEY, v ${source})`)
  }
  const { signal } = new AbortController()
  const source = await openSource(sourceUrl, { timezone: ZONE, connections: 2, signal })
  const fresh = await freshPg('pg17')
  const target = await openTarget(fresh.url, { connections: 1, signal })
  const session = await target.session()
  const { tables } = await source.inventory()
  const { engine } = store
  if (engine === 'generic') throw new Error('no engine of this suite')
  return {
    world: { engine, source, store, session, tables: new Map(tables.map((table) => [table.name, table])) },
    close: async () => {
      await session.release()
      await target.close()
      await source.close()
      await fresh.drop()
    },
  }
}

async function openMysql(server: MysqlName, pairs: readonly Pair[]): Promise<Opened> {
  const fresh = await freshMysql(server)
  const pool = mysql.createPool({ uri: fresh.adminUrl.replace(/^mariadb:/, 'mysql:'), connectionLimit: 2 })
  const opened = await open(fresh.url, mysql2Store(pool), { pairs, run: (sql) => pool.query(sql) })
  return {
    world: opened.world,
    close: async () => {
      await opened.close()
      await pool.end()
      await fresh.drop()
    },
  }
}

async function openSqlite(pairs: readonly Pair[]): Promise<Opened> {
  const folder = mkdtempSync(join(tmpdir(), 'hyperferry-'))
  const path = join(folder, 'app.db')
  const database = new DatabaseSync(path)
  const run = (sql: string): Promise<void> => Promise.resolve(database.exec(sql))
  const opened = await open(`sqlite:${path}`, sqliteStore(database), { pairs, run })
  return {
    world: opened.world,
    close: async () => {
      await opened.close()
      database.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function suite(pairs: readonly Pair[], mutants: typeof CAUGHT, opening: (all: readonly Pair[]) => Promise<Opened>) {
  let opened: Opened
  beforeAll(async () => {
    opened = await opening([...pairs, ...mutants])
  })
  afterAll(() => opened?.close())

  test.each(pairs.map((pair, index) => ({ name: nameOf(pair), pair, index })))('$name', async ({ pair, index }) => {
    const outcome = await tryPair(opened.world, pair, `t${index}`)
    expect(outcome.rejected).toEqual([])
    expect(outcome.differing.map(shown)).toEqual([])
    expect(outcome.equal).toBe(true)
    // Else the suite would be happy with a library that refuses everything.
    const least = pair.any === undefined ? pair.taken.length : pair.taken.length + 10
    expect(outcome.taken).toBeGreaterThanOrEqual(least)
  })

  test.each(mutants.map((pair, index) => ({ name: pair.what, pair, index })))(
    'caught: $name',
    async ({ pair, index }) => {
      const outcome = await tryPair(opened.world, pair, `t${pairs.length + index}`, pair.mutant)
      expect(outcome.equal).toBe(false)
      expect(outcome.differing).toEqual(pair.taken)
    },
  )
}

function nameOf({ source, type, rules }: Pair): string {
  return `${source || '(none)'} → ${type}${rules ? ` ${JSON.stringify(rules)}` : ''}`
}

const maria = await describeWith('mariadb', 'pg17')
maria('one value: MariaDB and PostgreSQL', () => {
  // It cuts times by itself.
  const caught = CAUGHT.filter(({ what }) => what !== 'times rounded by the source')
  suite([...mysqlPairs, ...mariadbPairs], caught, (pairs) => openMysql('mariadb', pairs))
})

const mysqls = await describeWith('mysql', 'pg17')
mysqls('one value: MySQL and PostgreSQL', () => {
  suite([...mysqlPairs, ...mysqlOnlyPairs], CAUGHT, (pairs) => openMysql('mysql', pairs))
})

const postgres = await describeWith('pg17')
postgres('one value: SQLite and PostgreSQL', () => {
  const caught = CAUGHT.filter(({ what }) => what.startsWith('times rounded by the target'))
  suite(sqlitePairs, caught, openSqlite)
})
