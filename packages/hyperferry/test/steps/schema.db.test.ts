import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { PostgresName } from '../../../../test/servers/catalogue.ts'
import type { Plan, PlannedTable } from '../../src/model.ts'
import { installControl } from '../../src/control/install.ts'
import { completeReceipt, insertReceipt, registerTables } from '../../src/control/ledger.ts'
import { claimMigration } from '../../src/control/migration-row.ts'
import { applyDdl, compareDdl } from '../../src/target/apply.ts'
import { readHypertable, readTable } from '../../src/target/catalog.ts'
import { openTarget } from '../../src/target/connect.ts'
import type { Session, Target } from '../../src/target/connect.ts'
import { planDdl } from '../../src/target/ddl.ts'
import type { DdlStatement } from '../../src/target/ddl.ts'
import { applyPost } from '../../src/target/post.ts'
import { transaction } from '../../src/target/transaction.ts'
import { Digest } from '../../src/values/digest.ts'
import { schema } from '../../src/steps/schema.ts'
import { claimOf, opened } from '../control/claimed.ts'
import { column, planOf, relationalTable, seriesTable } from '../target/plans.ts'

const run = (target: Target, plan: Plan, dryRun = false) =>
  schema({ plan, target, events: { emit() {} }, signal: new AbortController().signal }, { dryRun })

/** Every kind of object, with names that need quoting. */
function fullPlan(target: Partial<Plan['target']> = {}): Plan {
  const device = relationalTable('Dev ice', {
    comment: `the device's "own" table \\ backslash`,
    columns: [
      column('id', 'bigint', { nullable: false, identity: true }),
      column('na"me', 'varchar(20)', { nullable: false, default: `'it''s'`, comment: 'a name' }),
      column('twice', 'bigint', { generated: 'id * 2' }),
      column('at', 'timestamp(3)', { default: 'current_timestamp(3)' }),
      column('tags', 'text[]'),
      column('flag', 'boolean', { default: 'true' }),
    ],
    keys: [
      { name: 'Dev ice_pkey', columns: ['id'], primary: true },
      { name: 'dev_name', columns: ['na"me', 'flag'], primary: false },
    ],
    indexes: [
      {
        name: 'dev_lower',
        unique: false,
        method: 'btree',
        parts: [`(lower("na""me")) desc`, 'id desc'],
        where: 'flag',
      },
      { name: 'dev_tags', unique: false, method: 'gin', parts: ['tags'], where: null },
      { name: 'dev_unique', unique: true, method: 'btree', parts: ['id', 'na"me desc'], where: null },
    ],
    checks: [{ name: 'dev_check', expression: `length("na""me") > 0 and id in (1, 2, 3)` }],
  })
  const reading = seriesTable('reading', {
    foreignKeys: [
      {
        name: 'reading_device',
        columns: ['device'],
        references: { table: 'Dev ice', columns: ['id'] },
        onDelete: 'cascade',
        onUpdate: 'no action',
      },
    ],
    columns: [
      column('device', 'bigint', { nullable: false }),
      column('ts', 'timestamptz(6)', { nullable: false }),
      column('value', 'double precision'),
    ],
  })
  return planOf([device, reading], target)
}

describe.for(['pg15', 'pg18', 'ts-2.19', 'ts-sid'] as const)('on %s', (server: PostgresName) => {
  test('makes everything once, shows it first, and finds it equal afterwards', async () => {
    const { target } = await opened(server)
    const plan = fullPlan()
    const shown = await run(target, plan, true)
    expect((await target.query(`select from pg_namespace where nspname in ('hyperferry', 'plant')`)).rowCount).toBe(0)
    expect(shown.statements?.some(({ phase }) => phase === 'post')).toBe(true)
    const made = await run(target, plan)
    expect(made.applied).toEqual(shown.applied)
    expect(made.present).toBe(0)
    const again = await run(target, plan)
    expect(again.applied).toEqual([])
    expect(again.present).toBe(made.applied.length)

    const session = await target.session()
    const hypertable = server.startsWith('ts') ? await readHypertable(session, 'plant', 'reading') : null
    expect(hypertable).toEqual(
      server.startsWith('ts') ? { column: 'ts', micros: 86_400_000_000n, integer: null } : null,
    )
    const names = plan.tables.map(({ name }) => name)
    const post = await applyPost(session, plan, names, target.capabilities)
    expect(post.notValidated).toEqual([])
    expect(post.applied.filter(({ kind }) => kind === 'index')).toHaveLength(4)
    const postAgain = await applyPost(session, plan, names, target.capabilities)
    expect(postAgain.applied.filter(({ kind }) => kind !== 'analyze' && kind !== 'sequence')).toEqual([])
    const table = await readTable(session, 'plant', 'reading')
    expect(table?.constraints.filter(({ type }) => type === 'f')).toMatchObject([{ validated: true }])
    expect((await run(target, plan)).applied).toEqual([])
    await session.release()
  })
})

