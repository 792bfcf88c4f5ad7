// Step `completion-point` on real databases: writers that register themselves, rows in both stores or in one, and what is said and kept.
import { setTimeout as sleep } from 'node:timers/promises'
import mysql from 'mysql2/promise'
import { expect, onTestFinished, test } from 'vitest'
import { FakeWriter } from '../../../../../test/live/fake-writer.ts'
import type { Reported } from '../../../../../test/live/fake-writer.ts'
import { describeWith } from '../../../../../test/servers/index.ts'
import { freshMysql, freshPg } from '../../../../../test/servers/database.ts'
import { completionPoints } from '../../../src/control/completion.ts'
import type { PlannedTable } from '../../../src/model.ts'
import { completionPoint } from '../../../src/steps/completion-point.ts'
import { schema } from '../../../src/steps/schema.ts'
import { withSession } from '../../../src/target/with-session.ts'
import { Digest } from '../../../src/values/digest.ts'
import { openLab } from '../verify/lab.ts'
import { DAY, series, stand, begin, only, codes, micros, TABLES } from './stand.ts'

const suite = await describeWith('pg17', 'mariadb')

suite('completion-point', () => {
  test('one T for all, in the unit of each; proven, kept, and the same when asked again', async () => {
    const { ctx, put, writer, run, kept } = await stand()
    await writer('w1', { clockOffsetUs: -3000, clockErrorUs: 2000 })
    const both = async (): Promise<void> => {
      for (const table of ['reading', 'raw', 'event', 'line']) await put(['source', 'target'], Date.now(), table)
    }
    let going = true
    const traffic = (async () => {
      while (going) {
        await both()
        await sleep(40)
      }
    })()
    const result = await run({ wait: true, explain: true })
    going = false
    await traffic
    expect(codes(result)).toEqual([])
    expect(result).toMatchObject({ grade: 'proven', notes: [] })
    const t = micros(result.T)
    // After the coverage, the error of the clocks and not more than a second.
    expect(t).toBeGreaterThan(micros(result.coverage) + 5000n)
    expect(t).toBeLessThanOrEqual(micros(result.coverage) + 5000n + 1_000_000n)
    expect(result.tables.map(({ name, T }) => [name, T])).toEqual(
      ['reading', 'raw', 'event', 'line'].map((name) => [name, result.T]),
    )
    expect(only(result, 'raw')?.raw).toBe(String(t / 1000n))
    expect(only(result, 'reading')?.raw).toBe(String(t))
    const points = await kept()
    expect(points.get('reading')).toMatchObject({
      instant: t,
      position: t / 1000n,
      beyondInstant: t + 365n * 86_400_000_000n,
      grade: 'proven',
      evidence: { clockErrorUs: '5000', writers: [{ name: 'w1' }] },
    })
    const { counted } = points.get('reading')!.evidence as { counted: { source: number; equal: boolean }[] }
    // Nothing ahead, and real rows since T; the row of 2106 is in neither: it is the backfill's.
    expect(counted).toMatchObject([{ source: 0, equal: true }, { equal: true }])
    expect(counted[1]?.source).toBeGreaterThan(5)
    expect(points.get('line')).toMatchObject({
      instant: t,
      evidence: { counted: expect.stringContaining('no index') as string },
    })
    expect(only(result, 'reading')?.buckets.some(({ target }) => target > 0)).toBe(true)
    expect(await run()).toMatchObject({ T: result.T, tables: result.tables.map(({ name, raw }) => ({ name, raw })) })
    // What was copied keeps its point, whatever happens to the others.
    await ctx.target.query(
      `insert into hyperferry.receipt (table_id, lane, span, digest, normaliser, columns_hash, tool, completed, finished_at)
       select id, 0, numrange(null, null), $1, 1, columns_hash, 'test', true, now() from hyperferry.migrated_table where source = 'reading'`,
      [new Digest().toString()],
    )
    await writer('w2')
    const later = await run({ wait: true })
    expect(only(later, 'reading')?.T).toBe(result.T)
    expect(micros(only(later, 'raw')?.T)).toBeGreaterThan(t)
    expect(later.notes).toEqual([expect.stringContaining('reading has been copied')])
  })

  test.each<[string, Reported | null, string[]]>([
    ['HF-T011 when nobody is known', null, ['HF-T011']],
    ['HF-T012 when a writer writes to the source alone', { dual: false }, ['HF-T012']],
    ['HF-T014 while writes are in doubt', { inDoubt: 2 }, ['HF-T014']],
    ['HF-T020 when a clock is wrong', { clockOffsetUs: 7_000_000, clockErrorUs: 1000 }, ['HF-T020']],
    [
      'HF-T019 when rows come later than declared',
      { lateness: { event: { rows: 5, minUs: 0, maxUs: 9_000_000, counts: [] } } },
      ['HF-T019'],
    ],
  ])('refuses %s, and keeps nothing', async (_, reported, expected) => {
    const { writer, run, kept, age } = await stand()
    if (reported !== null) await writer('w1', reported)
    await age('1 hour')
    const result = await run()
    expect(codes(result)).toEqual(expected)
    expect(result.T).toBeNull()
    expect(result.tables.every(({ T, raw }) => T === null && raw === null)).toBe(true)
    expect(await kept()).toEqual(new Map())
  })

  test('says everything at once: a silent writer, a missing one, parked records', async () => {
    const { ctx, writer, run, age } = await stand(TABLES, { writers: 3 })
    const w1 = await writer('w1')
    await writer('w2')
    await age('1 hour')
    await ctx.target.query(`update hyperferry.writer set heartbeat_at = now() - interval '20 seconds' where id = $1`, [
      w1.id,
    ])
    await w1.query(`select hyperferry.w1_inbox($1, $2)`, [w1.id, w1.journal])
    await w1.query(
      `select hyperferry.w1_park($1, $2, 0, '{"seq": 1, "collection": "reading", "record": {}, "reason": "x"}')`,
      [w1.id, w1.journal],
    )
    await w1.close('silent')
    await ctx.target.query(`update hyperferry.writer set heartbeat_at = now() - interval '20 seconds' where id = $1`, [
      w1.id,
    ])
    const result = await run()
    expect(codes(result)).toEqual(['HF-T011', 'HF-T013', 'HF-T014'])
  })

  test('late rows are a note where there is a key', async () => {
    const { writer, run } = await stand([series('reading', { type: 'timestamptz' })])
    await writer('w1', { lateness: { reading: { rows: 5, minUs: -500_000, maxUs: 9_000_000, counts: [] } } })
    const result = await run()
    expect(codes(result)).toEqual([])
    expect(result.notes).toEqual([expect.stringContaining('9 s late')])
    expect(micros(result.T)).toBeGreaterThan(micros(result.coverage) + 500_000n)
  })

  test(
    'HF-T017 with the time to ask again where rows have no key; with wait it comes',
    { timeout: 120_000 },
    async () => {
      const { writer, run, kept, put } = await stand(TABLES, { maxLateness: '20 seconds' })
      await writer('w1')
      const result = await run()
      expect(codes(result)).toEqual(['HF-T017'])
      expect(only(result, 'event')?.refusals[0]?.message).toMatch(/ask again then/)
      expect(await kept()).toEqual(new Map())
      await put(['source', 'target'], Date.now(), 'event')
      expect(codes(await run({ wait: true }))).toEqual([])
      expect((await kept()).size).toBe(4)
    },
  )

  test('every writer counts: the last to join, one that ended before it wrote to both, one declared by hand', async () => {
    const { ctx, writer, run, age } = await stand([series('reading', { type: 'timestamptz' })])
    await writer('w1')
    await age('1 hour')
    const before = await run()
    const single = await writer('w0', { dual: false })
    await single.close()
    const since = async (sql: string): Promise<bigint> =>
      BigInt(
        (
          await ctx.target.query<{ at: string }>(
            `select (extract(epoch from ${sql}) * 1000000)::int8::text as at from hyperferry.writer order by id desc limit 1`,
          )
        ).rows[0]?.at ?? 0,
      )
    const ended = await run()
    expect(micros(ended.coverage)).toBe(await since('closed_at'))
    expect(micros(ended.T)).toBeGreaterThan(micros(before.T))
    await writer('w2')
    expect(micros((await run()).coverage)).toBe(await since('dual_since'))
    await ctx.target.query(
      `insert into hyperferry.writer (migration_id, name, kind, facts) values ($1, 'cron', 'external', '{"maxLateness": "1 hour"}')`,
      [ctx.migrationId],
    )
    const observed = await run()
    expect(observed.grade).toBe('observed')
    expect(micros(observed.coverage)).toBe(await since('registered_at'))
  })

  test('HF-T015: somebody else writes to the source', async () => {
    const { writer, run, put, kept, source } = await stand()
    await writer('w1')
    let hidden = true
    const other = (async () => {
      while (hidden) {
        await put(['source'], Date.now())
        await put(['source', 'target'], Date.now(), 'raw')
        await sleep(100)
      }
    })()
    const result = await run({ wait: true })
    hidden = false
    await other
    expect(codes(result)).toEqual(['HF-T015'])
    expect(only(result, 'reading')?.refusals[0]?.message).toMatch(
      /rows are in the source alone \(source \d+, target 0\), from 20/,
    )
    expect(only(result, 'raw')?.refusals).toEqual([])
    expect(await kept()).toEqual(new Map())
    source.exec(`delete from reading where n > 1000`)
    expect(codes(await run({ wait: true }))).toEqual([])
  })

  test('HF-T015: and to the target', async () => {
    const { writer, run, put } = await stand()
    await writer('w1')
    await sleep(1200)
    await put(['target'], Date.now(), 'raw')
    const result = await run({ wait: true })
    expect(codes(result)).toEqual(['HF-T015'])
    expect(only(result, 'raw')?.refusals[0]?.message).toMatch(/1 row is in the target alone/)
  })

  test('HF-T016: a row stamped ahead before anybody wrote to both; the next minute too', async () => {
    const { writer, run, put } = await stand()
    const now = Date.now()
    await put(['source'], now + 5 * DAY)
    await put(['source'], now + 6 * DAY)
    await put(['source'], Date.now() + 40_000, 'raw')
    await put(['source', 'target'], now + 6 * DAY)
    await writer('w1')
    const result = await run({ wait: true })
    expect(codes(result)).toEqual(['HF-T016'])
    const day = (days: number): string => new Date(now + days * DAY).toISOString().slice(0, 10)
    expect(only(result, 'reading')?.refusals[0]?.message).toMatch(
      new RegExp(`^2 rows are in the source alone \\(source 3, target 1\\), from ${day(5)}.* to ${day(6)}`),
    )
    expect(only(result, 'raw')?.refusals[0]?.message).toMatch(/^1 row is/)
  })

  test('what is on its way is waited for', async () => {
    const { writer, run, put, source, ctx } = await stand([series('reading', { type: 'timestamptz' })])
    const w1 = await writer('w1')
    await sleep(1500)
    await put(['source'], Date.now())
    await w1.report({ pending: 1 })
    const deliver = (async () => {
      await sleep(6000)
      const [row] = source.prepare('select n, ts from reading where n > 1000').all() as { n: number; ts: number }[]
      await ctx.target.query('insert into lab.reading values ($1, to_timestamp($2::numeric / 1000))', [row?.n, row?.ts])
      await w1.report({ pending: 0 })
    })()
    const result = await run({ wait: true })
    await deliver
    expect(codes(result)).toEqual([])
    expect(result.grade).toBe('proven')
  })

  test('--set: any T that fits is taken', async () => {
    const { writer, run, age, put } = await stand()
    await writer('w1')
    await age('1 hour')
    await put(['source', 'target'], Date.now())
    const iso = (ms: number): string => new Date(ms).toISOString()
    expect(codes(await run({ set: iso(Date.now() - 2 * 3_600_000) }))).toEqual(['HF-T018'])
    expect(codes(await run({ set: iso(Date.now() + 60_000) }))).toEqual(['HF-T017'])
    await expect(run({ set: 'yesterday' })).rejects.toMatchObject({ code: 'HF-T021', exitCode: 2 })
    await expect(run({ set: '2026-11-22T14:00:00' })).rejects.toMatchObject({ code: 'HF-T021' })
    const t = Date.now() - 60_000
    const result = await run({ set: iso(t) })
    expect(codes(result)).toEqual([])
    expect(result.T).toBe(iso(t).replace('Z', '000Z'))
  })

  test('not before dual-writing was begun, not after a cutover', async () => {
    const { ctx, run } = await stand()
    await ctx.target.query(`update hyperferry.dual_write set stage = 'live', primary_store = 'target'`)
    await expect(run()).rejects.toMatchObject({ code: 'HF-W010' })
    await ctx.target.query(`update hyperferry.dual_write set stage = 'off', primary_store = 'source'`)
    await expect(run()).rejects.toMatchObject({ code: 'HF-W014' })
    await ctx.target.query(`delete from hyperferry.dual_write`)
    await expect(run()).rejects.toMatchObject({ code: 'HF-W014', exitCode: 4 })
  })

  test('an interrupt ends the waiting', async () => {
    const { ctx, writer } = await stand(TABLES, { maxLateness: '1 hour' })
    await writer('w1')
    const stop = new AbortController()
    let stopped = Infinity
    const interrupt = (): void => {
      stopped = performance.now()
      stop.abort()
    }
    // As soon as it waits: five seconds, were it not for us.
    const events: typeof ctx.events = {
      emit: (event) =>
        void (event.kind === 'note' && /older: waiting/.test(event.message) && setTimeout(interrupt, 50)),
    }
    await expect(completionPoint({ ...ctx, events, signal: stop.signal }, { wait: true })).rejects.toMatchObject({
      code: 'HF-B022',
      exitCode: 4,
    })
    expect(performance.now() - stopped).toBeLessThan(4500)
  })

  test('wall clocks, days and their zone: MariaDB in Lagos', async () => {
    const database = await freshMysql('mariadb')
    const admin = await mysql.createConnection({ uri: database.adminUrl, timezone: 'Z' })
    onTestFinished(() => admin.end())
    for (const [name, type] of [
      ['zoned', 'datetime(3)'],
      ['wall', 'datetime(6)'],
      ['days', 'date'],
    ] as const) {
      await admin.query(`create table ${name} (n bigint not null, ts ${type} not null, key (ts))`)
    }
    const { url } = await freshPg('pg17')
    const shape = (name: string, type: string): PlannedTable => ({
      ...series(name, { type }),
      columns: series(name, { type }).columns.map((each) => ({ ...each, rules: {} })),
    })
    const tables = [shape('zoned', 'timestamptz(3)'), shape('wall', 'timestamp'), shape('days', 'date')]
    await using lab = await openLab(database.url, url, tables, { timezone: 'Africa/Lagos' })
    await schema(lab.ctx)
    await begin(lab.ctx)
    const writer = await FakeWriter.join(url, 'w1')
    onTestFinished(() => writer.close('silent'))
    const ctx = { ...lab.ctx, plan: { ...lab.ctx.plan, dualWrite: { writers: 1, maxLateness: '1 second' } } }
    await sleep(2200)
    // UTC + 1 all the year.
    const wall = (ms: number): string => new Date(ms + 3_600_000).toISOString().replace('T', ' ').slice(0, 23)
    const now = Date.now()
    for (const table of ['zoned', 'wall']) {
      await admin.query(`insert into ${table} values (1, ?)`, [wall(now)])
      await lab.sql(`insert into lab.${table} values (1, '${wall(now)}${table === 'zoned' ? '+01' : ''}')`)
    }
    await admin.query(`insert into days values (1, ?)`, [wall(now).slice(0, 10)])
    const result = await completionPoint(ctx, { wait: true, explain: true })
    expect(codes(result)).toEqual([])
    const t = micros(only(result, 'zoned')?.T)
    expect(only(result, 'wall')?.T).toBe(only(result, 'zoned')?.T)
    expect(only(result, 'wall')?.raw).toBe(String(t + 3_600_000_000n))
    // Of today's rows nobody can tell which were written to both: a day belongs to the backfill as a whole.
    const day = 86_400_000_000n
    expect(only(result, 'days')?.raw).toBe(String(((t + 3_600_000_000n) / day + 1n) * day))
    const points = await withSession(ctx.target, (session) => completionPoints(session, ctx.migrationId))
    expect(points.get('zoned')).toMatchObject({ instant: t, position: t + 3_600_000_000n })
    expect(points.get('zoned')?.evidence).toMatchObject({
      counted: [{ source: 0 }, { source: 1, target: 1, equal: true }],
    })
    expect(points.get('wall')?.evidence).toMatchObject({
      counted: [{ source: 0 }, { source: 1, target: 1, equal: true }],
    })
  })
})
