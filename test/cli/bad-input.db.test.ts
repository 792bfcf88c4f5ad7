// What people get wrong, typed as they type it: a code, a hint, the exit code of the contract, and nothing half-done.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createConnection as mysqlConnection } from 'mysql2/promise'
import pg from 'pg'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { hyperferry } from '../helpers/hyperferry.ts'
import type { Ran } from '../helpers/hyperferry.ts'
import { freshMysql, freshPg } from '../servers/database.ts'
import type { FreshPg } from '../servers/database.ts'
import { describeWith } from '../servers/index.ts'

const suite = await describeWith('pg18', 'mariadb')

suite('bad input', () => {
  let cwd = ''
  let target: FreshPg
  let env: Record<string, string> = {}

  beforeEach(async () => {
    cwd = mkdtempSync(join(tmpdir(), 'hyperferry-bad-'))
    const folder = cwd
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    makeSource(join(cwd, 'plant.db'))
    target = await freshPg('pg18')
    env = { HYPERFERRY_SOURCE: `sqlite:${join(cwd, 'plant.db')}`, HYPERFERRY_TARGET: target.url }
  })

  const type = (args: string[], more: Record<string, string> = {}) =>
    hyperferry(args, { cwd, env: { ...env, ...more } })

  test.each([
    ['an unknown flag', ['run', '--ofline'], 'HF-U001'],
    ['an unknown command', ['verfy'], 'HF-U001'],
    ['a bad number', ['backfill', '--workers', 'many'], 'HF-U001'],
    ['no plan', ['run', '--offline', '--yes'], 'HF-U010'],
    ['an unknown scheme', ['plan', '--source', 'oracle://x/y'], 'HF-U014'],
  ])('%s is a usage error', async (_name, args, code) => {
    refused(await type([...args, '--json']), code, 2)
  })

  test('a missing environment variable is named', async () => {
    await planned()
    const ran = await hyperferry(['run', '--offline', '--yes', '--json'], {
      cwd,
      env: { HYPERFERRY_SOURCE: env['HYPERFERRY_SOURCE'] ?? '' },
    })
    expect(refused(ran, 'HF-U013', 2)).toContain('HYPERFERRY_TARGET')
  })

  test('an unreachable target', async () => {
    refused(await type(['plan', '--json'], { HYPERFERRY_TARGET: 'postgres://x:y@127.0.0.1:1/z' }), 'HF-C010', 1)
  })

  test('an unreachable source', async () => {
    refused(await type(['plan', '--json'], { HYPERFERRY_SOURCE: 'mysql://x:y@127.0.0.1:1/z' }), 'HF-C001', 1)
  })

  test('wrong passwords, which are not shown', async () => {
    const url = new URL(target.url)
    url.password = 'sesame-target'
    const ran = await type(['plan', '--json', '--verbose'], { HYPERFERRY_TARGET: url.href })
    refused(ran, 'HF-C011', 1)
    expect(ran.stdout + ran.stderr).not.toContain('sesame')
    const mysql = await freshMysql('mariadb')
    const source = new URL(mysql.url)
    source.password = 'sesame-source'
    const second = await type(['plan', '--json', '--verbose'], { HYPERFERRY_SOURCE: source.href })
    refused(second, 'HF-C002', 1)
    expect(second.stdout + second.stderr).not.toContain('sesame')
  })

  test('a database that is not there, on either side', async () => {
    const url = new URL(target.url)
    url.pathname = '/nowhere'
    refused(await type(['plan', '--json'], { HYPERFERRY_TARGET: url.href }), 'HF-C012', 1)
    refused(await type(['plan', '--json'], { HYPERFERRY_SOURCE: `sqlite:${join(cwd, 'nowhere.db')}` }), 'HF-C003', 1)
  })

  test('a server of another kind', async () => {
    const mysql = await freshMysql('mariadb')
    refused(
      await type(['plan', '--json'], { HYPERFERRY_TARGET: mysql.url.replace(/^\w+:/, 'postgres:') }),
      'HF-C006',
      1,
    )
    refused(await type(['plan', '--json'], { HYPERFERRY_SOURCE: target.url.replace(/^\w+:/, 'mysql:') }), 'HF-C006', 1)
    writeFileSync(
      join(cwd, 'text.db'),
      'this is no database, only a rather long text without any meaning whatsoever\n'.repeat(20),
    )
    refused(await type(['plan', '--json'], { HYPERFERRY_SOURCE: `sqlite:${join(cwd, 'text.db')}` }), 'HF-C006', 1)
  })

  test('a plan file that is there is not replaced', async () => {
    await planned()
    const before = readFileSync(join(cwd, 'hyperferry.yaml'), 'utf8')
    refused(await type(['plan', '--json']), 'HF-U015', 2)
    expect(readFileSync(join(cwd, 'hyperferry.yaml'), 'utf8')).toBe(before)
  })

  test('an unknown key in the plan is refused with its line and the nearest key', async () => {
    await planned()
    edit((text) => text.replace('workers:', 'wokers:'))
    const what = refused(await type(['schema', '--yes', '--json']), 'HF-U011', 2)
    expect(what).toMatch(/hyperferry\.yaml:\d+/)
    expect(what).toContain('workers')
  })

  test('a password in the plan is refused', async () => {
    await planned()
    edit((text) => text.replace('${HYPERFERRY_TARGET}', 'postgres://me:sesame@127.0.0.1/x'))
    const ran = await type(['schema', '--yes', '--json'])
    refused(ran, 'HF-U012', 2)
    expect(ran.stdout + ran.stderr).not.toContain('sesame')
  })

  test('a plan made for another database', async () => {
    await planned()
    const other = new DatabaseSync(join(cwd, 'other.db'))
    other.exec('CREATE TABLE something_else (id INTEGER PRIMARY KEY)')
    other.close()
    refused(
      await type(['run', '--offline', '--yes', '--json'], { HYPERFERRY_SOURCE: `sqlite:${join(cwd, 'other.db')}` }),
      'HF-P021',
      2,
    )
    expect(await tables()).toEqual([])
  })

  test('another source of the same shape after the start', async () => {
    await planned()
    expect((await type(['schema', '--yes'])).exitCode).toBe(0)
    makeSource(join(cwd, 'twin.db'))
    refused(
      await type(['run', '--offline', '--yes', '--json'], { HYPERFERRY_SOURCE: `sqlite:${join(cwd, 'twin.db')}` }),
      'HF-B021',
      2,
    )
  })

  test('an edited plan after the start: structure is refused, workers are not', async () => {
    await planned()
    expect((await type(['schema', '--yes'])).exitCode).toBe(0)
    edit((text) => text.replace('workers: 4', 'workers: 2'))
    expect((await type(['schema', '--yes'])).exitCode).toBe(0)
    edit((text) => text.replace('type: double precision', 'type: real'))
    for (const command of [['check'], ['schema', '--dry-run'], ['run', '--offline', '--yes'], ['verify']]) {
      const what = refused(await type([...command, '--json']), 'HF-P020', 2)
      expect(what).toContain('tables.reading.columns.value.type')
    }
  })

  test('another name for a migration that has begun', async () => {
    await planned()
    expect((await type(['schema', '--yes'])).exitCode).toBe(0)
    edit((text) => text.replace(/^migration: .*$/m, 'migration: second'))
    for (const command of [
      ['schema', '--yes'],
      ['run', '--offline', '--yes'],
    ]) {
      const what = refused(await type([...command, '--json']), 'HF-B023', 2)
      expect(what).toContain('migration "plant"')
    }
    expect(await sql('select name from hyperferry.migration')).toEqual([{ name: 'plant' }])
  })

  test.each<[string, [string, string], [string, number], string]>([
    ['a conversion that there is not', ['type: double precision', 'type: interval'], ['HF-P022', 2], 'reading.value'],
    [
      'a default that is no SQL',
      ['type: double precision', 'type: double precision, default: "nonsense("'],
      ['HF-S012', 1],
      'column "value" of table "public"."reading"',
    ],
    [
      'a default of another type',
      ['type: text', `type: text, default: "1::point::int"`],
      ['HF-S012', 1],
      'column "name" of table "public"."device"',
    ],
  ])('%s is found before anything is made', async (_name, [before, after], [code, exit], says) => {
    await planned()
    edit((text) => text.replace(before, after))
    expect(refused(await type(['schema', '--yes', '--json']), code, exit)).toContain(says)
    expect(refused(await type(['run', '--offline', '--yes', '--json']), code, exit)).toContain(says)
    await nothingThere()
  })

  test('rules and conversions of MariaDB are tried before anything is made', async () => {
    const mysql = await freshMysql('mariadb')
    const connection = await mysqlConnection(mysql.adminUrl)
    await connection.query('create table visit (id int primary key, at datetime not null, who varchar(10))')
    await connection.end()
    const from = { HYPERFERRY_SOURCE: mysql.url }
    expect((await type(['plan'], from)).exitCode).toBe(0)
    const whole = readFileSync(join(cwd, 'hyperferry.yaml'), 'utf8')
    edit((text) => text.replace('sourceType: datetime', 'sourceType: datetime, zeroDate: 2000-02-30'))
    for (const command of [['check'], ['schema', '--yes'], ['run', '--offline', '--yes']])
      expect(refused(await type([...command, '--json'], from), 'HF-P023', 2)).toContain('2000-02-30')
    writeFileSync(join(cwd, 'hyperferry.yaml'), whole)
    edit((text) => text.replace(/type: (varchar\(10\)|text)/, 'type: integer'))
    expect(refused(await type(['schema', '--yes', '--json'], from), 'HF-P022', 2)).toContain('visit.who')
    await nothingThere()
  })

  test('a target table with rows is not touched', async () => {
    await planned()
    expect((await type(['schema', '--yes'])).exitCode).toBe(0)
    await sql(`drop schema hyperferry cascade; insert into device (id, name) values (99, 'mine')`)
    refused(await type(['run', '--offline', '--yes', '--json']), 'HF-S011', 1)
    expect(await sql('select id from device')).toEqual([{ id: '99' }])
  })

  test('rows of somebody else in a table without a key are kept, until the plan gives them away', async () => {
    const database = new DatabaseSync(join(cwd, 'plant.db'))
    database.exec(`CREATE TABLE k (a INTEGER, b TEXT); INSERT INTO k VALUES (1, 'ours')`)
    database.close()
    await planned()
    expect(readFileSync(join(cwd, 'hyperferry.yaml'), 'utf8')).toMatch(/\n  k:[^]*?mode: replace/)
    await sql(`create table k (a bigint, b text); insert into k values (7, 'theirs'), (8, 'theirs')`)
    for (const command of [
      ['schema', '--yes'],
      ['schema', '--dry-run'],
      ['run', '--offline', '--yes'],
    ])
      expect(refused(await type([...command, '--json']), 'HF-S011', 1)).toContain('"public"."k"')
    expect(await sql('select count(*)::int as n from k')).toEqual([{ n: 2 }])
    expect(await tables()).toEqual(['public.k'])

    edit((text) => text.replace(/(\n  k:[^]*?mode: replace)/, '$1\n    existingRows: delete'))
    expect((await type(['run', '--offline', '--dry-run'])).stdout).toContain('EMPTIES table k (2 rows)')
    expect((await type(['schema', '--yes'])).exitCode).toBe(0)
    expect((await type(['relational', '--dry-run'])).stdout).toContain('EMPTIES table k (2 rows)')
    expect((await type(['run', '--offline', '--yes'])).exitCode).toBe(0)
    expect(await sql('select b from k')).toEqual([{ b: 'ours' }])
    // From now on the rows are its own.
    expect((await type(['run', '--offline', '--dry-run'])).stdout).not.toContain('EMPTIES')
  })

  test('rows that come between schema and copy are not touched', async () => {
    await planned()
    expect((await type(['schema', '--yes'])).exitCode).toBe(0)
    await sql(`insert into device (id, name) values (99, 'mine')`)
    refused(await type(['relational', '--yes', '--json']), 'HF-S011', 1)
    expect(await sql('select id from device')).toEqual([{ id: '99' }])
  })

  test('a target table of the same name and another shape', async () => {
    await planned()
    await sql('create table device (id text)')
    refused(await type(['schema', '--yes', '--json']), 'HF-S010', 1)
  })

  test('a role that may not create the control schema', async () => {
    await planned()
    await sql(
      `alter database ${target.database} owner to postgres; revoke create on database ${target.database} from ${target.owner.name}; grant all on schema public to ${target.owner.name}`,
      true,
    )
    const ran = await type(['schema', '--yes', '--json'])
    refused(ran, 'HF-C013', 1)
    expect((ran.json['error'] as { hint: string }).hint).toContain('GRANT CREATE ON DATABASE')
  })

  test('without a terminal a change needs --yes', async () => {
    await planned()
    refused(await type(['run', '--offline', '--json']), 'HF-U002', 2)
    expect(await tables()).toEqual([])
  })

  test('a dry run changes nothing', async () => {
    await planned()
    for (const args of [
      ['schema', '--print-sql'],
      ['run', '--offline', '--dry-run'],
    ]) {
      const ran = await type(args)
      expect(ran.exitCode, ran.stderr).toBe(0)
      expect(ran.stdout.length).toBeGreaterThan(20)
    }
    expect(await tables()).toEqual([])
  })

  test('steps in the wrong order are told what comes first', async () => {
    await planned()
    refused(await type(['verify', '--json']), 'HF-B014', 4)
    refused(await type(['backfill', '--yes', '--json']), 'HF-S013', 4)
    expect((await type(['schema', '--yes'])).exitCode).toBe(0)
    refused(await type(['verify', '--json']), 'HF-V003', 4)
  })

  async function planned(): Promise<void> {
    const ran = await type(['plan', '--full'])
    expect(ran.exitCode, ran.stderr).toBe(0)
  }

  function edit(change: (text: string) => string): void {
    const file = join(cwd, 'hyperferry.yaml')
    const before = readFileSync(file, 'utf8')
    const after = change(before)
    expect(after).not.toBe(before)
    writeFileSync(file, after)
  }

  async function sql(text: string, asSuper = false): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: asSuper ? target.superUrl : target.url })
    await client.connect()
    try {
      return (await client.query<Record<string, unknown>>(text)).rows
    } finally {
      await client.end()
    }
  }

  /** No tables, and no books either. */
  async function nothingThere(): Promise<void> {
    expect(await tables()).toEqual([])
    expect(await sql(`select from pg_namespace where nspname = 'hyperferry'`)).toEqual([])
  }

  async function tables(): Promise<string[]> {
    const rows = await sql(
      `select schemaname || '.' || tablename as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`,
    )
    return rows.map((row) => String(row['name']))
  }
})

/** The error as a script sees it; answers its message. */
function refused(ran: Ran, code: string, exitCode: number): string {
  const { error } = ran.json as { error?: { code: string; message: string; hint: string } }
  expect(error?.code, `${ran.stderr}\n${ran.stdout}`).toBe(code)
  expect(error?.hint).not.toBe('')
  expect(ran.exitCode).toBe(exitCode)
  expect(ran.stderr).toContain(`Error (${code})`)
  expect(ran.stderr).toContain('Try: ')
  return error?.message ?? ''
}

function makeSource(file: string): void {
  const database = new DatabaseSync(file)
  database.exec(`
    CREATE TABLE device (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    INSERT INTO device VALUES (1, 'one'), (2, 'two');
    CREATE TABLE reading (device INTEGER NOT NULL, ts INTEGER NOT NULL, value REAL, PRIMARY KEY (device, ts)) WITHOUT ROWID;
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 999) INSERT INTO reading SELECT i % 2, 1700000000 + i, i / 3.0 FROM n;
  `)
  database.close()
}
