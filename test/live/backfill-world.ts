// A database that is written while its history moves: its plan, its completion point, and what must be true when everything was delivered.
import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import mysql from 'mysql2/promise'
import pg from 'pg'
import { completionPoints, putCompletionPoints } from '../../packages/hyperferry/src/control/completion.ts'
import { moveStage, putContract } from '../../packages/hyperferry/src/control/dual-write.ts'
import { registerTables } from '../../packages/hyperferry/src/control/ledger.ts'
import type { Plan, PlannedTable } from '../../packages/hyperferry/src/model.ts'
import { openTarget } from '../../packages/hyperferry/src/target/connect.ts'
import { transaction } from '../../packages/hyperferry/src/target/transaction.ts'
import { drive } from '../faults/drive.ts'
import type { Drive } from '../faults/drive.ts'
import { column, planOf, table } from '../faults/world.ts'
import { freshMysql } from '../servers/database.ts'

/** T and F of every table, in milliseconds. */
export const T = Date.UTC(2024, 5, 1)
export const F = Date.UTC(2025, 5, 1)
export const DAY = 86_400_000
export const TABLES = ['metric', 'gauge', 'event', 'line'] as const
export type LiveTable = (typeof TABLES)[number]

/** `metric`, `gauge`: keyed, by time and by id. `event`, `line`: without a key, by time and by row number (or in one piece). */
export interface Row {
  id: number
  at: number
  tag: string
}

/** What the application can do with its database. */
export interface SourceDoor {
  readonly url: string
  insert(name: LiveTable, rows: readonly Row[]): Promise<void>
  lines(name: LiveTable): Promise<string[]>
  close(): Promise<void>
}

export interface LiveWorld {
  source: SourceDoor
  plan: Plan
  remove(): Promise<void>
}

export async function makeLiveWorld(
  engine: 'sqlite' | 'mariadb',
  rows: number,
  random: () => number,
): Promise<LiveWorld> {
  const { source, remove } = engine === 'sqlite' ? sqliteDoor() : await mariadbDoor()
  for (const name of TABLES) await source.insert(name, history(rows, random))
  return {
    source,
    plan: planFor(engine, rows),
    async remove() {
      await source.close()
      await remove()
    },
  }
}

/** From before anybody wrote twice: crowds of one instant, exact copies, the last instant before T, and some beyond F. */
function history(rows: number, random: () => number): Row[] {
  return Array.from({ length: rows }, (_, n) => {
    const spread = n % 4 === 0 ? 10 * DAY : Math.floor(random() * 40 * DAY) + 1
    const at = n % 50 === 1 ? T - 1 : n % 50 === 2 ? F + (n % 3) : T - spread
    return { id: n + 1, at, tag: `old ${n % 3}` }
  })
}

/** Ids of rows without a key say nothing, so that rows can be equal. */
function stored(name: LiveTable, { id, at, tag }: Row): (number | string)[] {
  return name === 'event' || name === 'line' ? [id % 2, at, tag] : [id, at, tag]
}

function sqliteDoor(): { source: SourceDoor; remove: () => Promise<void> } {
  const file = join(tmpdir(), `hyperferry-live-${randomUUID()}.sqlite`)
  const db = new DatabaseSync(file, { timeout: 10_000 })
  db.exec(`pragma journal_mode = wal; pragma synchronous = off;
    create table metric (id integer primary key, at integer not null, tag text); create index metric_at on metric (at);
    create table gauge (id integer primary key, at integer not null, tag text);
    create table event (id integer, at integer not null, tag text); create index event_at on event (at);
    create table line (id integer, at integer not null, tag text)`)
  const source: SourceDoor = {
    url: `sqlite:${file}`,
    async insert(name, rows) {
      db.exec('begin immediate')
      const insert = db.prepare(`insert into ${name} values (?, ?, ?)`)
      for (const row of rows) insert.run(...stored(name, row))
      db.exec('commit')
    },
    async lines(name) {
      return db
        .prepare(`select id, at, tag from ${name}`)
        .all()
        .map((row) => Object.values(row).join('|'))
    },
    async close() {
      db.close()
    },
  }
  const remove = async (): Promise<void> => {
    for (const suffix of ['', '-wal', '-shm']) await rm(`${file}${suffix}`, { force: true })
  }
  return { source, remove }
}

async function mariadbDoor(): Promise<{ source: SourceDoor; remove: () => Promise<void> }> {
  const fresh = await freshMysql('mariadb')
  const { url, adminUrl } = fresh
  const drop = (): Promise<void> => fresh.drop()
  const pool = mysql.createPool({ uri: adminUrl, connectionLimit: 4 })
  await pool.query('create table metric (id bigint primary key, at bigint not null, tag varchar(20), index (at))')
  await pool.query('create table gauge (id bigint primary key, at bigint not null, tag varchar(20))')
  await pool.query('create table event (id bigint, at bigint not null, tag varchar(20), index (at))')
  await pool.query('create table line (id bigint, at bigint not null, tag varchar(20))')
  const source: SourceDoor = {
    url,
    async insert(name, rows) {
      await pool.query(`insert into ${name} values ?`, [rows.map((row) => stored(name, row))])
    },
    async lines(name) {
      const [rows] = await pool.query<mysql.RowDataPacket[]>(`select id, at, tag from ${name}`)
      return rows.map((row) => Object.values(row).join('|'))
    },
    close: () => pool.end(),
  }
  return { source, remove: drop }
}

