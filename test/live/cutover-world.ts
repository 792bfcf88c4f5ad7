// A migration that stands before its cutover: relational tables that refer to each other and to themselves, a series that refers to one of them.
import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import mysql from 'mysql2/promise'
import type pg from 'pg'
import { putCompletionPoints } from '../../packages/hyperferry/src/control/completion.ts'
import { moveStage, putContract } from '../../packages/hyperferry/src/control/dual-write.ts'
import { registerTables } from '../../packages/hyperferry/src/control/ledger.ts'
import type { Plan } from '../../packages/hyperferry/src/model.ts'
import { recorded } from '../../packages/hyperferry/src/recorded.ts'
import { openSource } from '../../packages/hyperferry/src/source/registry.ts'
import type { StepContext } from '../../packages/hyperferry/src/steps/context.ts'
import { verify } from '../../packages/hyperferry/src/steps/verify.ts'
import { openTarget } from '../../packages/hyperferry/src/target/connect.ts'
import { transaction } from '../../packages/hyperferry/src/target/transaction.ts'
import { withSession } from '../../packages/hyperferry/src/target/with-session.ts'
import { noEvents } from '../../packages/hyperferry/src/work/events.ts'
import { drive } from '../faults/drive.ts'
import { column, planOf, table } from '../faults/world.ts'
import { freshMysql, freshPg } from '../servers/database.ts'

export type Engine = 'sqlite' | 'mariadb'

export interface CutoverWorld {
  ctx: StepContext
  sourceUrl: string
  targetUrl: string
  /** Runs a statement in the source, as the application. */
  source(sql: string): Promise<void>
  /** Rows of a query on the source, each as its values joined by `|`. */
  lines(sql: string): Promise<string[]>
  /** Runs a statement in the target, as its owner, and gives its rows. */
  ask: <T extends pg.QueryResultRow>(sql: string) => Promise<T[]>
  /** Step 8, with its entry in the step log. */
  verify(): Promise<boolean | null>
  close(): Promise<void>
}

interface Door {
  url: string
  run(sql: string): Promise<void>
  lines(sql: string): Promise<string[]>
  close(): Promise<void>
}

const RELATIONAL = ['device', 'sensor', 'note'] as const

/** Rows of a table in text, the same on both sides. */
const TEXT: Record<(typeof RELATIONAL)[number], string> = {
  device: 'select id, parent_id, name from device',
  sensor: 'select id, device_id, unit from sensor',
  note: 'select device_id, body from note',
}

