/** The proof: what the application's log says was acknowledged against what stands in both databases, by code that shares nothing with the migration. */
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import type { Logged, Sent } from './log.ts'

export interface Proof {
  acknowledgedWrites: number
  acknowledgedRows: number
  /** Acknowledged rows that are missing, or stand there with other values. */
  lost: { target: number; source: number }
  /** Rows that stand there more often than they were written, or were never written. */
  duplicated: { target: number; source: number }
  /** Rows of before the migration, as the source had them then, that are not exactly so in the target. */
  history: number
  tables: { name: string; source: number; target: number }[]
}

interface Bag {
  name: string
  rows: Map<string, number>
}

/** Both databases stand still when this is called. `history` are the rows of before, taken from the source at the start. */
export async function prove(source: string, target: string, logged: Logged, history: readonly Bag[]): Promise<Proof> {
  const before = new Map(history.map(({ name, rows }) => [name, rows]))
  const inSource = readSource(source)
  const inTarget = await readTarget(target)
  const wanted = bags(logged.acknowledged)
  const open = bags(logged.open)
  const proof: Proof = {
    acknowledgedWrites: logged.acknowledged.length,
    acknowledgedRows: total(wanted),
    lost: { target: 0, source: 0 },
    duplicated: { target: 0, source: 0 },
    history: 0,
    tables: [],
  }
  for (const { name, rows } of wanted) {
    const expected = sum(before.get(name), rows)
    const allowed = sum(expected, find(open, name))
    for (const [side, held] of [
      ['source', find(inSource, name)],
      ['target', find(inTarget, name)],
    ] as const) {
      proof.lost[side] += missing(rows, held)
      proof.duplicated[side] += missing(held, allowed)
    }
    proof.history += missing(before.get(name) ?? new Map(), find(inTarget, name))
    proof.tables.push({ name, source: count(find(inSource, name)), target: count(find(inTarget, name)) })
  }
  return proof
}

/** The rows as they are now. */
export function readSource(file: string): Bag[] {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    return TABLES.map(({ name, sqlite }) => ({
      name,
      rows: bag(
        database
          .prepare(sqlite)
          .all()
          .map((row) => rowText(Object.values(row))),
      ),
    }))
  } finally {
    database.close()
  }
}

async function readTarget(url: string): Promise<Bag[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query("set timezone = 'UTC'")
    const all: Bag[] = []
    for (const { name, postgres } of TABLES) {
      const { rows } = await client.query<unknown[]>({ text: postgres, rowMode: 'array' })
      all.push({ name, rows: bag(rows.map(rowText)) })
    }
    return all
  } finally {
    await client.end()
  }
}

/** Columns that both servers give alike: doubles are compared as JavaScript's numbers, times as text with milliseconds. */
const TABLES = [
  {
    name: 'reading',
    sqlite: 'select device_id, ts, temperature, humidity, note from reading',
    postgres: 'select device_id, ts::text, temperature, humidity, note from reading',
  },
  {
    name: 'event_log',
    sqlite: 'select at, kind, hex(payload) as payload from event_log',
    postgres: `select to_char("at", 'YYYY-MM-DD HH24:MI:SS.MS') as at, kind, upper(encode(payload, 'hex')) as payload from event_log`,
  },
] as const

function rowText(values: readonly unknown[]): string {
  return values.map((value) => (value === null ? '-' : String(value as string | number))).join('|')
}

function bags(writes: readonly Sent[]): Bag[] {
  const readings: string[] = []
  const events: string[] = []
  for (const write of writes) {
    if ('readings' in write) {
      for (const { device_id, ts, temperature, humidity, note } of write.readings)
        readings.push(rowText([device_id, ts, temperature, humidity, note]))
    } else {
      for (const { at, kind, payload } of write.events)
        events.push(rowText([at, kind, Buffer.from(payload).toString('hex').toUpperCase()]))
    }
  }
  return [
    { name: 'reading', rows: bag(readings) },
    { name: 'event_log', rows: bag(events) },
  ]
}

function bag(rows: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const row of rows) counts.set(row, (counts.get(row) ?? 0) + 1)
  return counts
}

function find(all: readonly Bag[], name: string): Map<string, number> {
  return all.find((each) => each.name === name)?.rows ?? new Map<string, number>()
}

function sum(a: ReadonlyMap<string, number> | undefined, b: ReadonlyMap<string, number>): Map<string, number> {
  const all = new Map(a)
  for (const [row, times] of b) all.set(row, (all.get(row) ?? 0) + times)
  return all
}

/** How many rows of `a` are not in `b`, counting how often. */
function missing(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  let rows = 0
  for (const [row, times] of a) rows += Math.max(0, times - (b.get(row) ?? 0))
  return rows
}

function count(rows: ReadonlyMap<string, number>): number {
  let all = 0
  for (const times of rows.values()) all += times
  return all
}

function total(all: readonly Bag[]): number {
  return all.reduce((rows, each) => rows + count(each.rows), 0)
}
