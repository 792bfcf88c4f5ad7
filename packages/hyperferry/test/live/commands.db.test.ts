// stage, writers, journal and status as a person uses them: each twice, and in the wrong order.
import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import mysql from 'mysql2/promise'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { mysql2Store } from '@hyperferry/dual-write/mysql2'
import { sqliteStore } from '@hyperferry/dual-write/sqlite'
import { encodeRecord } from '@hyperferry/dual-write/interpreter'
import { freshMysql, freshPg } from '../../../../test/servers/database.ts'
import { describeWith } from '../../../../test/servers/index.ts'
import {
  declareWriter,
  grantWriter,
  HyperferryError,
  journalDeclareLost,
  listParkedRecords,
  makePlanFile,
  runOffline,
  schema,
  setStage,
  settleParkedRecords,
  showStage,
  stageNamed,
  status,
} from '../../src/index.ts'
import { markerSql } from '../../src/steps/writers.ts'

const suite = await describeWith('pg17', 'mariadb')

interface World {
  options: { planFile: string; env: Record<string, string> }
  source: DatabaseSync
  target: pg.Client
  query: <R extends object = Record<string, unknown>>(sql: string, params?: unknown[]) => Promise<R[]>
}

/** A source with a time series that has a key, one that has none, and a table beside. */
async function world(): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'hyperferry-live-'))
  const file = join(folder, 'plant.db')
  const source = new DatabaseSync(file)
  source.exec(`
    create table device (id integer primary key, name text);
    create table reading (device integer not null, ts integer not null, v real, primary key (device, ts));
    create table event (at integer not null, what text not null);
    create index event_at on event (at);
    insert into device values (1, 'a');
    insert into reading values (1, 1000, 1.5), (1, 2000, 2.5);
    insert into event values (1000, 'x')`)
  const database = await freshPg('pg17')
  const planFile = join(folder, 'hyperferry.yaml')
  const env = { SOURCE: `sqlite:${file}`, TARGET: database.url }
  await makePlanFile({ source: '${SOURCE}', target: '${TARGET}', out: planFile, env })
  let text = readFileSync(planFile, 'utf8').replace(/^migration: .*/m, 'migration: test')
  for (const [table, time] of [
    ['reading', 'ts'],
    ['event', 'at'],
  ] as const) {
    text = text.replace(
      new RegExp(`^  ${table}:\\n(?:    #.*\\n)*    kind: relational.*\\n`, 'm'),
      `  ${table}:\n    kind: timeseries\n    time: { column: ${time}, unit: ms }\n`,
    )
  }
  writeFileSync(planFile, text)
  expect(text.match(/kind: timeseries/g)).toHaveLength(2)
  const target = new pg.Client(database.url)
  await target.connect()
  onTestFinished(async () => {
    await target.end()
    source.close()
    rmSync(folder, { recursive: true })
  })
  const query: World['query'] = async <R extends object>(sql: string, params?: unknown[]) =>
    (await target.query<R>(sql, params)).rows
  return { options: { planFile, env }, source, target, query }
}

const refused = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof HyperferryError ? error.code : String(error)),
  )

const gates = async ({ options }: World): Promise<Record<string, boolean>> =>
  Object.fromEntries((await status(options)).gates.map(({ code, ok }) => [code, ok]))

/** A process with the library, as far as the control schema knows. */
async function registered({ query }: World, name: string): Promise<{ id: string; journal: string }> {
  const journal = randomUUID()
  const writer = { name, journal, incarnation: randomUUID(), contract: 1, library: '0' }
  const [row] = await query<{ answer: { writerId: string } }>('select hyperferry.w1_register($1, $2) as answer', [
    'test',
    JSON.stringify(writer),
  ])
  return { id: row?.answer.writerId ?? '', journal }
}

const beats = ({ query }: World, id: string, state: object = {}) =>
  query('select hyperferry.w1_heartbeat($1, $2)', [id, JSON.stringify(state)])

