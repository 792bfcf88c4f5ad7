// Steps `relational` and `backfill` as a whole: what they answer, refuse and leave behind. What kills do to them is in test/faults.
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { drive } from '../../../../test/faults/drive.ts'
import type { Drive } from '../../../../test/faults/drive.ts'
import { findings } from '../../../../test/faults/findings.ts'
import { withQueries } from '../../../../test/faults/mutants.ts'
import { makeWorld } from '../../../../test/faults/world.ts'
import type { World } from '../../../../test/faults/world.ts'
import { freshPg } from '../../../../test/servers/database.ts'
import { describeWith } from '../../../../test/servers/index.ts'
import type { PlannedTable } from '../../src/model.ts'
import type { StepContext } from '../../src/steps/context.ts'

const describe = await describeWith('pg17', 'ts-2.19')

interface Stand {
  world: World
  run: Drive
  ask: <T extends pg.QueryResultRow>(sql: string) => Promise<T[]>
  source: (sql: string) => void
  table: (name: string) => PlannedTable
}

async function stand(server: 'pg17' | 'ts-2.19' = 'pg17', rows = 600): Promise<Stand> {
  const world = makeWorld(rows)
  onTestFinished(() => world.remove())
  const { url } = await freshPg(server)
  return {
    world,
    run: { sourceUrl: world.sourceUrl, targetUrl: url, plan: world.plan, acceptQuarantine: world.unfit },
    async ask(sql) {
      const client = new pg.Client({ connectionString: url })
      await client.connect()
      try {
        return (await client.query<never>(sql)).rows
      } finally {
        await client.end()
      }
    },
    source(sql) {
      const db = new DatabaseSync(world.file)
      db.exec(sql)
      db.close()
    },
    table(name) {
      const found = world.plan.tables.find((each) => each.name === name)
      if (found === undefined) throw new Error(name)
      return found
    },
  }
}

