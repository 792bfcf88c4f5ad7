// `npm run bench`: our wall time by that of the tools people use today, on the same servers, alternating. See README.md.
import { parseArgs } from 'node:util'
import { cases } from './cases.ts'
import { temporaryFolder } from './folder.ts'
import { keep } from './keep.ts'
import { parallelCopyVersion } from './peers/parallel-copy.ts'
import { pgloaderVersion } from './peers/pgloader.ts'
import { psqlVersion } from './peers/psql.ts'
import { median, ratioOf } from './ratio.ts'
import { runCase } from './rounds.ts'
import type { CaseResult } from './rounds.ts'
import { say } from './say.ts'
import { machineOf, targetServer } from './servers.ts'
import { makeSource } from './sources.ts'

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '3000000' },
    pairs: { type: 'string', default: '7' },
    only: { type: 'string', multiple: true, default: [] },
  },
})
const PAIRS = Number(values.pairs)
const chosen = cases(Number(values.rows)).filter(({ id }) => values.only.length === 0 || values.only.includes(id))
if (chosen.length === 0)
  throw new Error(
    `--only takes ${cases(1)
      .map(({ id }) => id)
      .join(', ')}`,
  )

using folder = temporaryFolder()
await bench()

async function bench(): Promise<void> {
  await using target = await targetServer()
  const community = target.name === 'tsl'
  const results: CaseResult[] = []
  const machine = {
    ...(await machineOf(target)),
    pgloader: pgloaderVersion(),
    parallelCopy: parallelCopyVersion(),
    psql: psqlVersion(),
  }
  for (const one of chosen) {
    if (one.columnstore && !community) {
      say(`${one.id} is left out: it needs the community edition of TimescaleDB (test/servers/README.md)`)
      continue
    }
    say(`${one.id}: making ${one.series.rows} rows`)
    await using source = await makeSource(one.source, one.series, folder.path)
    const servers = [target.pid, ...source.servers]
    results.push(await runCase(one, { server: target.url, source: source.place, servers }, PAIRS, say))
    show(results)
    say(keep(values.only.join('+') || 'all', { pairs: PAIRS, machine, results }))
  }
}

function show(results: readonly CaseResult[]): void {
  console.table(
    Object.fromEntries(
      results.map(({ name, ours, theirs, peer, goal }) => {
        const { ratio, upper } = ratioOf(seconds(ours), seconds(theirs))
        const of = (field: 'seconds' | 'cpuSeconds' | 'serverCpuSeconds' | 'peakMb' | 'tableMb'): string =>
          [ours, theirs]
            .map((runs) => (runs.length === 0 ? '–' : round(median(runs.map((run) => run[field])))))
            .join(' / ')
        return [
          name,
          {
            against: peer ?? 'nobody here',
            ratio: peer === null ? '–' : ratio.toFixed(2),
            'at most (95 %)': upper === null || peer === null ? '–' : upper.toFixed(2),
            goal,
            's ours / theirs': of('seconds'),
            'client cpu s': of('cpuSeconds'),
            'server cpu s': of('serverCpuSeconds'),
            'peak MB': of('peakMb'),
            'table MB': of('tableMb'),
          },
        ]
      }),
    ),
  )
}

function seconds(runs: readonly { seconds: number }[]): number[] {
  return runs.map((run) => run.seconds)
}

function round(value: number): string {
  return value < 100 ? value.toFixed(1) : String(Math.round(value))
}