suite('the live line from the command line', () => {
  test('stage: in order only, and twice the same', async () => {
    const here = await world()
    const { options, query } = here
    expect(await refused(showStage(options))).toBe('HF-B014')
    expect(await refused(setStage({ ...options, to: 'dualwrite' }))).toBe('HF-S013')
    await schema(options)
    const before = await status(options)
    expect(before).toMatchObject({ stage: 'off', epoch: 0, primary: 'source', writers: [] })
    expect(Object.keys(await gates(here))).toEqual(['HF-V003', 'HF-B012', 'HF-V001'])
    for (const to of ['live', 'complete', 'shadow'] as const) {
      expect(await refused(setStage({ ...options, to }))).toBe('HF-W010')
    }
    expect(() => stageNamed('dual')).toThrow(expect.objectContaining({ code: 'HF-U001' }) as Error)

    await setStage({ ...options, to: 'dualwrite', dryRun: true })
    await setStage({ ...options, to: 'dualwrite', confirm: async () => false })
    expect(await query('select from hyperferry.dual_write')).toEqual([])
    expect(await setStage({ ...options, to: 'dualwrite' })).toMatchObject({ stage: 'dualwrite', epoch: 1 })
    expect(await setStage({ ...options, to: 'dualwrite' })).toMatchObject({
      stage: 'dualwrite',
      epoch: 1,
      notes: [expect.stringMatching(/already/)],
    })
    for (const to of ['live', 'complete', 'shadow'] as const) {
      expect(await refused(setStage({ ...options, to }))).toBe('HF-W010')
    }
    expect(await status(options)).toMatchObject({ stage: 'dualwrite', epoch: 1, primary: 'source' })
    expect(await gates(here)).toMatchObject({ 'HF-T010': false, 'HF-T013': true, 'HF-W013': true, 'HF-G017': true })

    await setStage({ ...options, to: 'off' })
    expect(await setStage({ ...options, to: 'off' })).toMatchObject({ stage: 'off', epoch: 2 })
    expect(Object.keys(await gates(here))).not.toContain('HF-T010')
    await setStage({ ...options, to: 'dualwrite' })
    expect(await showStage(options)).toMatchObject({ stage: 'dualwrite', epoch: 3 })
  })

  test('stage dualwrite meets rows of somebody else, off meets history', async () => {
    const here = await world()
    const { options, query } = here
    await schema(options)
    await query('insert into public.event values (5, $1)', ['theirs'])
    expect(await refused(setStage({ ...options, to: 'dualwrite' }))).toBe('HF-S011')
    await query('delete from public.event')
    await setStage({ ...options, to: 'dualwrite' })
    const [table] = await query<{ id: number }>(`select id from hyperferry.migrated_table where source = 'reading'`)
    await query(
      `insert into hyperferry.receipt (table_id, lane, span, normaliser, digest, columns_hash, tool, completed, finished_at)
       values ($1, 0, '(,5)', 1, 'hf1:0:0:0:0:0', 'h', '0', true, now())`,
      [table?.id],
    )
    expect(await refused(setStage({ ...options, to: 'off' }))).toBe('HF-W010')
    expect(await showStage(options)).toMatchObject({ stage: 'dualwrite' })
  })

  test('stage off waits for every writer and forgets since when they write to both', async () => {
    const here = await world()
    const { options, query } = here
    await schema(options)
    await setStage({ ...options, to: 'dualwrite' })
    const { id } = await registered(here, 'ingest-1')
    await beats(here, id, { dual: true, stage: 'dualwrite' })
    const answers = async (barrier: number, inDoubt: number) => beats(here, id, { dual: true, barrier, inDoubt })
    await answers(0, 0)
    const going = setStage({ ...options, to: 'off' })
    await new Promise((resolve) => setTimeout(resolve, 700))
    expect(await query('select stage from hyperferry.dual_write')).toEqual([{ stage: 'dualwrite' }])
    await answers(1, 2)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(await query('select stage from hyperferry.dual_write')).toEqual([{ stage: 'dualwrite' }])
    await answers(1, 0)
    expect(await going).toMatchObject({ stage: 'off', writers: [{ name: 'ingest-1', dualSince: null }] })
  })

  test('writers: declared, stopped, unknown', async () => {
    const here = await world()
    const { options } = here
    await schema(options)
    const declare = (name: string, more: { maxLateness?: string; stopped?: boolean } = {}) =>
      declareWriter({ ...options, name, maxLateness: more.maxLateness ?? null, stopped: more.stopped ?? false })
    await declare('import', { maxLateness: '1 day' })
    await declare('import', { maxLateness: '2 days' })
    const { writers } = await showStage(options)
    expect(writers).toMatchObject([
      { name: 'import', kind: 'external', state: 'declared', facts: { maxLateness: '2 days' } },
    ])
    await declare('import', { stopped: true })
    expect((await showStage(options)).writers).toEqual([])
    expect(await refused(declare('import', { stopped: true }))).toBe('HF-W011')
    expect(await refused(declare('other', { stopped: true }))).toBe('HF-W011')
  })

  test('a journal is given up only when its writer is silent; then everything has to be verified', async () => {
    const here = await world()
    const { options, query } = here
    await schema(options)
    await setStage({ ...options, to: 'dualwrite' })
    const { id } = await registered(here, 'ingest-1')
    const lost = () => refused(journalDeclareLost({ ...options, name: 'ingest-1' }))
    expect(await refused(journalDeclareLost({ ...options, name: 'nobody' }))).toBe('HF-W011')
    expect(await lost()).toBe('HF-W010')
    expect(await gates(here)).toMatchObject({ 'HF-T013': true, 'HF-G017': true })
    await query(`update hyperferry.writer set heartbeat_at = now() - interval '20 seconds' where id = $1`, [id])
    expect(await gates(here)).toMatchObject({ 'HF-T013': false })
    expect(await lost()).toBe('done')
    expect(await lost()).toBe('HF-W011')
    expect(await gates(here)).toMatchObject({ 'HF-T013': true, 'HF-G017': false })
    const [window] = await query<{ long: boolean }>(
      `select to_at - from_at between '79 seconds' and '100 seconds' as long from hyperferry.suspect_window`,
    )
    expect(window).toEqual({ long: true })
  })

  test('only a verify of everything that began later closes a suspect window', async () => {
    const here = await world()
    const { options, query } = here
    await schema(options)
    await setStage({ ...options, to: 'dualwrite' })
    const { id } = await registered(here, 'ingest-1')
    await query(`select hyperferry.w1_suspect($1, 'reading', 0, 'outcome unknown')`, [id])
    const series = [
      { source: 'reading', equal: true, partial: false },
      { source: 'event', equal: true, partial: false },
    ]
    const verified = async (output: object, when = 'clock_timestamp()') => {
      await query(
        `insert into hyperferry.step (migration_id, step, status, tool, plan_hash, started_at, finished_at, output)
         select id, 'verify', 'done', '0', 'h', ${when}, clock_timestamp(), $1 from hyperferry.migration`,
        [JSON.stringify(output)],
      )
      return (await gates(here))['HF-G017']
    }
    const good = { equal: true, level: 'digest', tables: series }
    expect(await verified(good, "clock_timestamp() - interval '1 hour'")).toBe(false)
    expect(await verified({ ...good, equal: false })).toBe(false)
    expect(await verified({ ...good, level: 'count' })).toBe(false)
    expect(await verified({ ...good, tables: series.slice(0, 1) })).toBe(false)
    expect(await verified({ ...good, tables: series.map((one) => ({ ...one, partial: true })) })).toBe(false)
    expect(await verified(good)).toBe(true)
    await query(`select hyperferry.w1_suspect($1, 'reading', 0, 'again')`, [id])
    expect((await gates(here))['HF-G017']).toBe(false)
  })

  test('parked: shown without values, delivered once the cause is mended, given up', async () => {
    const here = await world()
    const { options, query } = here
    await schema(options)
    expect(await listParkedRecords(options)).toEqual({ open: 0, records: [] })
    await setStage({ ...options, to: 'dualwrite' })
    const { id, journal } = await registered(here, 'ingest-1')
    let number = 0
    const park = async (collection: string, columns: string[], rows: (bigint | number | string)[][]) => {
      await query('select hyperferry.w1_inbox($1, $2)', [id, journal])
      const record = encodeRecord({ collection, columns, rows, at: 0n, low: null, marked: true })
      const op = `{"seq":${number + 1},"collection":"${collection}","sqlstate":"23514","reason":"violates check","record":${record}}`
      await query('select hyperferry.w1_park($1, $2, $3, $4)', [id, journal, number++, op])
    }
    await park(
      'reading',
      ['device', 'ts', 'v'],
      [
        [7n, 5000n, 9412.25],
        [7n, 6000n, -0.5],
      ],
    )
    await park('event', ['at', 'what'], [[7000n, 'secret']])
    expect(await gates(here)).toMatchObject({ 'HF-W013': false })
    const shown = await listParkedRecords(options)
    expect(shown).toMatchObject({
      open: 2,
      records: [
        { table: 'reading', rows: 2, sqlstate: '23514', keys: [{ device: '7', ts: '5000' }, { ts: '6000' }] },
        { table: 'event', rows: 1, keys: [{ at: '7000' }] },
      ],
    })
    expect(JSON.stringify(shown)).not.toMatch(/9412\.25|secret/)
    expect(JSON.stringify(await listParkedRecords({ ...options, showValues: true }))).toMatch(/9412\.25.*secret/)
    const [first, second] = shown.records.map((one) => Number(one.id))

    const requeue = (ids: (number | undefined)[] = []) =>
      settleParkedRecords({ ...options, how: 'requeue', ids: ids.filter((one) => one !== undefined) })
    expect(await refused(requeue([999]))).toBe('HF-W015')
    await query('alter table public.reading add constraint odd check (v > 0)')
    // Nothing of a record that is refused is kept, and the others are delivered.
    expect(await requeue()).toMatchObject({
      settled: [{ table: 'event', outcome: 'delivered' }],
      left: [{ id: String(first), sqlstate: '23514' }],
      exitCode: 4,
    })
    expect(await query('select from public.reading')).toEqual([])
    expect(await query('select at::text, what from public.event')).toEqual([{ at: '7000', what: 'secret' }])
    await query('alter table public.reading drop constraint odd')
    // One of its rows is there already.
    await query('insert into public.reading values (7, 5000, 9412.25)')
    const [table] = await query<{ id: number }>(`select id from hyperferry.migrated_table where source = 'reading'`)
    await query(
      `insert into hyperferry.completion_point (table_id, t, instant, position, beyond_instant, beyond_position, grade, evidence)
       values ($1, now(), 5500, 5500, 9000, 9000, 'proven', '{}')`,
      [table?.id],
    )
    await settleParkedRecords({ ...options, how: 'requeue', dryRun: true })
    expect(await requeue([first])).toMatchObject({ settled: [{ outcome: 'delivered' }], left: [], exitCode: 0 })
    expect(await query('select v from public.reading order by ts')).toEqual([{ v: 9412.25 }, { v: -0.5 }])
    expect(await query('select span::text, rows from hyperferry.late_op')).toEqual([{ span: '[5000,5000]', rows: 1 }])
    expect(await refused(requeue([first]))).toBe('HF-W015')
    expect(await refused(requeue([second]))).toBe('HF-W015')
    expect(await requeue()).toMatchObject({ settled: [], left: [] })
    expect(await gates(here)).toMatchObject({ 'HF-W013': true, 'HF-G017': true })

    await park('event', ['at', 'what'], [[8000n, 'gone']])
    expect(await settleParkedRecords({ ...options, how: 'discard' })).toMatchObject({
      settled: [{ outcome: 'discarded' }],
    })
    expect(await query('select from public.event')).toHaveLength(1)
    expect(await gates(here)).toMatchObject({ 'HF-W013': true, 'HF-G017': false })
  })

  test('what the source refused goes back to the outbox, in stage live only', async () => {
    const here = await world()
    const { options, query } = here
    await schema(options)
    await setStage({ ...options, to: 'dualwrite' })
    const { id } = await registered(here, 'ingest-1')
    const live = (to: string, primary: string) =>
      query('update hyperferry.dual_write set stage = $1, primary_store = $2', [to, primary])
    await live('live', 'target')
    const record = encodeRecord({
      collection: 'event',
      columns: ['at', 'what'],
      rows: [[1n, 'x']],
      at: 0n,
      low: null,
      marked: true,
    })
    await query('select hyperferry.w1_outbox($1, 1, $2)', [id, `[${record}]`])
    const [row] = await query<{ id: string }>('select id from hyperferry.outbox')
    await query('select hyperferry.w1_outbox_park($1, $2, $3)', [id, row?.id, '{"collection":"event","reason":"no"}'])
    expect(await query('select from hyperferry.outbox')).toEqual([])
    await live('dualwrite', 'source')
    expect(await refused(settleParkedRecords({ ...options, how: 'requeue' }))).toBe('HF-W010')
    await live('live', 'target')
    expect(await settleParkedRecords({ ...options, how: 'requeue' })).toMatchObject({
      settled: [{ outcome: 'back in the outbox' }],
    })
    const [again] = await query<{ id: string; record: object }>('select id, record from hyperferry.outbox')
    expect(again?.record).toEqual(JSON.parse(record))
    expect(again?.id).not.toBe(row?.id)
  })

  test('grant: twice, for a role that is there; the marker table is what the library wants', async () => {
    const { options, query, source } = await world()
    await schema(options)
    expect(await refused(grantWriter({ ...options, role: 'nobody_of_this_name' }))).toMatch(/^HF-S01/)
    const [me] = await query<{ me: string }>('select current_user::text as me')
    await grantWriter({ ...options, role: me?.me ?? '' })
    await grantWriter({ ...options, role: me?.me ?? '' })
    const told = await grantWriter({ ...options, role: 'app', dryRun: true })
    const { sql } = 'preview' in told ? told.preview : { sql: [] }
    expect(sql.join('\n')).toContain('grant execute on function hyperferry.w1_heartbeat(bigint, json) to "app";')
    expect(sql.join('\n')).toMatch(/^-- create table if not exists hyperferry_op/m)

    const sqlite = sqliteStore(source)
    expect(await sqlite.prepare()).toEqual({ markers: false })
    for (const statement of markerSql('sqlite', 'app'))
      for (let twice = 0; twice < 2; twice += 1) source.exec(statement)
    expect(await sqlite.prepare()).toEqual({ markers: true })

    const database = await freshMysql('mariadb')
    const pool = mysql.createPool(database.adminUrl)
    onTestFinished(() => pool.end())
    await pool.query(`create user '${database.reader.name}_app'@'%' identified by 'app'`)
    for (const statement of markerSql('mysql', `${database.reader.name}_app`)) {
      for (let twice = 0; twice < 2; twice += 1) await pool.query(statement)
    }
    const url = new URL(database.adminUrl)
    url.username = `${database.reader.name}_app`
    url.password = 'app'
    const app = mysql.createPool(url.href)
    onTestFinished(async () => {
      await app.end()
      await pool.query(`drop user '${database.reader.name}_app'@'%'`)
    })
    expect(await mysql2Store(app).prepare()).toEqual({ markers: true })
  })

  test('an offline migration is what it was: no gate of the live line', async () => {
    const here = await world()
    const { options } = here
    expect(await runOffline(options)).toMatchObject({ verified: true })
    expect(Object.keys(await gates(here))).toEqual(['HF-V003', 'HF-B012', 'HF-V001'])
  })
})
