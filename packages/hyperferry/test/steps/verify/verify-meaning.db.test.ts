// A transcoder that is wrong in one column loads consistently wrong rows: the digest is equal, the second opinion must not be.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import mysql from 'mysql2/promise'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freshMysql, freshPg, type FreshMysql, type FreshPg } from '../../../../../test/servers/database.ts'
import { describeWith } from '../../../../../test/servers/index.ts'
import type { PlannedTable } from '../../../src/model.ts'
import { verify } from '../../../src/steps/verify.ts'
import type { VerifyDocument } from '../../../src/steps/verify.ts'
import { openLab, wrongTranscoder, type Field, type Lab, type Wrong } from './lab.ts'
import type { StepContext } from '../../../src/steps/context.ts'
import { plannedTable } from './tables.ts'

const ROWS = 300

type Change = (field: Buffer) => Buffer | null

const int8 =
  (change: (value: bigint) => bigint): Change =>
  (field) => {
    const next = Buffer.alloc(8)
    next.writeBigInt64BE(change(field.readBigInt64BE()))
    return next
  }
const double =
  (change: (value: number) => number): Change =>
  (field) => {
    const next = Buffer.alloc(8)
    next.writeDoubleBE(change(field.readDoubleBE()))
    return next
  }
const int4 =
  (change: (value: number) => number): Change =>
  (field) => {
    const next = Buffer.alloc(4)
    next.writeInt32BE(change(field.readInt32BE()))
    return next
  }
const copy =
  (change: (next: Buffer) => void): Change =>
  (field) => {
    const next = Buffer.from(field)
    change(next)
    return next
  }
const HOUR = 3_600_000_000n

/** Column, target type, what goes wrong. */
const kinds: [string, string, Change][] = [
  ['at', 'an hour off', int8((value) => value + HOUR)],
  ['at', 'a microsecond rounded up', int8((value) => (value % 1000n === 0n ? value : value + 1n))],
  ['v', 'one ulp', int8((bits) => bits + 1n)],
  ['v', 'through a float', double(Math.fround)],
  ['n', 'the sign lost', copy((next) => next.writeUInt16BE(0, 4))],
  ['n', 'a scale of 10000', copy((next) => next.length > 8 && next.writeInt16BE(next.readInt16BE(2) + 1, 2))],
  ['n', 'digits cut off', copy((next) => next.readUInt16BE(0) > 1 && next.writeUInt16BE(0, next.length - 2))],
  ['k', 'the sign lost', int8((value) => (value < 0n ? -value : value))],
  ['k', 'more than 53 bits lost', int8((value) => BigInt(Number(value)) % 2n ** 63n)],
  ['s', 'read as Latin-1', (field) => Buffer.from(field.toString('latin1'), 'utf8')],
  ['s', 'trailing spaces lost', (field) => Buffer.from(field.toString('utf8').trimEnd(), 'utf8')],
  ['s', 'empty becomes NULL', (field) => (field.length === 0 ? null : field)],
  ['s', 'case folded', (field) => Buffer.from(field.toString('utf8').toLowerCase(), 'utf8')],
  ['b', 'cut off at the first NUL', (field) => (field.includes(0) ? field.subarray(0, field.indexOf(0)) : field)],
  ['d', 'a day off', int4((value) => value - 1)],
  [
    'j',
    'a number through a double',
    (field) =>
      Buffer.concat([
        field.subarray(0, 1),
        Buffer.from(field.toString('utf8', 1).replace('9007199254740993', '9007199254740992')),
      ]),
  ],
]

const columns: { name: string; type: string; nullable?: boolean }[] = [
  { name: 'id', type: 'bigint' },
  { name: 'at', type: 'timestamptz', nullable: true },
  { name: 'v', type: 'double precision', nullable: true },
  { name: 'n', type: 'numeric(20,6)', nullable: true },
  { name: 'k', type: 'bigint', nullable: true },
  { name: 's', type: 'text', nullable: true },
  { name: 'b', type: 'bytea', nullable: true },
  { name: 'd', type: 'date', nullable: true },
  { name: 'j', type: 'jsonb', nullable: true },
]

interface Row {
  id: number
  at: string | null
  v: number | null
  n: string | null
  k: string | null
  s: string | null
  b: Buffer | null
  d: string | null
  j: string | null
}

function rows(): Row[] {
  return Array.from({ length: ROWS }, (_, id) => {
    const odd = id % 97 === 5
    return {
      id,
      at: `2024-0${1 + (id % 9)}-1${id % 10} 0${id % 10}:30:00${odd ? '.123457' : ''}`,
      v: id % 50 === 7 ? -0 : id % 31 === 3 ? null : id * 0.1 + 1 / 3,
      n: odd ? `-${id}.250001` : `${id}.5`,
      k: odd ? '-9223372036854775807' : String(id),
      s: odd ? 'Ünï 😀 ' : id % 41 === 2 ? '' : `row ${id}`,
      b: Buffer.from(odd ? [1, 0, 255] : [id % 200, 1]),
      d: id % 31 === 3 ? null : `2023-1${id % 3}-0${1 + (id % 9)}`,
      j: `{"a": [${id}, 1.50, null], "big": ${odd ? '9007199254740993' : id}}`,
    }
  })
}

