// What an application feels of a backfill beside it: how long its writes take with one and without, and whether all of them arrive.
//   npm run build && node bench/live.ts [--rows N] [--seconds S] [--rate N] [--writers N] [--workers N] [--slowdown N|off] [--apart]
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import mysql from 'mysql2/promise'
import { markerSql } from '../packages/hyperferry/src/steps/writers.ts'
import { temporaryFolder } from './folder.ts'
import { keep } from './keep.ts'
import { keepApart } from './live/apart.ts'
import { whatArrived } from './live/arrived.ts'
import { clock } from './live/clock.ts'
import { latencyIn } from './live/latency.ts'
import type { Latency, Write } from './live/latency.ts'
import { startWriters } from './live/writers.ts'
import type { Writers } from './live/writers.ts'
import { editPlan, planMove, type, watchBackfill } from './peers/hyperferry.ts'
import type { Backfilled, Move } from './peers/hyperferry.ts'
import { wide } from './series/series.ts'
import { say } from './say.ts'
import { machineOf, targetServer } from './servers.ts'
import { mariadbSource } from './sources.ts'
import { withDatabase } from './target.ts'

/** p99 beside the backfill by p99 without it, at most. */
const GOAL = 3

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '3000000' },
    seconds: { type: 'string', default: '30' },
    /** Writes per second of all writers together. */
    rate: { type: 'string', default: '200' },
    writers: { type: 'string', default: '2' },
    /** Default as the plan has it. */
    workers: { type: 'string' },
    /** How many times slower than alone the backfill may make writes; default as the plan has it. */
    slowdown: { type: 'string' },
    /** Writers and source on one core, tool and target on the others. */
    apart: { type: 'boolean', default: false },
  },
})
const rows = Number(values.rows)
const seconds = Number(values.seconds)
const rate = Number(values.rate)
const count = Number(values.writers)
const workers = values.workers === undefined ? [] : ['--workers', values.workers]

using folder = temporaryFolder()
await bench()

async function bench(): Promise<void> {
  await using target = await targetServer()
  const machine = await machineOf(target)
  say(`making ${rows} rows`)
  await using source = await mariadbSource({ ...wide, rows, keyed: true }, { durable: true })
  await withDatabase(target.url, async (url) => {
    const move = { source: source.place, target: url, folder: folder.path, servers: [target.pid, ...source.servers] }
    await prepare(move)
    const writers = await startWriters(Array.from({ length: count }, (_, number) => settingsOf(move, number)))
    if (values.apart) keepApart({ application: [...writers.pids, ...source.servers], move: [process.pid, target.pid] })
    const { phases, backfill, writes } = await beside(move, writers).finally(() => writers.kill())
    const [alone, both] = phases
    show(phases)
    const ratio = both.p99 / alone.p99
    console.log(
      `p99 beside the backfill by p99 without it: ${ratio.toFixed(2)} (goal at most ${GOAL}); the backfill copied ${backfill.rows} rows ` +
        `in ${backfill.stepSeconds.toFixed(1)} s, ${Math.round(backfill.rows / backfill.stepSeconds)} rows/s, with ${Math.round(backfill.peakMb)} MB`,
    )
    await type(move, ['verify'])
    console.log(await whatArrived(move, rows, writes))
    say(
      keep(values.apart ? 'live-apart' : 'live', {
        machine,
        rows,
        rate,
        writers: count,
        goal: GOAL,
        ratio,
        phases,
        backfill,
      }),
    )
  })
}

/** Two databases with nobody who writes to both of them yet. */
async function prepare(move: Move): Promise<void> {
  const connection = await mysql.createConnection({ uri: move.source })
  await connection.query(markerSql('mysql', 'bench')[0] ?? '')
  await connection.end()
  await planMove(move, false)
  editPlan(move, (plan) => {
    plan.set('dualWrite', plan.createNode({ writers: count, maxLateness: '2 seconds' }))
    const { slowdown } = values
    if (slowdown !== undefined)
      plan.setIn(['backfill', 'writerSlowdown'], slowdown === 'off' ? slowdown : Number(slowdown))
  })
  await type(move, ['schema', '--yes'])
}

function settingsOf({ source, target }: Move, number: number) {
  const journal = join(folder.path, `journal-${number}`)
  mkdirSync(journal)
  return {
    number,
    writers: count,
    rate: rate / count,
    source,
    target,
    journal,
    firstRow: rows + number * 1_000_000_000,
  }
}

interface Beside {
  phases: [alone: Latency, both: Latency]
  backfill: Backfilled
  writes: Write[]
}

/** The writers write to both databases, first alone, then beside the backfill; everything is delivered when this resolves. */
async function beside(move: Move, writers: Writers): Promise<Beside> {
  await type(move, ['stage', 'dualwrite', '--yes'])
  await type(move, ['completion-point', '--wait', '--yes'])
  say(`without a backfill for ${seconds} s`)
  const from = clock()
  await sleep(seconds * 1000)
  say('beside the backfill')
  const began = clock()
  const backfill = await watchBackfill(move, workers)
  const ended = clock()
  const writes = await writers.stop()
  const alone = latencyIn({ name: 'dual-write', from, to: began }, writes)
  const both = latencyIn({ name: 'dual-write and backfill', from: began, to: ended }, writes)
  return { phases: [alone, both], backfill, writes }
}

function show(phases: readonly Latency[]): void {
  console.table(
    phases.map((one) => ({
      phase: one.phase,
      s: one.seconds.toFixed(1),
      writes: one.writes,
      errors:
        Object.entries(one.errors)
          .map(([code, times]) => `${code}: ${times}`)
          .join(', ') || 'none',
      'p50 ms': one.p50.toFixed(1),
      'p99 ms': one.p99.toFixed(1),
      'max ms': one.max.toFixed(1),
      'undelivered at most': one.waiting,
    })),
  )
}
