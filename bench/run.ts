// `npm run bench`: rows per second of Hyperferry beside pgloader's, alternating on the same servers. See README.md.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { startServer } from '../test/servers/start.ts'
import { fillMysql, fillSqlite } from './data.ts'
import { measure } from './measure.ts'
import type { Measured } from './measure.ts'
import { pgloaderVersion, runPgloader } from './pgloader.ts'

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '2000000' },
    pairs: { type: 'string', default: '3' },
    only: { type: 'string' },
  },
})
const ROWS = Number(values.rows)
const PAIRS = Number(values.pairs)
const folder = mkdtempSync(join(tmpdir(), 'hyperferry-bench-'))
const program = fileURLToPath(new URL('../packages/hyperferry/bin/hyperferry.js', import.meta.url))

/** Source the plan in the folder was made for. */
let planned = ''

interface Line {
  source: string
  ours: Measured[]
  theirs: Measured[]
}

try {
  await bench()
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function bench(): Promise<void> {
  await using target = await startServer('ts-2.19', { durable: true })
  const lines: Line[] = []
  if (values.only !== 'sqlite') {
    await using maria = await startServer('mariadb')
    const admin = new URL(maria.url)
    admin.pathname = '/'
    const url = await mysqlDatabase(admin.href)
    await fillMysql(url, ROWS)
    lines.push(await compare('MariaDB', url, url, target.url))
  }
  if (values.only !== 'mariadb') {
    const file = join(folder, 'bench.db')
    fillSqlite(file, ROWS)
    lines.push(await compare('SQLite', `sqlite:${file}`, file, target.url))
  }
  report(lines, await versions(target.url))
}

/** PAIRS alternating runs. Each into a fresh database with the table as `hyperferry schema` makes it, so both load into the same. */
async function compare(source: string, ourUrl: string, theirUrl: string, server: string): Promise<Line> {
  const line: Line = { source, ours: [], theirs: [] }
  for (let pair = 0; pair < PAIRS; pair += 1) {
    line.ours.push(await withDatabase(server, (target) => ours(ourUrl, target)))
    if (pgloaderVersion() !== null) {
      line.theirs.push(
        await withDatabase(server, async (target) => {
          await hyperferry(['schema', '--yes'], ourUrl, target)
          const measured = await runPgloader(theirUrl, target, folder)
          await expectRows(target)
          return measured
        }),
      )
    }
    process.stderr.write(`${source}: pair ${pair + 1} of ${PAIRS}\n`)
  }
  return line
}

async function ours(source: string, target: string): Promise<Measured> {
  await hyperferry(['schema', '--yes'], source, target)
  const measured = await hyperferry(['backfill', '--yes', '--workers', '2'], source, target)
  await expectRows(target)
  return measured
}

async function hyperferry(args: string[], source: string, target: string): Promise<Measured> {
  const env = { HYPERFERRY_SOURCE: source, HYPERFERRY_TARGET: target }
  const call = (words: string[]) => measure([process.execPath, program, ...words], { cwd: folder, env })
  if (planned !== source) {
    await call([
      'plan',
      '--force',
      '--source',
      '${HYPERFERRY_SOURCE}',
      '--target',
      '${HYPERFERRY_TARGET}',
      '--name',
      'bench',
    ])
    planned = source
  }
  return call(args)
}

async function withDatabase<T>(server: string, use: (url: string) => Promise<T>): Promise<T> {
  const name = `bench_${Math.random().toString(36).slice(2)}`
  await sql(server, `create database ${name}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  try {
    await sql(url.href, 'create extension timescaledb')
    return await use(url.href)
  } finally {
    await sql(server, `drop database ${name} with (force)`)
  }
}

async function mysqlDatabase(admin: string): Promise<string> {
  const { createConnection } = await import('mysql2/promise')
  const connection = await createConnection({ uri: admin })
  await connection.query('create database bench')
  await connection.query(`create user 'bench'@'%' identified by 'bench'`)
  await connection.query(`grant all on bench.* to 'bench'@'%'`)
  await connection.end()
  const url = new URL(admin)
  Object.assign(url, { username: 'bench', password: 'bench', pathname: '/bench' })
  return url.href
}

async function expectRows(target: string): Promise<void> {
  const [row] = await sql(target, 'select count(*)::int as rows from public.metric')
  if (row?.['rows'] !== ROWS) throw new Error(`${String(row?.['rows'])} rows arrived instead of ${ROWS}`)
}

async function versions(target: string): Promise<Record<string, unknown>> {
  const [row] = await sql(
    target,
    `select current_setting('server_version') as postgres, (select default_version from pg_available_extensions where name = 'timescaledb') as timescaledb`,
  )
  return {
    node: process.version,
    pgloader: pgloaderVersion(),
    ...row,
    cpu: `${cpus().length} x ${cpus()[0]?.model ?? '?'}`,
    memoryGb: Math.round(totalmem() / 2 ** 30),
  }
}

async function sql(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text)).rows
  } finally {
    await client.end()
  }
}

function report(lines: Line[], machine: Record<string, unknown>): void {
  const median = (all: Measured[], field: keyof Measured) =>
    all.map((one) => one[field]).toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? Number.NaN
  const rate = (seconds: number) => Math.round(ROWS / seconds)
  console.log(`${ROWS} rows x 13 columns → hypertable with that primary key; medians of ${PAIRS}; rows/s by wall time`)
  console.table(
    lines.map((line) => ({
      source: line.source,
      'hyperferry rows/s': rate(median(line.ours, 'seconds')),
      'pgloader rows/s': rate(median(line.theirs, 'seconds')),
      'wall ratio': Number((median(line.ours, 'seconds') / median(line.theirs, 'seconds')).toFixed(2)),
      'cpu s': Number(median(line.ours, 'cpuSeconds').toFixed(1)),
      'pgloader cpu s': Number(median(line.theirs, 'cpuSeconds').toFixed(1)),
      'peak MB': Math.round(median(line.ours, 'peakMb')),
      'pgloader peak MB': Math.round(median(line.theirs, 'peakMb')),
    })),
  )
  const results = new URL('results/', import.meta.url)
  mkdirSync(results, { recursive: true })
  const file = `offline-${new Date().toISOString().slice(0, 10)}.json`
  writeFileSync(new URL(file, results), `${JSON.stringify({ rows: ROWS, pairs: PAIRS, machine, lines }, null, 2)}\n`)
  console.log(`kept in bench/results/${file}`)
}
