// Tables an application writes while they move: every shape that has gone wrong somewhere. Each row has a tag of its own, by which the proof counts.
import { DatabaseSync } from 'node:sqlite'
import mysql from 'mysql2/promise'

export type LiveEngine = 'sqlite' | 'mysql'

/** Tables of a source, in the engine's words. `reading` gets its ids from the source; `metric` folds case in its key; `event` has no key; `line` has neither key nor index on its time. */
const TABLES: Record<LiveEngine, string[]> = {
  sqlite: [
    `create table device (id integer primary key autoincrement, name text not null unique)`,
    `create table reading (id integer primary key autoincrement, ts integer not null, device_id integer, value real, price decimal(8,2), tag text not null)`,
    `create index reading_ts on reading (ts)`,
    `create table metric (device text not null collate nocase, ts integer not null, value real, tag text not null, primary key (device, ts))`,
    `create index metric_ts on metric (ts)`,
    `create table event (at integer not null, kind text, payload blob, tag text not null)`,
    `create index event_at on event (at)`,
    `create table line (at datetime not null, body text, tag text not null)`,
  ],
  mysql: [
    `create table device (id int auto_increment primary key, name varchar(100) not null unique)`,
    `create table reading (id bigint auto_increment primary key, ts datetime(6) not null, device_id int, value double, price decimal(8,2), tag varchar(60) not null, key (ts))`,
    `create table metric (device varchar(20) character set utf8mb4 collate utf8mb4_general_ci not null, ts datetime(3) not null, value float, tag varchar(60) not null, primary key (device, ts), key (ts))`,
    `create table event (at timestamp(6) not null default current_timestamp(6), kind enum('On', 'Off'), payload varbinary(100), tag varchar(60) not null, key (at))`,
    `create table line (at datetime not null, body char(20), tag varchar(60) not null)`,
  ],
}

export const TAGGED = ['reading', 'metric', 'event', 'line'] as const
export type Tagged = (typeof TAGGED)[number]

const MINUTE = 60_000
const DAY = 86_400_000

/** Rows of before the migration: a month of them, some far in the future, some of the last minutes. `now` in milliseconds. */
function history(
  engine: LiveEngine,
  now: number,
  rows: number,
): { table: string; columns: string[]; rows: unknown[][] }[] {
  const at = (n: number): number => now - 5 * MINUTE - Math.floor(((rows - n) * 30 * DAY) / rows)
  const times = Array.from({ length: rows }, (_, n) => at(n))
  const far = Date.UTC(2035, 5, 1)
  const time = (ms: number): unknown => (engine === 'sqlite' ? ms : mysqlTime(ms))
  const text = (ms: number): string => mysqlTime(ms).slice(0, 19)
  return [
    { table: 'device', columns: ['name'], rows: Array.from({ length: 20 }, (_, n) => [`device ${n}`]) },
    {
      table: 'reading',
      columns: ['ts', 'device_id', 'value', 'price', 'tag'],
      rows: [...times, far, far + 1].map((ms, n) => [time(ms), n % 20, n / 8, n / 4, `old-reading-${n}`]),
    },
    {
      table: 'metric',
      columns: ['device', 'ts', 'value', 'tag'],
      rows: [...times, far].map((ms, n) => [`Dev${n % 5}`, time(ms), n / 2, `old-metric-${n}`]),
    },
    {
      table: 'event',
      columns: ['at', 'kind', 'payload', 'tag'],
      rows: [...times, far].map((ms, n) => [
        time(ms),
        n % 2 === 0 ? 'On' : 'Off',
        Buffer.from([n % 256, 0]),
        `old-event-${n}`,
      ]),
    },
    {
      table: 'line',
      columns: ['at', 'body', 'tag'],
      rows: times.slice(0, rows / 4).map((ms, n) => [text(ms), `line ${n % 3}`, `old-line-${n}`]),
    },
  ]
}

function mysqlTime(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').replace('Z', '')
}

export async function makeSource(engine: LiveEngine, url: string, now: number, rows: number): Promise<void> {
  const tables = [...TABLES[engine], MARKERS[engine]]
  const old = history(engine, now, rows)
  if (engine === 'sqlite') {
    const db = new DatabaseSync(url)
    db.exec('pragma journal_mode = wal')
    for (const sql of tables) db.exec(sql)
    db.exec('begin')
    for (const { table, columns, rows: values } of old) {
      const insert = db.prepare(
        `insert into ${table} (${columns.join(', ')}) values (${columns.map(() => '?').join(', ')})`,
      )
      for (const row of values) insert.run(...(row as string[]))
    }
    db.exec('commit')
    db.close()
    return
  }
  const connection = await mysql.createConnection({ uri: url, timezone: 'Z' })
  await connection.query(`set time_zone = '+00:00'`)
  for (const sql of tables) await connection.query(sql)
  for (const { table, columns, rows: values } of old) {
    for (let at = 0; at < values.length; at += 500) {
      await connection.query(`insert into ${table} (${columns.join(', ')}) values ?`, [values.slice(at, at + 500)])
    }
  }
  await connection.end()
}

const MARKERS: Record<LiveEngine, string> = {
  sqlite: `create table hyperferry_op (journal text not null, seq integer not null, ids text, primary key (journal, seq)) without rowid`,
  mysql: `create table hyperferry_op (journal char(36) character set ascii not null, seq bigint not null, ids mediumtext character set ascii, primary key (journal, seq)) engine = InnoDB`,
}

/** What writer `writer` writes as its `n`-th write; `now` in milliseconds. Some rows come late, some are stamped a little ahead. */
export function rowsOf(
  engine: LiveEngine,
  writer: string,
  n: number,
  now: number,
): { table: Tagged; rows: Record<string, unknown>[] } {
  const table = TAGGED[n % TAGGED.length] ?? 'reading'
  const late = n % 37 === 0 ? 900 : n % 41 === 0 ? -700 : 0
  const ms = now - late
  const count = 1 + (n % 3)
  const rows = Array.from({ length: count }, (_, i) =>
    rowOf(engine, table, { tag: `${writer}-${n}-${i}`, ms, n, i, writer }),
  )
  return { table, rows }
}

interface RowSeed {
  tag: string
  ms: number
  n: number
  i: number
  writer: string
}

function rowOf(engine: LiveEngine, table: Tagged, { tag, ms, n, i, writer }: RowSeed): Record<string, unknown> {
  // More digits than any side holds: all of them are cut the same way.
  const fine = `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')}.${String(ms % 1000).padStart(3, '0')}99951${i}`
  const time = engine === 'sqlite' ? ms : fine
  switch (table) {
    case 'reading':
      return { ts: time, device_id: n % 20, value: n / 7, price: `${n % 1000}.125`, tag }
    case 'metric':
      // Same device and time in another case: the key of the source refuses one of them, now and then.
      return { device: `${n % 2 === 0 ? 'W' : 'w'}${writer}${n % 50}${i}`, ts: time, value: n / 3, tag }
    case 'event':
      return { at: time, kind: n % 2 === 0 ? 'ON' : 'off', payload: Buffer.from([n % 256, 0, 255]), tag }
    case 'line':
      return { at: fine, body: `same ${n % 3}  `, tag }
  }
}
