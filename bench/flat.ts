// Whether ten times the rows take ten times the time, and no more memory.
//   npm run build && node bench/flat.ts [--small N] [--large N] [--source mariadb|sqlite]
import { parseArgs } from 'node:util'
import type { Server } from '../test/servers/start.ts'
import { temporaryFolder } from './folder.ts'
import { keep } from './keep.ts'
import { planMove, type, watchBackfill } from './peers/hyperferry.ts'
import type { Backfilled } from './peers/hyperferry.ts'
import { wide } from './series/series.ts'
import { say } from './say.ts'
import { machineOf, targetServer } from './servers.ts'
import { makeSource } from './sources.ts'
import type { BenchSource } from './sources.ts'
import { expectRows, withDatabase } from './target.ts'

/** What we want to be: the rate of the large one by that of the small one, and MB. */
const GOAL = { ratio: 0.9, peakMb: 400 }

const { values } = parseArgs({
  options: {
    small: { type: 'string', default: '1000000' },
    large: { type: 'string', default: '10000000' },
    source: { type: 'string', default: 'mariadb' },
  },
})
if (values.source !== 'mariadb' && values.source !== 'sqlite') throw new Error('--source takes mariadb or sqlite')
const kind = values.source

using folder = temporaryFolder()
await bench()

async function bench(): Promise<void> {
  await using target = await targetServer()
  const machine = await machineOf(target)
  await using small = await filled(Number(values.small))
  await using large = await filled(Number(values.large))
  // The small one before and after the large one: how far these two are apart is what the machine alone does.
  const before = await backfilled(target, small)
  const runs = [before, await backfilled(target, large), await backfilled(target, small)]
  const ratio = {
    process: ratioOf(runs, (run) => run.rows / run.seconds),
    step: ratioOf(runs, (run) => run.rows / run.stepSeconds),
    cpuPerRow: ratioOf(runs, cpuPerRow),
  }
  show(runs)
  console.log(
    `the large one by the small ones: rows/s ${ratio.step.toFixed(2)} of the step, ${ratio.process.toFixed(2)} of the process ` +
      `(goal at least ${GOAL.ratio}), CPU of a row ${ratio.cpuPerRow.toFixed(2)}; ` +
      `peak memory ${Math.round(Math.max(...runs.map(({ peakMb }) => peakMb)))} MB (goal at most ${GOAL.peakMb})`,
  )
  say(keep(`flat-${kind}`, { machine, source: kind, goal: GOAL, ratio, runs }))
}

type Filled = BenchSource & { rows: number }

async function filled(rows: number): Promise<Filled> {
  say(`making ${rows} rows`)
  return Object.assign(await makeSource(kind, { ...wide, rows, keyed: true }, folder.path), { rows })
}

function backfilled(target: Server, { place, rows, servers }: Filled): Promise<Backfilled> {
  return withDatabase(target.url, async (url) => {
    const source = kind === 'sqlite' ? `sqlite:${place}` : place
    const move = { source, target: url, folder: folder.path, servers: [target.pid, ...servers] }
    await planMove(move, false)
    await type(move, ['schema', '--yes'])
    const run = await watchBackfill(move, ['--workers', '2'])
    await expectRows(url, rows)
    say(`${rows} rows in ${run.seconds.toFixed(1)} s`)
    return run
  })
}

/** Of the second run by the first and third. */
function ratioOf(runs: readonly Backfilled[], figure: (run: Backfilled) => number): number {
  const [before = Number.NaN, large = Number.NaN, after = Number.NaN] = runs.map(figure)
  return large / Math.sqrt(before * after)
}

/** Microseconds of the client and the servers; what else the machine does changes it least. */
function cpuPerRow({ cpuSeconds, serverCpuSeconds, rows }: Backfilled): number {
  return ((cpuSeconds + serverCpuSeconds) * 1e6) / rows
}

function show(runs: readonly Backfilled[]): void {
  console.table(
    runs.map((run) => ({
      rows: run.rows,
      s: run.seconds.toFixed(1),
      'rows/s': Math.round(run.rows / run.seconds),
      's of the step': run.stepSeconds.toFixed(1),
      'rows/s of the step': Math.round(run.rows / run.stepSeconds),
      'cpu µs/row': cpuPerRow(run).toFixed(1),
      'peak MB': Math.round(run.peakMb),
      'last quarter by second': run.growth.toFixed(2),
    })),
  )
}
