/** A database that is written twice already and a target with its tables; all that comes next is the backfill. */
import pg from 'pg'
import { onTestFinished } from 'vitest'
import type { PlannedTable } from '../../packages/hyperferry/src/model.ts'
import type { Drive } from '../faults/drive.ts'
import { freshPg } from '../servers/database.ts'
import { beginDualWriting, lcg, makeLiveWorld } from './backfill-world.ts'
import type { LiveWorld } from './backfill-world.ts'

export interface Begun {
  world: LiveWorld
  run: Drive
  random: () => number
  /** Rows of the target. */
  ask(this: void, sql: string): Promise<unknown[]>
}

interface Wanted extends Partial<Drive> {
  server: 'pg17' | 'ts-sid' | 'tsl'
  /** Default SQLite. */
  engine?: 'sqlite' | 'mariadb'
  /** Of each table. */
  rows: number
  seed: number
  existingRows?: PlannedTable['existingRows']
}

export async function begun({ server, engine = 'sqlite', rows, seed, existingRows, ...drive }: Wanted): Promise<Begun> {
  const random = lcg(seed)
  const world = await makeLiveWorld(engine, rows, random)
  onTestFinished(() => world.remove())
  if (existingRows !== undefined) for (const table of world.plan.tables) table.existingRows = existingRows
  const { database, url, superUrl } = await freshPg(server)
  // The tool gives way long before the server looks for a deadlock, and has to on a loaded machine too.
  await ask(superUrl, `alter database ${database} set deadlock_timeout = '10s'`)
  const run: Drive = { sourceUrl: world.source.url, targetUrl: url, plan: world.plan, steps: ['backfill'], ...drive }
  await beginDualWriting(run)
  return { world, run, random, ask: (sql) => ask(url, sql) }
}

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<never>(sql)
    return rows
  } finally {
    await client.end()
  }
}