/** One table for each kind of mistake, all with the same rows; `fair` has none. */
const TABLES = ['fair', 'trap', ...kinds.map((_, index) => `t${index}`)]

function planned(name: string): PlannedTable {
  return plannedTable({
    source: name,
    name,
    keys: [{ name: `${name}_pkey`, columns: ['id'], primary: true }],
    estimatedRows: ROWS,
    columns: columns.map((column) => ({ ...column, sourceType: '' })),
  })
}

interface Engine {
  url: string
  drop(): Promise<void>
}

async function sqliteEngine(): Promise<Engine> {
  const folder = await mkdtemp(join(tmpdir(), 'meaning-'))
  const file = join(folder, 'plant.db')
  const db = new DatabaseSync(file)
  for (const name of TABLES) {
    db.exec(
      `create table ${name} (id integer primary key, at text, v real, n text, k integer, s text, b blob, d text, j text)`,
    )
    const insert = db.prepare(`insert into ${name} values (?, ?, ?, ?, ?, ?, ?, ?, ?)`)
    db.exec('begin')
    for (const row of rows()) {
      insert.run(row.id, row.at, row.v, row.n, row.k === null ? null : BigInt(row.k), row.s, row.b, row.d, row.j)
    }
    db.exec('commit')
  }
  db.close()
  return { url: `sqlite:${file}`, drop: () => rm(folder, { recursive: true }) }
}

async function mariadbEngine(): Promise<Engine> {
  const database: FreshMysql = await freshMysql('mariadb')
  const connection = await mysql.createConnection({ uri: database.adminUrl, charset: 'utf8mb4' })
  const list = rows().map((row) => [row.id, row.at, row.v, row.n, row.k, row.s, row.b, row.d, row.j])
  for (const name of TABLES) {
    await connection.query(
      `create table ${name} (id bigint primary key, at datetime(6), v double, n decimal(20,6), k bigint, s text, b blob, d date, j json) charset utf8mb4`,
    )
    await connection.query(`insert into ${name} values ?`, [list])
  }
  await connection.end()
  return { url: database.url, drop: () => database.drop() }
}

const engines = [
  ['SQLite', await describeWith('pg18'), sqliteEngine],
  ['MariaDB', await describeWith('pg18', 'mariadb'), mariadbEngine],
] as const

for (const [name, describe, make] of engines) {
  describe(`a wrong transcoder of ${name}`, () => {
    let engine: Engine
    let target: FreshPg
    let lab: Lab
    let ctx: StepContext
    let digest: VerifyDocument
    let meaning: VerifyDocument
    beforeAll(async () => {
      engine = await make()
      target = await freshPg('pg18')
      lab = await openLab(engine.url, target.url, TABLES.map(planned))
      const wrongs = new Map(kinds.map(([column, , change], index) => [`t${index}`, wrong(column, change)]))
      wrongs.set(
        'trap',
        wrong('k', (field) =>
          field.readBigInt64BE() === -9223372036854775807n ? Buffer.from('8000000000000000', 'hex') : field,
        ),
      )
      const source = wrongTranscoder(lab.ctx.source, wrongs)
      await lab.load(source)
      ctx = { ...lab.ctx, source }
      digest = await verify(ctx, { sampleRows: 0 })
      meaning = await verify(ctx, { trapRows: 0 })
    })
    afterAll(async () => {
      await lab[Symbol.asyncDispose]()
      await target.drop()
      await engine.drop()
    })

    test('loads rows that the digest finds equal', () => {
      expect(digest.equal).toBe(true)
      expect(meaning.equal).toBe(false)
    })

    test('a right one is found right, trap classes too', async () => {
      const right = await verify(ctx, { tables: ['fair'], showValues: true, trapRows: 100 })
      expect(right.tables[0]?.meaning).toMatchObject({ rows: ROWS, differences: 0, different: [] })
      expect(right.tables[0]?.meaning?.traps).toBeGreaterThan(0)
      expect(right.equal).toBe(true)
    })

    test.each(kinds.map(([column, what], index) => [column, what, `t${index}`] as const))(
      '%s: %s',
      (column, _, table) => {
        const verdict = meaning.tables.find((each) => each.name === table)
        expect(verdict?.equal).toBe(false)
        expect(verdict?.different).toEqual([])
        expect(verdict?.meaning?.differences).toBeGreaterThan(0)
        expect(new Set(verdict?.meaning?.different.map((each) => each.column))).toEqual(new Set([column]))
        expect(verdict?.meaning?.different[0]).not.toHaveProperty('source')
      },
    )

    test('wrong values that the sample misses are found as traps', async () => {
      const found = await verify(ctx, { tables: ['trap'], sampleRows: 3, trapRows: 50, showValues: true })
      expect(found.equal).toBe(false)
      expect(found.tables[0]?.meaning?.different[0]).toMatchObject({
        column: 'k',
        source: '-9223372036854775807',
        target: '-9223372036854775808',
      })
      expect(found.tables[0]?.meaning?.different[0]?.class).not.toBe('sample')
      const missed = await verify(ctx, { tables: ['trap'], sampleRows: 3, trapRows: 0 })
      expect(missed.equal).toBe(true)
    })
  })
}

function wrong(column: string, change: Change): Wrong {
  return {
    column: columns.findIndex((each) => each.name === column),
    change: (field: Field) => (field === null ? null : change(Buffer.from(field))),
  }
}
