// Rows that come in the order of the columnstore: nothing is left to be put in order, and the server's answers are in order.
import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import type { Plan, PlannedColumn } from '../../packages/hyperferry/src/model.ts'
import { drive } from '../faults/drive.ts'
import { column, planOf, table } from '../faults/world.ts'
import { freshPg } from '../servers/database.ts'
import { describeWith } from '../servers/index.ts'

const describe = await describeWith('tsl')
const HOUR = 3_600_000
const ROWS = 6000

interface Shape {
  orderBy: string[]
  segmentBy?: string[]
  columns?: Partial<Record<string, PlannedColumn>>
}

/** Three days of four devices, and ten rows of each time. */
function makeSource(orphans: boolean): string {
  const file = join(tmpdir(), `hyperferry-order-${randomUUID()}.sqlite`)
  onTestFinished(() => rmSync(file, { force: true }))
  const db = new DatabaseSync(file)
  db.exec(`create table series (ts integer not null, device integer, value real);
    with recursive n (i) as (select 0 union all select i + 1 from n where i < ${ROWS - 1})
    insert into series select 1704067200000 + (i * 7919 % ${ROWS}) / 10 * ${(72 * HOUR) / (ROWS / 10)}, nullif(i % 5, 4), i from n;
    create index series_ts on series (ts);
    create table device (id integer primary key);
    insert into device values (0), (1), (2)${orphans ? '' : ', (3)'}`)
  db.close()
  return file
}

function plan({ orderBy, segmentBy = ['device'], columns = {} }: Shape): Plan {
  const all = [
    column('ts', 'integer', 'timestamptz', { nullable: false, rules: { unit: 'ms' } }),
    column('device', 'integer', 'bigint'),
    column('value', 'real', 'double precision'),
  ]
  return {
    ...planOf(),
    tables: [
      table('series', {
        kind: 'timeseries',
        time: { column: 'ts', unit: null },
        chunkInterval: '1 day',
        columnstore: { segmentBy, orderBy, after: '7 days' },
        split: 'time',
        axis: 'ts',
        columns: all.map((each) => columns[each.name] ?? each),
        foreignKeys: [
          {
            name: 'series_device',
            columns: ['device'],
            references: { table: 'device', columns: ['id'] },
            onDelete: 'no action',
            onUpdate: 'no action',
          },
        ],
      }),
      table('device', {
        columns: [column('id', 'integer', columns['device']?.type ?? 'bigint', { nullable: false })],
        keys: [{ name: 'device_pkey', columns: ['id'], primary: true }],
      }),
    ],
  }
}

/** Chunks, and of the rows of each device as the server orders them, both ways: how many neighbours are the wrong way round. */
async function look(url: string): Promise<{ statuses: number[]; wrong: number; rows: number; checked: boolean[] }> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows: statuses } = await client.query<{ status: number }>(
      `select _timescaledb_functions.chunk_status(c)::int4 as status from show_chunks('plant.series') c`,
    )
    let [wrong, rows] = [0, 0]
    for (const device of ['= 0', '= 1', '= 2', '= 3', 'is null'])
      for (const [way, bad] of [
        ['asc', 'ts < before'],
        ['desc', 'ts > before'],
      ]) {
        const found = await client.query<{ n: number; wrong: number }>(
          `select count(*)::int as n, (count(*) filter (where ${bad}))::int as wrong from (select ts, lag(ts) over () as before
             from (select ts from plant.series where device ${device} order by ts ${way} offset 0) as o) as n`,
        )
        wrong += found.rows[0]?.wrong ?? 0
        rows += found.rows[0]?.n ?? 0
      }
    const { rows: keys } = await client.query<{ checked: boolean }>(
      `select convalidated as checked from pg_constraint where conrelid = 'plant.series'::regclass and contype = 'f'`,
    )
    return { statuses: statuses.map(({ status }) => status), wrong, rows, checked: keys.map(({ checked }) => checked) }
  } finally {
    await client.end()
  }
}

async function move(shape: Shape, more: { memory?: number } = {}, orphans = false) {
  const { url } = await freshPg('tsl')
  const { backfill } = await drive({
    sourceUrl: `sqlite:${makeSource(orphans)}`,
    targetUrl: url,
    plan: plan(shape),
    workers: 4,
    taskRows: 1000,
    ...more,
  })
  return { columnstore: backfill?.tables[0]?.columnstore, notes: backfill?.notes, ...(await look(url)) }
}

describe('order of the columnstore', () => {
  test.for(['ts desc', 'ts'])('several tasks in a chunk, ordered by %s: whole from the start', async (orderBy) => {
    const moved = await move({ orderBy: [orderBy] })
    expect(moved).toMatchObject({ columnstore: { way: 'direct', directRows: ROWS, chunks: 0 } })
    expect(moved).toMatchObject({ statuses: [1, 1, 1], wrong: 0, rows: 2 * ROWS, checked: [true] })
  })

  // The three chunks are put in order afterwards: each was marked as out of order.
  test.for<[string, Shape, { memory?: number }?]>([
    ['an order that is not the time alone', { orderBy: ['ts desc', 'value'] }],
    [
      'a segment whose equal values may differ in bytes',
      { orderBy: ['ts desc'], columns: { device: column('device', 'integer', 'numeric(9,2)') } },
    ],
    ['rows that went to the disk', { orderBy: ['ts desc'] }, { memory: 0 }],
  ])('no promise: %s', async ([, shape, more]) => {
    const moved = await move(shape, more)
    expect(moved).toMatchObject({ columnstore: { way: 'direct', directRows: ROWS, chunks: 3 } })
    expect(moved).toMatchObject({ statuses: [1, 1, 1], wrong: 0, rows: 2 * ROWS, checked: [true] })
  })

  test('a foreign key is checked over what is columnar already', async () => {
    const moved = await move({ orderBy: ['ts desc'] }, {}, true)
    expect(moved).toMatchObject({ columnstore: { way: 'direct', directRows: ROWS, chunks: 0 }, statuses: [1, 1, 1] })
    expect(moved.checked).not.toContain(true)
    expect(moved.notes).toContainEqual(expect.stringContaining('series_device'))
  })
})