describe('what is there and different is named and left alone', () => {
  const plan = planOf([
    relationalTable('t', {
      columns: [
        column('id', 'bigint', { nullable: false, identity: true }),
        column('name', 'text', { default: `'x'` }),
        column('double', 'bigint', { generated: 'id * 2' }),
      ],
      checks: [{ name: 'positive', expression: 'id > 0' }],
    }),
  ])

  test.for([
    ['alter table plant.t drop column name', 'column "name" is missing'],
    ['alter table plant.t alter column name type varchar(5)', 'character varying(5), the plan says text'],
    ['alter table plant.t alter column name set not null', 'NOT NULL yes, the plan says no'],
    [`alter table plant.t alter column name set default 'y'`, 'default'],
    ['alter table plant.t alter column id drop identity', 'identity no'],
    ['alter table plant.t alter column double drop expression', 'generation expression none'],
    ['alter table plant.t add column more int not null', 'column "more" is not in the plan'],
    ['alter table plant.t drop constraint t_pkey; alter table plant.t add primary key (id, double)', 'key "t_pkey"'],
    ['alter table plant.t add unique (name)', 'is not in the plan'],
    ['create unique index own on plant.t (lower(name))', 'unique index "own"'],
    [
      'alter table plant.t drop constraint positive; alter table plant.t add constraint positive check (id > 1)',
      'positive',
    ],
    ['drop table plant.t; create view plant.t as select 1 as id', 'it is not a table'],
  ])('%s', async ([change = '', expected = '']) => {
    const { target } = await opened('pg15')
    await run(target, plan)
    await target.query(change)
    const other = planOf([relationalTable('a_new_one'), ...plan.tables])
    const error: unknown = await run(target, other).catch((each: unknown) => each)
    expect(error).toMatchObject({ code: 'HF-S010' })
    expect(String((error as { details: { differences: string[] } }).details.differences)).toContain(expected)
    // The look comes first: no other table was made.
    expect((await target.query(`select from pg_class where relname = 'a_new_one'`)).rowCount).toBe(0)
  })

  test('what does not matter is accepted: order, spare columns, names of keys, another wording', async () => {
    const { target } = await opened('pg18')
    await target.query(`create schema plant`)
    await target.query(`create table plant.t (spare int, "name" text default ('x'), id int8 generated by default as identity,
      double bigint generated always as (2::int4 * 0 + id * 2) stored, constraint own_name primary key (id), constraint positive check ((0) < id or id > 0))`)
    await expect(run(target, plan)).rejects.toMatchObject({ code: 'HF-S010' })
    await target.query(
      'alter table plant.t drop column double; alter table plant.t add column double bigint generated always as ((id) * 2) stored',
    )
    await target.query(
      'alter table plant.t drop constraint positive; alter table plant.t add constraint positive check (((id) > (0)))',
    )
    const { applied } = await run(target, plan)
    expect(applied).toEqual([])
  })

  test('a hypertable of another column or interval, and rows that are no hypertable', async () => {
    const series = planOf([seriesTable('reading', { keys: [] })])
    const { target } = await opened('ts-sid')
    await run(target, series)
    await expect(
      run(target, planOf([seriesTable('reading', { keys: [], chunkInterval: '7 days' })])),
    ).rejects.toMatchObject({
      code: 'HF-S010',
      message: expect.stringContaining('chunk interval') as string,
    })
    await target.query('create table plant.plain (device int not null, ts timestamptz(6) not null, value float8)')
    const replace: Partial<PlannedTable> = { keys: [], mode: 'replace' }
    await target.query(`insert into plant.plain values (1, now(), 1)`)
    await expect(run(target, planOf([seriesTable('plain', replace)]))).rejects.toMatchObject({
      code: 'HF-S010',
      message: expect.stringContaining('has rows') as string,
    })
    await target.query(`delete from plant.plain`)
    expect((await run(target, planOf([seriesTable('plain', replace)]))).applied).toMatchObject([{ kind: 'hypertable' }])
  })
})

