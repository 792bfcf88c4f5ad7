/** The demo's application: a process of its own that writes readings and events through the dual-write library, and never stops for the migration. */
import { setTimeout as sleep } from 'node:timers/promises'
import { DatabaseSync } from 'node:sqlite'
import { collection, createDualWriter } from '@hyperferry/dual-write'
import { pgStore } from '@hyperferry/dual-write/pg'
import { sqliteStore } from '@hyperferry/dual-write/sqlite'
import pg from 'pg'
import type { Event, Reading, Sent } from './log.ts'
import { WriteLog } from './log.ts'
import { DEVICES } from './plant.ts'

export interface ApplicationSettings {
  migration: string
  /** File of the source. */
  source: string
  target: string
  journal: string
  log: string
  /** Number of the first write; a restarted application goes on after the last one it logged. */
  first: number
  /** Writes per second that it aims at. */
  rate: number
}

async function run(settings: ApplicationSettings): Promise<void> {
  const database = new DatabaseSync(settings.source, { timeout: 5000 })
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
  const pool = new pg.Pool({ connectionString: settings.target, max: 8, connectionTimeoutMillis: 2000 })
  // A pooled connection that dies while nobody uses it is no event for an application.
  pool.on('error', () => {})
  const log = new WriteLog(settings.log)
  const dw = await createDualWriter({
    migration: settings.migration,
    name: 'ingest',
    source: sqliteStore(database),
    target: pgStore(pool),
    journal: { dir: settings.journal },
    collections: {
      readings: collection<Reading>({ table: 'reading', key: ['device_id', 'ts'], time: 'ts' }),
      events: collection<Omit<Event, 'payload'> & { payload: Uint8Array }>({ table: 'event_log', time: 'at' }),
    },
  })
  let stopping = false
  process.once('SIGTERM', () => (stopping = true))
  let n = settings.first
  const one = async (): Promise<void> => {
    const write = nextWrite(n++)
    log.sent(write)
    try {
      if ('readings' in write) await dw.write('readings', write.readings)
      else
        await dw.write(
          'events',
          write.events.map((each) => ({ ...each, payload: Buffer.from(each.payload) })),
        )
      log.acknowledged(write.n)
    } catch (error) {
      log.failed(write.n, (error as { code?: string }).code ?? 'unknown')
    }
  }
  const lane = async (): Promise<void> => {
    while (!stopping) {
      const began = performance.now()
      await one()
      await sleep(Math.max(0, (LANES * 1000) / settings.rate - (performance.now() - began)))
    }
  }
  const sites = openSites(database, () => !stopping && dw.status().primary === 'source')
  await Promise.all(Array.from({ length: LANES }, lane))
  clearInterval(sites)
  await dw.close()
  log.close()
  await pool.end()
  database.close()
}

const LANES = 8

/** A relational table changes now and then, past the library: the final copy has to bring it over. */
function openSites(database: DatabaseSync, mayWrite: () => boolean): NodeJS.Timeout {
  const insert = database.prepare('INSERT INTO site (name, opened) VALUES (?, ?)')
  return setInterval(() => {
    if (mayWrite()) insert.run(`site of ${new Date().toISOString()}`, null)
  }, 1700)
}

/** Most are readings of this very moment, some come late, some are events. Every row says which write it belongs to. */
function nextWrite(n: number): Sent {
  const now = Date.now()
  if (n % 8 === 7) {
    const at = new Date(now).toISOString().replace('T', ' ').replace('Z', '')
    return { n, events: [{ at, kind: `k${n % 7}`, payload: `application event ${n}` }] }
  }
  const ts = n % 100 === 0 ? now - 1500 : now
  const reading = (device: number): Reading => ({
    device_id: device,
    ts,
    temperature: Math.sin(n / 500) * 30,
    humidity: (n % 1000) / 10,
    note: `write ${n} ✓`,
  })
  return { n, readings: [reading(1 + ((2 * n) % DEVICES)), reading(1 + ((2 * n + 1) % DEVICES))] }
}

if (import.meta.main) await run(JSON.parse(process.env['HYPERFERRY_DEMO_APPLICATION'] ?? '{}') as ApplicationSettings)
