// A small database to be migrated under fire, its plan, and what must be true of the target afterwards.
import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { ColumnRules, Plan, PlannedColumn, PlannedTable } from '../../packages/hyperferry/src/model.ts'

export interface World {
  sourceUrl: string
  file: string
  plan: Plan
  /** Rows that can only go to quarantine. */
  unfit: number
  remove(): Promise<void>
}

/** `rows` per large table. Hard cases in small numbers: equal times, equal rows, crowds, gaps, rows without a time, rows that break the key. */
export function makeWorld(rows = 2000): World {
  const file = join(tmpdir(), `hyperferry-world-${randomUUID()}.sqlite`)
  const db = new DatabaseSync(file)
  db.exec(`
    create table device (id integer primary key autoincrement, name text not null unique);
    create table sensor (id integer primary key, device_id integer not null references device (id), unit text);
    create table reading (id integer primary key, ts integer not null, device_id integer, value real, note text);
    create index reading_ts on reading (ts);
    create table event (at integer, kind text, payload blob);
    create index event_at on event (at);
    create table line (at integer not null, body text);
    begin`)
  fill(db, rows)
  db.exec('commit')
  db.close()
  return {
    sourceUrl: `sqlite:${file}`,
    file,
    plan: planOf(),
    unfit: WITHOUT_TIME,
    remove: () => rm(file, { force: true }),
  }
}

/** Events whose time is NULL. */
const WITHOUT_TIME = 7
const DAY = 86_400_000

function fill(db: DatabaseSync, rows: number): void {
  const random = lcg(42)
  const start = Date.UTC(2024, 0, 1)
  const device = db.prepare('insert into device (name) values (?)')
  for (let n = 1; n <= 20; n += 1) device.run(`device ${n} – ü`)
  // The sequence has to go on behind this one, though the row is gone.
  db.exec(`insert into device (id, name) values (500, 'gone'); delete from device where id = 500`)
  const sensor = db.prepare('insert into sensor values (?, ?, ?)')
  for (let n = 1; n <= 60; n += 1) sensor.run(n, 1 + (n % 20), n % 3 === 0 ? null : 'kW')
  const reading = db.prepare('insert into reading values (?, ?, ?, ?, ?)')
  const event = db.prepare('insert into event values (?, ?, ?)')
  const line = db.prepare('insert into line values (?, ?)')
  for (let n = 0; n < rows; n += 1) {
    // A third of the rows in one crowded hour, the rest over four weeks with a gap of years, and strays.
    const spread = n % 3 === 0 ? random() * 3_600_000 : random() * 28 * DAY
    const stray = n % 500 === 1 ? -40 * 365 * DAY : n % 500 === 2 ? 60 * 365 * DAY : 0
    const at = Math.floor(start + spread + stray)
    reading.run(n + 1, n % 50 === 0 ? start : at, n % 20, n / 8, n % 7 === 0 ? null : `note ${n % 11}`)
    event.run(Math.floor(at / 1000), `kind ${n % 3}`, n % 5 === 0 ? null : Uint8Array.of(n % 256, 0, 255))
    // Exact copies of each other, which only a multiset tells from one row.
    line.run(start, `line ${n % 10}`)
  }
  for (let n = 0; n < WITHOUT_TIME; n += 1) event.run(null, 'no time', null)
}

function lcg(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return state / 4_294_967_296
  }
}

// eslint-disable-next-line max-params -- a table of columns reads best as rows
export function column(
  name: string,
  sourceType: string,
  type: string,
  more: { nullable?: boolean; identity?: boolean; rules?: ColumnRules } = {},
): PlannedColumn {
  const { nullable = true, identity = false, rules = {} } = more
  return {
    source: name,
    name,
    sourceType,
    type,
    nullable,
    default: null,
    identity,
    generated: null,
    comment: null,
    rules,
  }
}

export function table(name: string, given: Partial<PlannedTable> & Pick<PlannedTable, 'columns'>): PlannedTable {
  return {
    source: name,
    name,
    kind: 'relational',
    reasons: [],
    time: null,
    chunkInterval: null,
    columnstore: null,
    split: 'all',
    axis: null,
    mode: 'merge',
    existingRows: 'refuse',
    sync: 'final-copy',
    keys: [],
    indexes: [],
    foreignKeys: [],
    checks: [],
    comment: null,
    estimatedRows: 0,
    estimatedBytes: null,
    ...given,
  }
}

export function planOf(): Plan {
  const action = { onDelete: 'no action', onUpdate: 'no action' } as const
  const series = { kind: 'timeseries', chunkInterval: '7 days' } as const
  return {
    migration: 'faults',
    source: { url: '${HYPERFERRY_SOURCE}', timezone: 'UTC', fingerprint: '' },
    target: { url: '${HYPERFERRY_TARGET}', schema: 'plant', owner: null },
    tables: [
      table('sensor', {
        columns: [
          column('id', 'integer', 'bigint', { nullable: false }),
          column('device_id', 'integer', 'bigint', { nullable: false }),
          column('unit', 'text', 'text'),
        ],
        keys: [{ name: 'sensor_pkey', columns: ['id'], primary: true }],
        foreignKeys: [
          {
            name: 'sensor_device_fkey',
            columns: ['device_id'],
            references: { table: 'device', columns: ['id'] },
            ...action,
          },
        ],
      }),
      table('device', {
        columns: [
          column('id', 'integer', 'bigint', { nullable: false, identity: true }),
          column('name', 'text', 'text', { nullable: false }),
        ],
        keys: [
          { name: 'device_pkey', columns: ['id'], primary: true },
          { name: 'device_name_key', columns: ['name'], primary: false },
        ],
      }),
      table('reading', {
        ...series,
        time: { column: 'ts', unit: null },
        split: 'time',
        axis: 'ts',
        columns: [
          column('id', 'integer', 'bigint', { nullable: false }),
          column('ts', 'integer', 'timestamptz(3)', { nullable: false, rules: { unit: 'ms' } }),
          column('device_id', 'integer', 'integer'),
          column('value', 'real', 'double precision'),
          column('note', 'text', 'text'),
        ],
        keys: [{ name: 'reading_pkey', columns: ['id', 'ts'], primary: true }],
        indexes: [{ name: 'reading_device', unique: false, method: 'btree', parts: ['device_id'], where: null }],
      }),
      table('event', {
        ...series,
        time: { column: 'at', unit: null },
        split: 'time',
        axis: 'at',
        columns: [
          column('at', 'integer', 'timestamptz', { nullable: false, rules: { unit: 's' } }),
          column('kind', 'text', 'text'),
          column('payload', 'blob', 'bytea'),
        ],
      }),
      table('line', {
        ...series,
        time: { column: 'at', unit: null },
        split: 'pk',
        axis: 'rowid',
        columns: [
          column('at', 'integer', 'timestamptz', { nullable: false, rules: { unit: 'ms' } }),
          column('body', 'text', 'text'),
        ],
      }),
    ],
    exclude: [],
    dualWrite: { writers: null, maxLateness: '1 hour' },
    backfill: { workers: 2, taskRows: 150 },
    verify: { sampleRows: 1000 },
  }
}
