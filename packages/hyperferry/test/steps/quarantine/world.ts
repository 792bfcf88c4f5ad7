// A table with one row of every kind that can be kept back, copied by the real steps.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import mysql from 'mysql2/promise'
import { expect, onTestFinished } from 'vitest'
import { freshMysql, freshPg } from '../../../../../test/servers/database.ts'
import type { PostgresName } from '../../../../../test/servers/catalogue.ts'
import { listQuarantine } from '../../../src/control/quarantine.ts'
import type { QuarantinedRow } from '../../../src/control/quarantine.ts'
import type { StepContext } from '../../../src/steps/context.ts'
import { backfill } from '../../../src/steps/backfill.ts'
import { schema } from '../../../src/steps/schema.ts'
import { verify } from '../../../src/steps/verify.ts'
import { openLab } from '../verify/lab.ts'
import { plannedTable } from '../verify/tables.ts'

export type Engine = 'sqlite' | 'mariadb'

export interface World {
  ctx: StepContext
  /** Changes the source as its application would. */
  source: (sql: string) => Promise<void>
  /** Asks the target. */
  sql: (text: string) => Promise<Record<string, unknown>[]>
  kept(all?: boolean): Promise<QuarantinedRow[]>
  /** Id in quarantine of a row of the source. */
  idOf(row: number): Promise<string>
}

export const ROWS = 200

/** Row 10: NUL in text. 20: too many digits. 30: no time. 40: breaks a check of the target. */
export async function world(engine: Engine, server: PostgresName = 'pg18'): Promise<World> {
  const source = engine === 'sqlite' ? sqlite() : await mariadb()
  const { url } = await freshPg(server)
  const time = engine === 'mariadb'
  const table = plannedTable({
    source: 'reading',
    name: 'reading',
    kind: 'timeseries',
    time: { column: 'at', unit: null },
    chunkInterval: '1 day',
    split: time ? 'time' : 'pk',
    axis: time ? 'at' : 'id',
    keys: [{ name: 'reading_pkey', columns: ['id', 'at'], primary: true }],
    estimatedRows: ROWS,
    columns: [
      { name: 'id', sourceType: '', type: 'bigint' },
      { name: 'at', sourceType: '', type: 'timestamptz' },
      { name: 'device', sourceType: '', type: 'integer' },
      { name: 'price', sourceType: '', type: 'numeric(6,2)', nullable: true },
      { name: 'note', sourceType: '', type: 'text', nullable: true },
    ],
  })
  const lab = await openLab(source.url, url, [table], { taskRows: 40 })
  onTestFinished(async () => {
    await lab[Symbol.asyncDispose]()
    await source.close()
  })
  const { ctx } = lab
  await schema(ctx)
  await lab.sql('alter table lab.reading add constraint small check (device < 900)')
  await backfill(ctx, { acceptQuarantine: 1000 })
  const made: World = {
    ctx,
    source: (sql) => source.run(sql),
    sql: async (text) => (await ctx.target.query(text)).rows,
    async kept(all = false) {
      const session = await ctx.target.session()
      const rows = await listQuarantine(session, ctx.migrationId, { all, limit: 1000 })
      await session.release()
      return rows
    },
    async idOf(row) {
      const found = (await made.kept(true)).find(({ values }) => values['id'] === String(row))
      return found?.id ?? 'none'
    },
  }
  return made
}

/** What verify says at every level that has a verdict. */
export async function verdicts({ ctx }: World): Promise<Record<string, boolean | null>> {
  const said: Record<string, boolean | null> = {}
  for (const level of ['count', 'digest', 'rows'] as const) said[level] = (await verify(ctx, { level })).equal
  return said
}

export const EQUAL = { count: true, digest: true, rows: true }

/** The books close and nothing is copied twice. */
export async function copiesNothing({ ctx, sql }: World): Promise<void> {
  const before = await sql('select count(*)::int as n from lab.reading')
  const again = await backfill(ctx, { acceptQuarantine: 1000 })
  expect([again.rows, again.tables[0]?.status]).toEqual([0, 'unchanged'])
  // Else verify would find the rows equal by reading them again, and the receipts were worth nothing.
  expect((await verify(ctx, { sampleRows: 0 })).tables[0]?.digest).toBe(again.tables[0]?.digest)
  expect(await sql('select count(*)::int as n from lab.reading')).toEqual(before)
}

function valuesOf(id: number, zero: string): string {
  const at =
    id === 30 ? zero : `'2024-01-${String(1 + (id % 20)).padStart(2, '0')} 10:00:00.${String(id).padStart(6, '0')}'`
  const note = id === 10 ? `concat('a', char(0), 'b')` : `'note ${id}'`
  return `(${id}, ${at}, ${id === 40 ? 999 : id % 7}, ${id === 20 ? '1.2345' : `${id}.25`}, ${note})`
}

interface Source {
  url: string
  run(sql: string): Promise<void>
  close(): Promise<void>
}

function sqlite(): Source {
  const folder = mkdtempSync(join(tmpdir(), 'hyperferry-quarantine-'))
  const file = join(folder, 'plant.db')
  const db = new DatabaseSync(file)
  db.exec('pragma synchronous = off; begin')
  db.exec('create table reading (id integer primary key, at text, device integer, price numeric, note text)')
  for (let id = 1; id <= ROWS; id += 1)
    db.exec(
      `insert into reading values ${valuesOf(id, 'null').replace("concat('a', char(0), 'b')", "'a' || char(0) || 'b'")}`,
    )
  db.exec('commit')
  return {
    url: `sqlite:${file}`,
    async run(sql) {
      db.exec(sql)
    },
    async close() {
      db.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function mariadb(): Promise<Source> {
  const fresh = await freshMysql('mariadb')
  const connection = await mysql.createConnection(fresh.adminUrl)
  await connection.query(`set session sql_mode = ''`)
  await connection.query(
    'create table reading (id bigint primary key, at datetime(6) not null, device int, price decimal(12,4), note text, index (at))',
  )
  const values = Array.from({ length: ROWS }, (_, index) => valuesOf(index + 1, `'0000-00-00 00:00:00'`))
  await connection.query(`insert into reading values ${values.join(', ')}`)
  return {
    url: fresh.url,
    async run(sql) {
      await connection.query(sql)
    },
    close: () => connection.end(),
  }
}