test('rows of somebody else stop either mode unless the plan gives them away; our own do not', async () => {
  const plan = planOf([relationalTable('t')])
  const { target } = await opened('pg15')
  await run(target, plan)
  await target.query(`insert into plant.t (name) values ('theirs')`)
  await expect(run(target, plan)).rejects.toMatchObject({ code: 'HF-S011' })
  await expect(run(target, planOf([relationalTable('t', { mode: 'replace' })]))).rejects.toMatchObject({
    code: 'HF-S011',
  })
  for (const mode of ['merge', 'replace'] as const) {
    const given = planOf([relationalTable('t', { mode, existingRows: 'delete' })])
    expect((await run(target, given, true)).emptied).toEqual([{ table: 't', rows: '1' }])
    await run(target, given)
  }
  expect((await target.query('select from plant.t')).rows).toHaveLength(1)

  const session = await target.session()
  await installControl(session)
  const { migrationId } = await claimMigration(session, claimOf(plan, target))
  const ids = await registerTables(session, migrationId, plan.tables)
  await expect(run(target, plan)).rejects.toMatchObject({ code: 'HF-S011' })
  await leaveReceipt(session, ids.get('t')!)
  expect((await run(target, plan)).applied).toEqual([])
  await session.release()
})

async function leaveReceipt(session: Session, tableId: number): Promise<void> {
  const whole = { from: null, to: null }
  await transaction(session, async () => {
    const id = await insertReceipt(session, tableId, { lane: 0, span: whole })
    const digest = new Digest().toString()
    await completeReceipt(session, id, { lane: 0, span: whole, rows: 1, quarantined: 0, digest, losses: [], bytes: 0 })
  })
}

test('a foreign key that the rows break stays NOT VALID and is named; mended, it is validated', async () => {
  const { target } = await opened('pg15')
  const plan = fullPlan()
  await run(target, plan)
  const session = await target.session()
  await session.query(`insert into plant.reading values (7, now(), 1)`)
  const first = await applyPost(session, plan, ['reading'], target.capabilities)
  expect(first.notValidated).toMatchObject([{ table: 'reading', name: 'reading_device' }])
  const again = await applyPost(session, plan, ['reading'], target.capabilities)
  expect(again.notValidated).toHaveLength(1)
  await session.query('delete from plant.reading')
  expect((await applyPost(session, plan, ['reading'], target.capabilities)).notValidated).toEqual([])
  expect((await run(target, plan)).applied).toEqual([])
  await session.release()
})

test.for(['pg15', 'pg18'] as const)(
  'a foreign key of a partitioned table is made, or left out and named: %s',
  async (server) => {
    const { target } = await opened(server)
    const full = fullPlan()
    const plan = planOf(full.tables.map((table) => ({ ...table, chunkInterval: null })))
    await run(target, planOf([relationalTable('other')]))
    const session = await target.session()
    await session.query(`create table plant.reading (device bigint not null, ts timestamptz(6) not null, value float8,
      constraint reading_pkey primary key (device, ts)) partition by range (ts);
    create table plant.reading_all partition of plant.reading default`)
    await run(target, plan)
    await session.query(`insert into plant.reading values (7, now(), 1)`)
    const first = await applyPost(session, plan, ['reading'], target.capabilities)
    expect(first.notValidated).toMatchObject([{ table: 'reading', name: 'reading_device', absent: true }])
    await session.query('delete from plant.reading')
    expect((await applyPost(session, plan, ['reading'], target.capabilities)).notValidated).toEqual([])
    expect((await readTable(session, 'plant', 'reading'))?.constraints).toContainEqual(
      expect.objectContaining({ name: 'reading_device', validated: true }),
    )
    await session.release()
  },
)

test('a lock that somebody keeps is waited for, but not for ever', async () => {
  const { target } = await opened('pg15')
  const plan = planOf([relationalTable('t')])
  await run(target, plan)
  const [reader, session] = [await target.session(), await target.session()]
  await reader.query('begin; select from plant.t')
  const statement = {
    ...planDdl(plan, target.capabilities)[1]!,
    sql: 'alter table plant.t add x int',
    expect: { what: 'nothing' } as const,
  }
  await expect(applyDdl(session, [statement])).rejects.toMatchObject({ code: 'HF-S015', exitCode: 4 })
  await reader.query('rollback')
  await applyDdl(session, [statement])
  await session.release()
}, 45_000)