/** Tables, history, stage `dualwrite`, completion points an hour ago; everything copied, nothing verified. */
// eslint-disable-next-line max-params -- what a test may want otherwise
export async function cutoverWorld(
  engine: Engine,
  server: 'pg17' | 'ts-sid' = 'pg17',
  change: (plan: Plan) => void = () => {},
  /** SQL in the source before anything is copied. */
  more = '',
): Promise<CutoverWorld> {
  const door = engine === 'sqlite' ? sqliteDoor() : await mariadbDoor()
  const now = Date.now()
  await door.run(`insert into device (id, parent_id, name) values (1, null, 'd1'), (2, 1, 'd2'), (3, 1, 'd3')`)
  await door.run(`insert into sensor (id, device_id, unit) values (1, 1, 'kW'), (2, 2, null), (3, 3, 'K')`)
  await door.run(`insert into note (device_id, body) values (1, 'same'), (1, 'same'), (2, 'other')`)
  const history = Array.from(
    { length: 60 },
    (_, n) => `(${n + 1}, ${now - 86_400_000 * (1 + (n % 20))}, ${1 + (n % 3)})`,
  )
  await door.run(`insert into reading (id, at, device_id) values ${history.join(', ')}`)
  if (more !== '') await door.run(more)
  const plan = planFor(engine)
  change(plan)
  const { url: targetUrl } = await freshPg(server)
  const run = { sourceUrl: door.url, targetUrl, plan, acceptQuarantine: 100 }
  await drive({ ...run, steps: ['schema'] })
  const { signal } = new AbortController()
  const target = await openTarget(targetUrl, { connections: 4, signal })
  const t = Math.floor((now - 3_600_000) / 1000) * 1000
  const migrationId = await withSession(target, async (session) => {
    const found = await session.query<{ id: number }>(`select id from hyperferry.migration where name = 'cut'`)
    const id = found.rows[0]?.id ?? 0
    await putContract(session, id, {}, 'none')
    await moveStage(session, id, 'off', 'dualwrite')
    const ids = await registerTables(session, id, plan.tables)
    const [from, to] = [BigInt(t), BigInt(t + 365 * 86_400_000)]
    await transaction(session, () =>
      putCompletionPoints(session, id, [
        {
          source: 'reading',
          tableId: ids.get('reading') ?? 0,
          t: new Date(t).toISOString(),
          grade: 'proven',
          evidence: {},
          instant: from * 1000n,
          position: from,
          beyondInstant: to * 1000n,
          beyondPosition: to,
        },
      ]),
    )
    return id
  })
  await drive({ ...run, steps: ['relational', 'backfill'] })
  const source = await openSource(door.url, { timezone: 'UTC', connections: 4, signal })
  const ctx: StepContext = { plan, source, target, events: noEvents, signal, migrationId }
  return {
    ctx,
    sourceUrl: door.url,
    targetUrl,
    source: (sql) => door.run(sql),
    lines: (sql) => door.lines(sql),
    ask: async <T extends pg.QueryResultRow>(sql: string) => (await target.query<T>(sql)).rows,
    verify: async () => (await recorded(ctx, 'verify', () => verify(ctx))).equal,
    async close() {
      await source.close()
      await target.close()
      await door.close()
    },
  }
}

/** What is wrong with the relational tables of the target; empty when they are the source's, foreign keys hold and the books say so. */
export async function relationalFaults(world: CutoverWorld): Promise<string[]> {
  const faults: string[] = []
  for (const name of RELATIONAL) {
    const here = (await world.lines(TEXT[name])).toSorted()
    const there = await world.ask<Record<string, string | number | null>>(
      TEXT[name].replace(` from ${name}`, ` from plant.${name}`),
    )
    const lines = there.map((row) => lineOf(Object.values(row))).toSorted()
    if (JSON.stringify(here) !== JSON.stringify(lines)) faults.push(`${name}: ${here.join(' ')} ≠ ${lines.join(' ')}`)
  }
  const broken = await world.ask(
    `select conname from pg_constraint where contype = 'f' and connamespace = 'plant'::regnamespace and not convalidated`,
  )
  if (broken.length > 0) faults.push(`not valid: ${JSON.stringify(broken)}`)
  const [keys] = await world.ask<{ n: number }>(
    `select count(*)::int as n from pg_constraint where contype = 'f' and connamespace = 'plant'::regnamespace
       and conrelid in ('plant.device'::regclass, 'plant.sensor'::regclass)`,
  )
  if (keys?.n !== 2) faults.push(`${keys?.n} foreign keys between relational tables`)
  const books = await world.ask<{ source: string; rows: string; held: string }>(
    `select t.source, sum(r.rows)::text as rows,
       (xpath('/row/n/text()', query_to_xml('select count(*) as n from plant.' || t.target, true, true, '')))[1]::text as held
     from hyperferry.migrated_table t join hyperferry.receipt r on r.table_id = t.id where t.kind = 'relational' group by 1, t.target`,
  )
  for (const { source, rows, held } of books)
    if (rows !== held) faults.push(`${source}: receipts ${rows}, rows ${held}`)
  return faults
}

function lineOf(values: readonly unknown[]): string {
  return values
    .map((value) =>
      value === null ? '∅' : typeof value === 'object' ? JSON.stringify(value) : String(value as string | number),
    )
    .join('|')
}

