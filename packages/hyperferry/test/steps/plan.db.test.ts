// The whole step on a SQLite file and a real server.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { freshPg } from '../../../../test/servers/database.ts'
import { describeWith } from '../../../../test/servers/index.ts'
import { writePlan } from '../../src/config/plan-file.ts'
import { openSource } from '../../src/source/registry.ts'
import type { Source } from '../../src/source/source.ts'
import { check } from '../../src/steps/check.ts'
import { makePlan } from '../../src/steps/plan.ts'
import type { PlanOptions, PlanResult } from '../../src/steps/plan.ts'
import { openTarget } from '../../src/target/connect.ts'
import type { Target } from '../../src/target/connect.ts'
import type { ProgressEvent } from '../../src/work/events.ts'

const SQL = `
  create table device (id integer primary key, name text not null);
  create table reading (device_id integer not null references device, ts text not null, v real, primary key (device_id, ts)) without rowid;
  create table note (body text);
  create view everything as select * from reading;
  insert into device values (1, 'a'), (2, 'b');
  with recursive n(i) as (select 0 union all select i + 1 from n where i < 29999)
    insert into reading select 1 + i % 2, strftime('%Y-%m-%d %H:%M:%S', 1700000000 + i * 60, 'unixepoch'), i / 7.0 from n;
  insert into note values ('x'), (null);
`

interface Both {
  source: Source
  target: Target
  superUrl: string
  owner: string
}

async function both(server: 'pg18' | 'ts-2.19'): Promise<Both> {
  const folder = mkdtempSync(join(tmpdir(), 'hf-plan-'))
  const file = join(folder, 'plant.db')
  const database = new DatabaseSync(file)
  database.exec(SQL)
  database.close()
  const { url, superUrl, owner } = await freshPg(server)
  const signal = AbortSignal.timeout(60_000)
  const source = await openSource(`sqlite:${file}`, { timezone: 'UTC', connections: 1, signal })
  const target = await openTarget(`${url}?sslmode=disable`, { connections: 2, signal })
  onTestFinished(async () => {
    await source.close()
    await target.close()
    rmSync(folder, { recursive: true })
  })
  return { source, target, superUrl, owner: owner.name }
}

function plan(
  { source, target }: Both,
  options: Partial<PlanOptions> = {},
  events: ProgressEvent[] = [],
): Promise<PlanResult> {
  const signal = AbortSignal.timeout(60_000)
  return makePlan({
    source,
    target,
    signal,
    events: { emit: (event) => void events.push(event) },
    options: { full: false, ...options },
  })
}

const describe = await describeWith('pg18', 'ts-2.19')

describe('plan', () => {
  test('tells the series from the rest, twice the same, with a measured forecast', async () => {
    const databases = await both('ts-2.19')
    const events: ProgressEvent[] = []
    const result = await plan(databases, {}, events)
    const byName = new Map(result.plan.tables.map((table) => [table.name, table]))
    expect([...byName.keys()]).toEqual(['device', 'note', 'reading'])
    expect(byName.get('reading')).toMatchObject({
      kind: 'timeseries',
      time: { column: 'ts', unit: null },
      mode: 'merge',
    })
    expect(byName.get('reading')?.foreignKeys).toHaveLength(1)
    expect(byName.get('device')).toMatchObject({ kind: 'relational', axis: 'id' })
    expect(byName.get('note')).toMatchObject({ kind: 'relational', mode: 'replace' })
    expect(result.findings.map(({ code, message }) => `${code} ${message}`)).toContainEqual(
      expect.stringMatching(/^HF-P312 view everything/),
    )
    expect(result.forecast).toMatchObject({ rows: 30_004, measured: 'write' })
    expect(result.forecast.sampledRows).toBeGreaterThan(1000)
    expect(events.filter(({ kind }) => kind === 'table-done')).toHaveLength(3)
    const again = await plan(databases)
    expect(writePlan(again.plan, again.findings)).toBe(writePlan(result.plan, result.findings))
    // Nothing was left behind.
    const { rows } = await databases.target.query("select from pg_class where relname = 'hyperferry_sample'")
    expect(rows).toHaveLength(0)
  })

  test('is made without the right to temporary tables, and says so', async () => {
    const databases = await both('pg18')
    const name = new URL(databases.superUrl).pathname.slice(1)
    const admin = await openTarget(`${databases.superUrl}?sslmode=disable`, {
      connections: 1,
      signal: AbortSignal.timeout(60_000),
    })
    await admin.query(`revoke temp on database ${name} from public`)
    await admin.query(`alter database ${name} owner to current_user`)
    await admin.close()
    const { forecast, findings } = await plan(databases)
    expect(forecast.measured).toBe('read')
    expect(findings.map(({ code }) => code)).toContain('HF-P313')
  })

  test('keeps passwords out and refuses tables that do not exist', async () => {
    const databases = await both('pg18')
    const { plan: made } = await plan(databases, {
      sourceUrl: 'mysql://u:hunter22@h/d',
      targetUrl: 'postgres://u@h/d',
      exclude: ['note'],
    })
    expect(made.source.url).toBe('${HYPERFERRY_SOURCE}')
    expect(made.target.url).toBe('postgres://u@h/d')
    expect(made.exclude).toEqual(['note'])
    await expect(plan(databases, { exclude: ['notes'] })).rejects.toMatchObject({
      code: 'HF-U001',
      hint: 'Did you mean note?',
    })
    await expect(plan(databases, { include: [], exclude: [] })).rejects.toMatchObject({ code: 'HF-P024' })
    const aborted = makePlan({
      ...databases,
      signal: AbortSignal.abort(),
      events: { emit: () => {} },
      options: { full: false },
    })
    await expect(aborted).rejects.toMatchObject({ code: 'HF-B022' })
  })

  test('a person may decide the kind', async () => {
    const databases = await both('ts-2.19')
    const { plan: made } = await plan(databases, { kinds: { reading: 'relational' } })
    expect(made.tables.find(({ name }) => name === 'reading')).toMatchObject({
      kind: 'relational',
      time: null,
      chunkInterval: null,
    })
  })
})

describe('check', () => {
  test('joins both sides and the connections the plan needs', async () => {
    const databases = await both('pg18')
    const { plan: made } = await plan(databases)
    const good = await check({ ...databases, plan: made })
    expect(good.checks.filter(({ ok, severity }) => !ok && severity === 'error')).toEqual([])
    expect(good.ok).toBe(true)
    const greedy = { ...made, backfill: { ...made.backfill, workers: 100_000 } }
    const bad = await check({ ...databases, plan: greedy })
    expect(bad.ok).toBe(false)
    expect(bad.checks.filter(({ ok }) => !ok)).toEqual([
      expect.objectContaining({ code: 'HF-C010', hint: expect.stringContaining('backfill.workers') }),
    ])
    expect((await check({ ...databases, plan: null })).ok).toBe(true)
  })
})
