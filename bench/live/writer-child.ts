// An application in a process of its own: writes at a fixed pace, whatever the answers do, and says at its end how long each write took.
import { setTimeout as sleep } from 'node:timers/promises'
import mysql from 'mysql2/promise'
import pg from 'pg'
import { collection, createDualWriter } from '../../packages/dual-write/src/index.ts'
import { mysql2Store } from '../../packages/dual-write/src/stores/mysql2.ts'
import { pgStore } from '../../packages/dual-write/src/stores/pg.ts'
import { clock } from './clock.ts'
import type { Write } from './latency.ts'

export interface WriterSettings {
  /** Which of `writers` it is, from 0. */
  number: number
  writers: number
  /** Writes per second of this one. */
  rate: number
  source: string
  target: string
  /** Folder of its journal. */
  journal: string
  /** Its rows have numbers from here on. */
  firstRow: number
}

/** Writes from its start until SIGTERM; what it says are a line when it is ready, and its writes as JSON. */
async function run(settings: WriterSettings): Promise<void> {
  const { number, writers, rate, firstRow } = settings
  const target = new pg.Pool({ connectionString: settings.target, max: 5 })
  const source = mysql.createPool({ uri: settings.source, connectionLimit: 10 })
  const dw = await createDualWriter({
    migration: 'bench',
    name: `writer-${number}`,
    source: mysql2Store(source),
    target: pgStore(target),
    journal: { dir: settings.journal },
    collections: { metric: collection({ table: 'metric', key: ['device_id', 'ts'], time: 'ts' }) },
  })
  const writes: Write[] = []
  const write = async (n: number, at: number): Promise<void> => {
    const error = await dw.write('metric', [rowOf(firstRow + n, n * writers + number)]).then(
      () => null,
      (reason: unknown) => String((reason as { code?: string }).code ?? reason),
    )
    writes.push({ at, ms: clock() - at, error, waiting: dw.status().pending })
  }
  let stopping = false
  process.once('SIGTERM', () => (stopping = true))
  process.stdout.write('ready\n')
  const every = 1000 / rate
  const started = clock() + (every * number) / writers
  const running = new Set<Promise<void>>()
  for (let n = 0; !stopping; n += 1) {
    // The moment in which it is meant to begin counts, also when this process or a full pool makes it wait: a user's row does not come later because the last one was slow.
    const at = started + n * every
    while (clock() < at) await sleep(at - clock())
    const one = write(n, at).finally(() => running.delete(one))
    running.add(one)
  }
  await Promise.all(running)
  await dw.close({ drainMs: 60_000 })
  await Promise.all([source.end(), target.end()])
  process.stdout.write(JSON.stringify(writes))
}

/** A row of now: `seq` tells it from all others, `n` from those of the other writers. */
function rowOf(seq: number, n: number): Record<string, unknown> {
  const now = new Date().toISOString()
  const device = n % 100
  return {
    device_id: device,
    ts: `${now.slice(0, 10)} ${now.slice(11, 23)}${String(seq % 1000).padStart(3, '0')}`,
    seq,
    temperature: Math.sin(seq) * 40,
    humidity: seq / 7,
    pressure: 1000 + Math.cos(seq),
    voltage: seq / 3,
    status: seq % 100,
    errors: seq % 10 === 0 ? null : seq % 13,
    ok: seq % 2,
    price: ((seq % 100_000) / 100).toFixed(2),
    label: `device-${device}`,
    note: seq % 100 === 0 ? 'checked' : null,
  }
}

if (import.meta.main) await run(JSON.parse(process.env['BENCH_WRITER'] ?? '{}') as WriterSettings)