function sqliteDoor(): Door {
  const file = join(tmpdir(), `hyperferry-cutover-${randomUUID()}.sqlite`)
  const db = new DatabaseSync(file, { timeout: 10_000 })
  db.exec(`pragma journal_mode = wal; pragma synchronous = off; pragma foreign_keys = off;
    create table device (id integer primary key autoincrement, parent_id integer references device (id), name text not null unique);
    create table sensor (id integer primary key, device_id integer not null references device (id), unit text);
    create table note (device_id integer, body text);
    create table reading (id integer primary key autoincrement, at integer not null, device_id integer);
    create index reading_at on reading (at)`)
  return {
    url: `sqlite:${file}`,
    async run(sql) {
      db.exec(sql)
    },
    async lines(sql) {
      return db
        .prepare(sql)
        .all()
        .map((row) => lineOf(Object.values(row)))
    },
    async close() {
      db.close()
      for (const suffix of ['', '-wal', '-shm']) await rm(`${file}${suffix}`, { force: true })
    },
  }
}

async function mariadbDoor(): Promise<Door> {
  const { url, adminUrl } = await freshMysql('mariadb')
  const pool = mysql.createPool({ uri: adminUrl, connectionLimit: 2, multipleStatements: true })
  await pool.query(`create table device (id bigint primary key auto_increment, parent_id bigint, name varchar(20) not null unique, foreign key (parent_id) references device (id));
    create table sensor (id bigint primary key, device_id bigint not null, unit varchar(20), foreign key (device_id) references device (id));
    create table note (device_id bigint, body varchar(20));
    create table reading (id bigint primary key auto_increment, at bigint not null, device_id bigint, index (at))`)
  return {
    url,
    async run(sql) {
      await pool.query(`set foreign_key_checks = 0; ${sql}`)
    },
    async lines(sql) {
      const [rows] = await pool.query<mysql.RowDataPacket[]>(sql)
      return rows.map((row) => lineOf(Object.values(row)))
    },
    close: () => pool.end(),
  }
}

function planFor(engine: Engine): Plan {
  const type = engine === 'sqlite' ? 'integer' : 'bigint(20)'
  const text = engine === 'sqlite' ? 'text' : 'varchar(20)'
  const action = { onDelete: 'no action', onUpdate: 'no action' } as const
  const refers = (name: string, from: string): Plan['tables'][number]['foreignKeys'][number] => ({
    name,
    columns: [from],
    references: { table: 'device', columns: ['id'] },
    ...action,
  })
  return {
    ...planOf(),
    migration: 'cut',
    tables: [
      table('sensor', {
        columns: [
          column('id', type, 'bigint', { nullable: false }),
          column('device_id', type, 'bigint', { nullable: false }),
          column('unit', text, 'text'),
        ],
        keys: [{ name: 'sensor_pkey', columns: ['id'], primary: true }],
        foreignKeys: [refers('sensor_device', 'device_id')],
      }),
      table('device', {
        columns: [
          column('id', type, 'bigint', { nullable: false, identity: true }),
          column('parent_id', type, 'bigint'),
          column('name', text, 'text', { nullable: false }),
        ],
        keys: [
          { name: 'device_pkey', columns: ['id'], primary: true },
          { name: 'device_name', columns: ['name'], primary: false },
        ],
        foreignKeys: [refers('device_parent', 'parent_id')],
      }),
      table('note', { columns: [column('device_id', type, 'bigint'), column('body', text, 'text')] }),
      table('reading', {
        kind: 'timeseries',
        chunkInterval: '7 days',
        time: { column: 'at', unit: null },
        split: 'time',
        axis: 'at',
        columns: [
          column('id', type, 'bigint', { nullable: false, identity: true }),
          column('at', type, 'timestamptz(3)', { nullable: false, rules: { unit: 'ms' } }),
          column('device_id', type, 'bigint'),
        ],
        keys: [{ name: 'reading_pkey', columns: ['id', 'at'], primary: true }],
        foreignKeys: [refers('reading_device', 'device_id')],
      }),
    ],
  }
}