test('sequences go above what is there, and never back', async () => {
  const { target } = await opened('pg15')
  const plan = planOf([relationalTable('empty'), relationalTable('full'), relationalTable('minus')])
  await run(target, plan)
  const session = await target.session()
  await session.query(`insert into plant.full values (41, 'a'); insert into plant.minus values (-5, 'b')`)
  const next = async (name: string): Promise<unknown> =>
    (await session.query(`insert into plant."${name}" (name) values ('n') returning id`)).rows[0]
  await applyPost(session, plan, ['empty', 'full', 'minus'], target.capabilities)
  expect([await next('empty'), await next('full'), await next('minus')]).toEqual([
    { id: '1' },
    { id: '42' },
    { id: '1' },
  ])
  await session.query('delete from plant.full')
  await applyPost(session, plan, ['full'], target.capabilities)
  expect(await next('full')).toEqual({ id: '43' })
  await session.release()
})

test('tables belong to the owner that the plan names, or the refusal says what to grant', async () => {
  const { target, database } = await opened('ts-sid')
  const owner = `${database.database}_app`
  const admin = await openTarget(database.superUrl, {
    connections: 1,
    signal: new AbortController().signal,
  })
  await admin.query(`create role "${owner}"`)
  const plan = planOf([seriesTable('reading'), relationalTable('device')], { owner })
  await expect(run(target, plan)).rejects.toMatchObject({ code: 'HF-S012', sqlstate: '42501' })
  await admin.query(`grant "${owner}" to "${database.owner.name}"`)
  await run(target, plan)
  expect((await run(target, plan)).applied).toEqual([])
  const { rows } = await target.query(`select tableowner::text as owner from pg_tables where schemaname = 'plant'`)
  expect(rows).toEqual([{ owner }, { owner }])
  await admin.query(`drop owned by "${owner}" cascade`)
  await admin.query(`drop role "${owner}"`)
  await admin.close()
})

test.for(['schema.after-table:1', 'schema.after-table:2', 'schema.before-done'])(
  'killed at %s, it goes on where it was',
  async (failpoint) => {
    const { target, database } = await opened('pg15')
    const plan = fullPlan()
    const child = join(import.meta.dirname, 'schema-child.ts')
    const env = { ...process.env, HYPERFERRY_FAILPOINT: failpoint }
    const killed = spawnSync(process.execPath, [child, database.url, JSON.stringify(plan)], { env })
    expect(killed.signal).toBe('SIGKILL')
    const rest = await run(target, plan)
    expect(rest.present).toBeGreaterThan(0)
    expect(rest.applied.map(({ table }) => table)).not.toContain('Dev ice')
    const again = await run(target, plan)
    expect(again.applied).toEqual([])
    expect(again.present).toBe(rest.present + rest.applied.length)
  },
)

test('an interrupted run keeps whole tables and goes on', async () => {
  const { target } = await opened('pg15')
  const controller = new AbortController()
  const plan = fullPlan()
  const events = { emit: () => controller.abort() }
  await expect(schema({ plan, target, events, signal: controller.signal })).rejects.toMatchObject({ code: 'HF-B022' })
  const rest = await run(target, plan)
  expect(new Set(rest.applied.map(({ table }) => table))).toEqual(new Set(['reading']))
})

test('a look at many tables holds no more locks than a look at one', async () => {
  const { target } = await opened('pg15')
  const plan = planOf(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => relationalTable(name)))
  await run(target, plan)
  const session = await target.session()
  const most = async (statements: DdlStatement[]): Promise<number> => {
    let locks = 0
    const watched: Session = {
      pid: session.pid,
      state: 'idle',
      async query(sql, params) {
        const { rows } = await session.query<{ n: string }>(
          `select count(*) as n from pg_locks where pid = pg_backend_pid() and mode = 'AccessExclusiveLock'`,
        )
        locks = Math.max(locks, Number(rows[0]?.n))
        return session.query(sql, params)
      },
      texts: (sql, params) => session.texts(sql, params),
      copyIn: (sql, chunks) => session.copyIn(sql, chunks),
      copyOut: (sql, onChunk) => session.copyOut(sql, onChunk),
      release: () => session.release(),
    }
    await compareDdl(watched, statements)
    return locks
  }
  const statements = planDdl(plan, target.capabilities).filter(({ phase }) => phase === 'pre')
  const one = await most(statements.filter(({ table }) => table === 'a'))
  expect(one).toBeGreaterThan(0)
  expect(await most(statements)).toBe(one)
})
