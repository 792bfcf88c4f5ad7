// What a backfill beside writers asks for before it begins, and what it says when the numbers do not fit.
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { besideWriters, pointsBeforehand } from '../../packages/hyperferry/src/live/backfill.ts'
import { openTarget } from '../../packages/hyperferry/src/target/connect.ts'
import { drive } from '../faults/drive.ts'
import type { Drive } from '../faults/drive.ts'
import { describeWith } from '../servers/index.ts'
import { DAY, liveFindings, T } from './backfill-world.ts'
import { begun } from './begun.ts'
import { DeliveringWriter } from './delivering-writer.ts'

const describe = await describeWith('pg17')

const SMALL = { server: 'pg17', rows: 200, seed: 4, taskRows: 50 } as const

const OLD = T - 2 * DAY

describe('gates of a live backfill', () => {
  test('no completion point: HF-T010, and nothing was copied', async () => {
    const { run, ask } = await begun(SMALL)
    await ask(
      `delete from hyperferry.completion_point c using hyperferry.migrated_table t where t.id = c.table_id and t.source = 'gauge'`,
    )
    await expect(drive(run)).rejects.toMatchObject({ code: 'HF-T010', exitCode: 4, details: { tables: ['gauge'] } })
    expect(await ask('select from hyperferry.receipt')).toEqual([])
    // Tables that have one can be copied.
    await drive({ ...run, tables: ['metric'] })
  })

  test('after a cutover: HF-W010', async () => {
    const { run, ask } = await begun(SMALL)
    await ask(`update hyperferry.dual_write set stage = 'live', primary_store = 'target', epoch = epoch + 1`)
    await expect(drive(run)).rejects.toMatchObject({ code: 'HF-W010', exitCode: 4 })
  })

  test('an external writer whose lateness is not known: only tables with a key', async () => {
    const { run, ask } = await begun(SMALL)
    await ask(
      `insert into hyperferry.writer (migration_id, name, kind) select id, 'nightly', 'external' from hyperferry.migration`,
    )
    await expect(drive(run)).rejects.toMatchObject({ code: 'HF-T011', details: { writers: ['nightly'] } })
    await drive({ ...run, tables: ['metric', 'gauge'] })
    await ask(`update hyperferry.writer set facts = '{"maxLateness": "1 day"}'`)
    await drive(run)
  })

  test('parked records of the part: HF-T014, for a table without a key', async () => {
    const { world, run, ask } = await begun(SMALL)
    await new DeliveringWriter({ name: 'w', source: world.source, targetUrl: run.targetUrl })
      .start()
      .then((writer) => writer.stop())
    const park = (at: number, table: string): Promise<unknown> =>
      ask(`insert into hyperferry.parked_op (migration_id, writer_id, direction, journal, seq, collection, record, reason, low_instant)
        select migration_id, id, 'to target', journal, ${at % 1000}, '${table}', '{}', 'test', ${at}000 from hyperferry.writer`)
    await park(T + 5, 'event')
    await park(OLD + 6, 'metric')
    await drive(run)
    await park(OLD + 7, 'event')
    await expect(drive(run)).rejects.toMatchObject({ code: 'HF-T014', details: { table: 'event', parked: 1 } })
    await ask(`update hyperferry.parked_op set status = 'discarded', settled_at = now()`)
    await drive(run)
  })

  test('a silent writer keeps the barrier of tables without a key: HF-B030 in the end', async () => {
    const { world, run } = await begun(SMALL)
    const writer = await new DeliveringWriter({ name: 'slow', source: world.source, targetUrl: run.targetUrl }).start()
    await writer.write('event', [{ id: 1, at: OLD, tag: 'held' }])
    await drive({ ...run, tables: ['metric', 'gauge', 'line'] })
    const waits = drive({ ...run, tables: ['event'] })
    const late = new Promise((resolve) => setTimeout(resolve, 700))
    expect(await Promise.race([waits.then(() => 'done'), late.then(() => 'waits')])).toBe('waits')
    await writer.deliver(1)
    await waits
    await writer.stop()
    expect(await liveFindings(world.source, run.targetUrl)).toEqual([])
  })

  test('rows that nobody delivered: HF-B010; late ones that were, or an external writer: the books close', async () => {
    const { world, run, ask } = await begun(SMALL)
    const only: Drive = { ...run, tables: ['metric'] }
    await drive(only)
    const writer = await new DeliveringWriter({ name: 'w', source: world.source, targetUrl: run.targetUrl }).start()
    await writer.write('metric', [{ id: 900_001, at: OLD, tag: 'late' }])
    await writer.deliver(1)
    await drive(only)
    // By somebody who knows nothing of the library.
    await world.source.insert('metric', [{ id: 900_002, at: OLD, tag: 'alone' }])
    await expect(drive(only)).rejects.toMatchObject({
      code: 'HF-B010',
      details: { table: 'metric', sourceRows: expect.any(String) as string, late: '1' },
    })
    await ask(
      `insert into hyperferry.writer (migration_id, name, kind) select id, 'nightly', 'external' from hyperferry.migration`,
    )
    await drive(only)
    await writer.stop()
  })

  test('rows that went from the source: HF-B010', async () => {
    const { world, run } = await begun(SMALL)
    await drive(run)
    const db = new DatabaseSync(world.source.url.replace('sqlite:', ''))
    db.exec(`delete from gauge where id = 5; delete from metric where id = 5`)
    db.close()
    await expect(drive({ ...run, tables: ['metric'] })).rejects.toMatchObject({ code: 'HF-B010' })
    await expect(drive({ ...run, tables: ['gauge'] })).rejects.toMatchObject({ code: 'HF-B010' })
  })

  test('times as text in a table without a key, cut by numbers: HF-B032; by row number they are no trouble', async () => {
    const { world, run } = await begun(SMALL)
    const db = new DatabaseSync(world.source.url.replace('sqlite:', ''))
    db.exec(
      `insert into event values (1, '2024-02-01 00:00:00', 'text'); insert into line values (1, '2024-02-01 00:00:00', 'text')`,
    )
    db.close()
    await expect(drive({ ...run, tables: ['event'] })).rejects.toMatchObject({ code: 'HF-B032', exitCode: 2 })
    await drive({ ...run, tables: ['line', 'metric', 'gauge'] })
  })

  test('rows of writers are in nobody’s way: never HF-S011, never emptied', async () => {
    const { world, run, ask } = await begun({ ...SMALL, existingRows: 'delete' })
    const writer = await new DeliveringWriter({ name: 'w', source: world.source, targetUrl: run.targetUrl }).start()
    await writer.write('metric', [{ id: 900_001, at: T + DAY, tag: 'new' }])
    await writer.deliver(1)
    await writer.stop()
    await drive(run)
    expect(await ask(`select tag from plant.metric where id = 900001`)).toEqual([{ tag: 'new' }])
    expect(await liveFindings(world.source, run.targetUrl)).toEqual([])
  })

  test('a preview says where the copy ends and what it deletes', async () => {
    const { run } = await begun(SMALL)
    const target = await openTarget(run.targetUrl, { connections: 1, signal: new AbortController().signal })
    onTestFinished(() => target.close())
    const { tables } = run.plan
    const points = await pointsBeforehand({ plan: run.plan, target }, tables)
    const preview = besideWriters({ title: 'Copies:', lines: [], sql: [] }, run, { tables, points })
    expect(preview.title).toBe('Copies, while the application writes:')
    expect(preview.lines.filter((line) => line.startsWith('DELETES'))).toEqual(
      ['event', 'line'].map(
        (name) =>
          `DELETES rows of ${name} older than 2024-06-01T00:00:00.000000Z and copies them again, range by range`,
      ),
    )
    expect(preview.sql).toHaveLength(2)
  })

  test('an index of the plan is made before the rows come', async () => {
    const { run, ask } = await begun(SMALL)
    const seen: unknown[] = []
    await drive(run, {
      watch: (rows) => {
        if (rows > 0 && seen.length === 0) seen.push(ask(`select from pg_indexes where indexname = 'metric_tag'`))
      },
    })
    expect(await seen[0]).toHaveLength(1)
  })
})
