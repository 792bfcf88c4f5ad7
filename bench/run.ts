// `npm run bench`: our wall time by that of the tools people use today, on the same servers, alternating. See README.md.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startServer } from '../test/servers/start.ts'
import type { Server } from '../test/servers/start.ts'
import type { Case } from './case.ts'
import { cases } from './cases.ts'
import { parallelCopyVersion } from './peers/parallel-copy.ts'
import { pgloaderVersion } from './peers/pgloader.ts'
import { psqlVersion } from './peers/psql.ts'
import { median, ratioOf } from './ratio.ts'
import { runCase } from './rounds.ts'
import type { CaseResult } from './rounds.ts'
import { writeCsv } from './series/csv.ts'
import { fillMysql } from './series/mysql.ts'
import type { Series } from './series/series.ts'
import { fillSqlite } from './series/sqlite.ts'
import { sql } from './target.ts'

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

const folder = mkdtempSync(join(tmpdir(), 'hyperferry-bench-'))
const say = (line: string): void => void process.stderr.write(`${line}\n`)

try {
  await bench()
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function bench(): Promise<void> {
  await using target = await targetServer()
  const community = target.name === 'tsl'
  const results: CaseResult[] = []
  const versions = await versionsOf(target)
  for (const one of chosen) {
    if (one.columnstore && !community) {
      say(`${one.id} is left out: it needs the community edition of TimescaleDB (test/servers/README.md)`)
      continue
    }
    await using source = await makeSource(one)
    const servers = [target.pid, ...source.servers]
    results.push(await runCase(one, { server: target.url, source: source.place, servers }, PAIRS, say))
    show(results)
    keep(results, versions)
  }
}

/** The community edition where it is; else the other one, for what it can do. Memory as a server for such data has. */
async function targetServer(): Promise<Server> {
  const server = await startServer('tsl', { durable: true }).catch(() => startServer('ts-2.19', { durable: true }))
  const settings = {
    shared_buffers: '2GB',
    max_wal_size: '8GB',
    checkpoint_timeout: '30min',
    maintenance_work_mem: '512MB',
  }
  for (const [name, value] of Object.entries(settings)) await sql(server.url, [`alter system set ${name} = '${value}'`])
  await server.restart()
  return server
}

interface BenchSource extends AsyncDisposable {
  place: string
  servers: readonly number[]
}

async function makeSource({ source, series, id }: Case): Promise<BenchSource> {
  say(`${id}: making ${series.rows} rows`)
  if (source === 'mariadb') return mariadbSource(series)
  const file = join(folder, source === 'csv' ? 'metric.csv' : 'metric.db')
  rmSync(file, { force: true })
  if (source === 'csv') say(`${id}: ${Math.round(writeCsv(file, series) / 1e6)} MB`)
  else fillSqlite(file, series)
  return { place: file, servers: [], [Symbol.asyncDispose]: async () => rmSync(file) }
}

async function mariadbSource(series: Series): Promise<BenchSource> {
  const server = await startServer('mariadb')
  const admin = new URL(server.url)
  admin.pathname = '/'
  const { createConnection } = await import('mysql2/promise')
  const connection = await createConnection({ uri: admin.href })
  await connection.query('set global innodb_buffer_pool_size = 2147483648')
  await connection.query('create database bench')
  await connection.query(`create user 'bench'@'%' identified by 'bench'`)
  await connection.query(`grant all on bench.* to 'bench'@'%'`)
  await connection.end()
  const url = Object.assign(new URL(admin), { username: 'bench', password: 'bench', pathname: '/bench' })
  await fillMysql(url.href, series)
  return { place: url.href, servers: [server.pid], [Symbol.asyncDispose]: () => server.stop() }
}

async function versionsOf(server: Server): Promise<Record<string, unknown>> {
  const [row] = await sql(server.url, [
    `select current_setting('server_version') as postgres, (select default_version from pg_available_extensions where name = 'timescaledb') as timescaledb`,
  ])
  return {
    node: process.version,
    pgloader: pgloaderVersion(),
    parallelCopy: parallelCopyVersion(),
    psql: psqlVersion(),
    ...row,
    edition: server.name === 'tsl' ? 'community' : 'apache',
    cpu: `${cpus().length} x ${cpus()[0]?.model ?? '?'}`,
    memoryGb: Math.round(totalmem() / 2 ** 30),
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

function keep(results: readonly CaseResult[], machine: Record<string, unknown>): void {
  const kept = new URL('results/', import.meta.url)
  mkdirSync(kept, { recursive: true })
  const only = values.only.length === 0 ? '' : `-${values.only.join('+')}`
  const file = `${new Date().toISOString().slice(0, 10)}${only}.json`
  writeFileSync(new URL(file, kept), `${JSON.stringify({ pairs: PAIRS, machine, results }, null, 2)}\n`)
  say(`kept in bench/results/${file}`)
}
