// An application in a process of its own: writes through the library and logs what it sent and what was acknowledged.
import { closeSync, openSync, writeSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import mysql from 'mysql2/promise'
import pg from 'pg'
import { collection, createDualWriter } from '../../packages/dual-write/src/index.ts'
import { mysql2Store } from '../../packages/dual-write/src/stores/mysql2.ts'
import { pgStore } from '../../packages/dual-write/src/stores/pg.ts'
import { sqliteStore } from '../../packages/dual-write/src/stores/sqlite.ts'
import { rowsOf, TAGGED } from './shapes.ts'
import type { LiveEngine } from './shapes.ts'

export interface WriterSettings {
  engine: LiveEngine
  name: string
  migration: string
  source: string
  target: string
  journal: string
  log: string
  first: number
  /** Writes per second. */
  rate: number
}

async function run(settings: WriterSettings): Promise<void> {
  const { engine, name } = settings
  // An answer that never comes would silence the heartbeat for good.
  const pool = new pg.Pool({
    connectionString: settings.target,
    max: 5,
    connectionTimeoutMillis: 20_000,
    query_timeout: 15_000,
  })
  pool.on('error', () => {})
  const sqlite = engine === 'sqlite' ? new DatabaseSync(settings.source, { timeout: 10_000 }) : null
  // Processes die here, not the machine: nothing is lost without the disk.
  sqlite?.exec('pragma synchronous = off')
  const mysqlPool = engine === 'mysql' ? mysql.createPool({ uri: settings.source, connectionLimit: 6 }) : null
  const source = sqlite === null ? mysql2Store(mysqlPool as mysql.Pool) : sqliteStore(sqlite)
  const log = openSync(settings.log, 'a')
  const note = (entry: object): void => void writeSync(log, `${JSON.stringify(entry)}\n`)
  const dw = await createDualWriter({
    migration: settings.migration,
    name,
    source,
    target: pgStore(pool),
    journal: { dir: settings.journal, durability: 'process' },
    collections: Object.fromEntries(TAGGED.map((table) => [table, collection({ table })])),
    onEvent: (event) => {
      if (event.kind === 'delivery-waits' || event.kind === 'control') return
      process.stderr.write(
        `${name}: ${JSON.stringify(event, (_k, v: unknown) => (v instanceof Error ? v.message : v))}\n`,
      )
    },
  })
  let stopping = false
  process.once('SIGTERM', () => (stopping = true))
  let n = settings.first
  const lane = async (): Promise<void> => {
    while (!stopping) {
      const began = performance.now()
      const me = n++
      const { table, rows } = rowsOf(engine, name, me, Date.now())
      const tags = rows.map(({ tag }) => tag)
      note({ n: me, sent: { table, tags } })
      try {
        await dw.write(table, rows)
        note({ n: me, acknowledged: true })
      } catch (error) {
        const { code, message, cause } = error as Error & { code?: string }
        note({ n: me, failed: code ?? 'unknown' })
        // A case-folded key that is taken is what this shape is for; all else is news.
        if (table !== 'metric' && code !== 'HF-DW02')
          process.stderr.write(`${name} ${me}: ${message} ${String(cause)}\n`)
      }
      await sleep(Math.max(0, (LANES * 1000) / settings.rate - (performance.now() - began)))
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  await dw.close({ drainMs: 30_000 })
  closeSync(log)
  await pool.end()
  await mysqlPool?.end()
  sqlite?.close()
}

const LANES = 4

if (import.meta.main) await run(JSON.parse(process.env['LIVE_WRITER'] ?? '{}') as WriterSettings)