function planFor(engine: 'sqlite' | 'mariadb', rows: number): Plan {
  const type = engine === 'sqlite' ? 'integer' : 'bigint(20)'
  const text = engine === 'sqlite' ? 'text' : 'varchar(20)'
  const series = (name: LiveTable, more: Partial<PlannedTable>): PlannedTable =>
    table(name, {
      kind: 'timeseries',
      chunkInterval: '7 days',
      time: { column: 'at', unit: null },
      split: 'time',
      axis: 'at',
      estimatedRows: rows,
      columns: [
        column('id', type, 'bigint', {
          nullable: more.mode === 'replace',
        }),
        column('at', type, 'timestamptz(3)', { nullable: false, rules: { unit: 'ms' } }),
        column('tag', text, 'text'),
      ],
      ...more,
    })
  const key = (name: string): PlannedTable['keys'] => [{ name: `${name}_pkey`, columns: ['id', 'at'], primary: true }]
  return {
    ...planOf(),
    migration: 'live',
    tables: [
      series('metric', {
        keys: key('metric'),
        indexes: [{ name: 'metric_tag', unique: false, method: 'btree', parts: ['tag'], where: null }],
      }),
      series('gauge', { keys: key('gauge'), split: 'pk', axis: 'id' }),
      series('event', { mode: 'replace' }),
      series(
        'line',
        engine === 'sqlite'
          ? { mode: 'replace', split: 'pk', axis: 'rowid' }
          : { mode: 'replace', split: 'all', axis: null },
      ),
    ],
  }
}

/** Tables, stage `dualwrite` and completion points, as the commands before `backfill` leave them. */
export async function beginDualWriting(run: Drive): Promise<void> {
  await drive({ ...run, steps: ['schema'] })
  const target = await openTarget(run.targetUrl, { connections: 1, signal: new AbortController().signal })
  const session = await target.session()
  const { rows } = await session.query<{ id: number }>(`select id from hyperferry.migration where name = 'live'`)
  const id = rows[0]?.id ?? 0
  await putContract(session, id, {}, 'none')
  await moveStage(session, id, 'off', 'dualwrite')
  const ids = await registerTables(session, id, run.plan.tables)
  await transaction(session, () =>
    putCompletionPoints(
      session,
      id,
      run.plan.tables.map(({ source }) => ({
        tableId: ids.get(source) ?? 0,
        source,
        t: new Date(T).toISOString(),
        instant: BigInt(T) * 1000n,
        position: BigInt(T),
        beyondInstant: BigInt(F) * 1000n,
        beyondPosition: BigInt(F),
        grade: 'proven' as const,
        evidence: {},
      })),
    ),
  )
  if ((await completionPoints(session, id)).size !== run.plan.tables.length) throw new Error('no points')
  await target.close()
}

/** Each line is one fault: what both databases hold, compared as multisets, and receipts that overlap. */
export async function liveFindings(
  source: SourceDoor,
  targetUrl: string,
  names: readonly LiveTable[] = TABLES,
): Promise<string[]> {
  const client = new pg.Client({ connectionString: targetUrl })
  await client.connect()
  try {
    const found: string[] = []
    for (const name of names) {
      const { rows } = await client.query<{ line: string }>(
        `select id::text || '|' || (extract(epoch from at) * 1000)::int8::text || '|' || tag as line from plant.${name}`,
      )
      const counts = new Map<string, number>()
      for (const line of await source.lines(name)) counts.set(line, (counts.get(line) ?? 0) + 1)
      for (const { line } of rows) counts.set(line, (counts.get(line) ?? 0) - 1)
      const off = [...counts].filter(([, count]) => count !== 0)
      const sample = off.slice(0, 3).map(([line, count]) => `${line} ${count}`)
      const missing = off.reduce((sum, [, count]) => sum + Math.max(0, count), 0)
      const extra = off.reduce((sum, [, count]) => sum + Math.max(0, -count), 0)
      if (missing > 0) found.push(`${name}: ${missing} rows missing (${sample.join(', ')})`)
      if (extra > 0) found.push(`${name}: ${extra} rows too many (${sample.join(', ')})`)
    }
    const { rows } = await client.query<{ n: number }>(
      `select count(*)::int as n from hyperferry.receipt a join hyperferry.receipt b
         on a.id < b.id and a.table_id = b.table_id and a.lane = b.lane and a.span && b.span`,
    )
    if (rows[0]?.n !== 0) found.push('receipts overlap')
    return found
  } finally {
    await client.end()
  }
}

export function lcg(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 4_294_967_296
  }
}