describe('relational and backfill', () => {
  test('copy everything, and say so', async () => {
    const { world, run, ask } = await stand('ts-2.19')
    const { relational, backfill } = await drive(run)
    expect(await findings(world, run.targetUrl)).toEqual([])
    expect(relational?.tables.map(({ name, rows, status }) => [name, rows, status])).toEqual([
      ['device', 20, 'done'],
      ['sensor', 60, 'done'],
    ])
    expect(backfill).toMatchObject({ rows: 1800, quarantined: world.unfit, notes: [] })
    expect(backfill?.tables.map(({ name, rows, quarantined, copied }) => [name, rows, quarantined, copied])).toEqual([
      ['reading', 600, 0, 600],
      ['event', 600, world.unfit, 600],
      ['line', 600, 0, 600],
    ])
    expect(backfill?.tasks.done).toBe(backfill?.tasks.total)
    expect(await ask(`select conname, convalidated from pg_constraint where contype = 'f'`)).toContainEqual({
      conname: 'sensor_device_fkey',
      convalidated: true,
    })
    expect(await ask(`select indexname from pg_indexes where indexname = 'reading_device'`)).toHaveLength(1)
    // 500 was handed out in the source, though its row is gone.
    expect(await ask(`insert into plant.device (name) values ('next') returning id`)).toEqual([{ id: '501' }])
  })

  test('the books cost two statements a task', async () => {
    const { run } = await stand('pg17', 3000)
    const statements = async (taskRows: number): Promise<{ tasks: number; statements: number }> => {
      let count = 0
      const watched = (ctx: StepContext): StepContext =>
        withQueries(ctx, async (sql, query) => {
          // The pace, and those whom it spares, are asked for every second, whatever the tasks.
          if (/\bhyperferry\.(?!pacing)/.test(sql) && !sql.includes('writeTimes')) count += 1
          return [await query()]
        })
      const { url } = await freshPg('pg17')
      const { backfill } = await drive(
        { ...run, targetUrl: url, taskRows, steps: ['schema', 'backfill'] },
        { change: watched },
      )
      return { tasks: backfill?.tasks.done ?? 0, statements: count }
    }
    const [few, many] = [await statements(3000), await statements(50)]
    expect(many.tasks - few.tasks).toBeGreaterThan(100)
    // What is said once for a table is in both.
    expect((many.statements - few.statements) / (many.tasks - few.tasks)).toBeLessThanOrEqual(2)
  })

  test('rows in quarantine keep the step from being done until they are accepted; the data is in place', async () => {
    const { world, run } = await stand()
    await expect(drive({ ...run, acceptQuarantine: world.unfit - 1 })).rejects.toMatchObject({
      code: 'HF-B012',
      exitCode: 4,
      details: { quarantined: world.unfit, result: { rows: 1800 } },
    })
    expect(await findings(world, run.targetUrl)).toEqual([])
    expect((await drive(run)).backfill).toMatchObject({ rows: 0, quarantined: world.unfit })
  })

  test('a source that changed after the copy is noticed', async () => {
    const { run, source } = await stand()
    await drive(run)
    source(`insert into line values (1, 'late')`)
    await expect(drive(run)).rejects.toMatchObject({
      code: 'HF-B010',
      details: { table: 'line', sourceRows: '601', rows: '600', quarantined: '0' },
    })
  })

  test('a table that holds rows: refused in either mode, emptied when the plan says so', async () => {
    const { world, run, ask, table } = await stand('ts-2.19')
    await drive({ ...run, steps: ['schema'] })
    const stray = `insert into plant.line values ('2020-01-01', 'stray')`
    await ask(`${stray}; insert into plant.device (name) values ('stray')`)
    for (const mode of ['merge', 'replace'] as const) {
      table('line').mode = table('device').mode = mode
      const again: Drive = { ...run, plan: structuredClone(world.plan) }
      await ask('delete from hyperferry.migrated_table; delete from hyperferry.migration')
      await expect(drive({ ...again, steps: ['relational'] })).rejects.toMatchObject({ code: 'HF-S011' })
      await expect(drive({ ...again, steps: ['backfill'], tables: ['line'] })).rejects.toMatchObject({
        code: 'HF-S011',
      })
    }
    expect(await ask('select name from plant.device')).toEqual([{ name: 'stray' }])
    expect(await ask('select from plant.line')).toHaveLength(1)

    const fresh = await freshPg('ts-2.19')
    const replacing: Drive = { ...run, targetUrl: fresh.url }
    table('line').mode = 'replace'
    table('device').mode = 'merge'
    for (const name of ['line', 'device']) table(name).existingRows = 'delete'
    await drive({ ...replacing, steps: ['schema'] })
    const client = new pg.Client({ connectionString: fresh.url })
    await client.connect()
    await client.query(`${stray}; insert into plant.device (name) values ('stray')`)
    await client.end()
    const { relational, backfill } = await drive(replacing)
    expect(relational?.notes.join()).toContain('device: 1 rows stood there')
    expect(backfill?.notes.join()).toContain('line: 1 rows stood there')
    expect(await findings(world, fresh.url)).toEqual([])
  })

  test('rows that lost their receipt are told from others by their key', async () => {
    const { run, ask } = await stand('ts-2.19')
    await drive(run)
    await ask(`delete from hyperferry.quarantine_row; delete from hyperferry.receipt r using hyperferry.migrated_table t
      where t.id = r.table_id and t.source = 'reading' and r.lane = 0;
      update plant.reading set note = 'differs' where id = (select min(id) from plant.reading)`)
    const before = await ask('select count(*)::int as n from plant.reading')
    await drive({ ...run, steps: ['backfill'], tables: ['reading'], acceptQuarantine: 100 })
    expect(await ask(`select code from hyperferry.quarantine where code = 'HF-D020'`)).toHaveLength(1)
    expect(
      await ask(`select sum((l ->> 'count')::int) > 0 as some from hyperferry.receipt, jsonb_array_elements(losses) l
      where l ->> 'code' = 'HF-L020'`),
    ).toEqual([{ some: true }])
    expect(await ask('select count(*)::int as n from plant.reading')).toEqual(before)
  })

  test('existingRows: delete empties tables that refer to each other; rows of a table outside keep them', async () => {
    const { world, run, ask } = await stand()
    for (const table of world.plan.tables) table.existingRows = 'delete'
    await drive(run)
    // A rehearsal: the books go, tables and foreign keys stay.
    await ask('drop schema hyperferry cascade')
    const { relational } = await drive({ ...run, steps: ['schema', 'relational'] })
    expect(relational?.notes).toEqual([
      'device: 20 rows stood there and were deleted (existingRows: delete)',
      'sensor: 60 rows stood there and were deleted (existingRows: delete)',
    ])
    expect(await ask('select count(*)::int as n from plant.sensor')).toEqual([{ n: 60 }])

    await ask(`drop schema hyperferry cascade; create table plant.outside (device bigint references plant.device);
      insert into plant.outside values (1)`)
    await expect(drive({ ...run, steps: ['schema', 'relational'] })).rejects.toMatchObject({
      code: 'HF-S011',
      message: expect.stringContaining('outside') as unknown,
    })
    expect(await ask('select count(*)::int as n from plant.sensor')).toEqual([{ n: 60 }])
    await ask('drop table plant.outside')
    await drive(run)
    expect(await findings(world, run.targetUrl)).toEqual([])
  })

  test('relational tables: all or none', async () => {
    const { run, source, ask } = await stand()
    source('drop table sensor')
    await expect(drive(run)).rejects.toMatchObject({ code: 'HF-P021' })
    expect(await ask('select from plant.device')).toEqual([])
    expect(await ask('select from hyperferry.receipt')).toEqual([])
  })

  test('relational rows that break a key or a foreign key: quarantined, or reported', async () => {
    const { run, source, ask, table } = await stand()
    source(`pragma foreign_keys = off; insert into sensor values (900, 777, null)`)
    table('sensor').keys.push({ name: 'sensor_device_key', columns: ['device_id', 'unit'], primary: false })
    await drive({ ...run, steps: ['schema'] })
    await expect(drive({ ...run, steps: ['relational'], acceptQuarantine: 0 })).rejects.toMatchObject({
      code: 'HF-B012',
    })
    const [counts] = await ask<{
      there: number
      kept: number
      sent: number
    }>(`select (select count(*) from plant.sensor)::int as there,
      (select count(*) from hyperferry.quarantine where source_table = 'sensor' and code = 'HF-D020')::int as kept,
      (select rows + quarantined from hyperferry.receipts where source_table = 'sensor')::int as sent`)
    expect(counts?.sent).toBe(61)
    expect(counts?.kept).toBeGreaterThan(0)
    expect((counts?.there ?? 0) + (counts?.kept ?? 0)).toBe(61)
    const { relational } = await drive({ ...run, steps: ['relational'], acceptQuarantine: 100 })
    expect(relational?.notes.join()).toContain('NOT VALID')
    expect(await ask(`select convalidated from pg_constraint where conname = 'sensor_device_fkey'`)).toEqual([
      { convalidated: false },
    ])
  })

  test('interrupted once: running tasks are finished; interrupted twice: broken off. Both go on later', async () => {
    for (const when of ['signal', 'hardSignal'] as const) {
      const { world, run, ask } = await stand()
      const stop = new AbortController()
      const watch = (rows: number): void => void (rows >= 200 && stop.abort())
      await expect(drive({ ...run, taskRows: 40 }, { [when]: stop.signal, watch })).rejects.toMatchObject({
        code: 'HF-B022',
        exitCode: 4,
      })
      const [half] = await ask<{ rows: string }>(`select rows from hyperferry.progress where source_table = 'reading'`)
      expect(Number(half?.rows)).toBeGreaterThanOrEqual(200)
      expect(Number(half?.rows)).toBeLessThan(600)
      await drive(run)
      expect(await findings(world, run.targetUrl)).toEqual([])
    }
  })

  test('interrupted while relational tables are written: they are kept, indexes and foreign keys wait', async () => {
    const { world, run, ask } = await stand()
    const stop = new AbortController()
    const hands = { signal: stop.signal, watch: () => stop.abort() }
    await expect(drive({ ...run, steps: ['schema', 'relational'] }, hands)).rejects.toMatchObject({ code: 'HF-B022' })
    expect(await ask('select count(*)::int as n from plant.sensor')).toEqual([{ n: 60 }])
    const keys = `select from pg_constraint where conname = 'sensor_device_fkey'`
    expect(await ask(keys)).toHaveLength(0)
    await drive(run)
    expect(await ask(keys)).toHaveLength(1)
    expect(await findings(world, run.targetUrl)).toEqual([])
  })

  test('a name that is no time series is refused before anything is copied', async () => {
    const { run } = await stand()
    await expect(drive({ ...run, tables: ['device'] })).rejects.toMatchObject({ code: 'HF-U001', exitCode: 2 })
  })
})
