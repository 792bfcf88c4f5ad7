// Which way into the columnstore: rows only, rows and then chunk by chunk, or compressed on the way in. Prints the table of docs/design/0015.
//   npm run servers -- run tsl -- node bench/columnstore.ts [ROWS] [DEVICES,…] [WORKERS,…]
import { randomUUID } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Plan } from '../packages/hyperferry/src/model.ts'
import { drive } from '../test/faults/drive.ts'
import { column, planOf, table } from '../test/faults/world.ts'
import { freshPg } from '../test/servers/database.ts'

const [rows = '1000000', devices = '100,1000,5000', workers = '1,2'] = process.argv.slice(2)
const DAYS = 8

const WAYS = ['rows only', 'rows, then compressed', 'directly'] as const
type Way = (typeof WAYS)[number]

function makeSource(count: number, each: number): string {
  const file = join(tmpdir(), `hyperferry-bench-${randomUUID()}.sqlite`)
  const db = new DatabaseSync(file)
  db.exec(`create table series (ts integer not null, device integer not null, temperature real, humidity real, state text);
    with recursive n (i) as (select 0 union all select i + 1 from n where i < ${count - 1})
    insert into series select 1704067200000 + i * ${DAYS} * 86400000 / ${count}, i * 7919 % ${each}, 20 + (i * 31 % 1000) / 100.0, i * 17 % 97, 'state ' || i % 5 from n;
    create index series_ts on series (ts)`)
  db.close()
  return file
}

function plan(way: Way, taskRows: number): Plan {
  const columnstore = { segmentBy: ['device'], orderBy: ['ts desc'], after: '7 days' }
  return {
    ...planOf(),
    tables: [
      table('series', {
        kind: 'timeseries',
        time: { column: 'ts', unit: null },
        chunkInterval: '1 day',
        columnstore: way === 'rows only' ? null : columnstore,
        split: 'time',
        axis: 'ts',
        columns: [
          column('ts', 'integer', 'timestamptz', { nullable: false, rules: { unit: 'ms' } }),
          column('device', 'integer', 'bigint', { nullable: false }),
          column('temperature', 'real', 'double precision'),
          column('humidity', 'real', 'double precision'),
          column('state', 'text', 'text'),
        ],
        indexes: [],
      }),
    ],
    backfill: { workers: 1, taskRows },
  }
}

async function measure(file: string, way: Way, parallel: number): Promise<string[]> {
  const database = await freshPg('tsl')
  const { url, superUrl } = database
  const client = new pg.Client({ connectionString: superUrl })
  await client.connect()
  const number = async (sql: string): Promise<number> =>
    Number((await client.query<{ n: string }>(`select (${sql})::text as n`)).rows[0]?.n)
  const base = {
    sourceUrl: `sqlite:${file}`,
    targetUrl: url,
    plan: plan(way, 200_000),
    workers: parallel,
    attempts: 60,
  }
  await drive({ ...base, steps: ['schema'] })
  const cpu = await serverCpu(client)
  const own = process.cpuUsage()
  const wal = await number(`pg_current_wal_lsn() - '0/0'::pg_lsn`)
  const watcher = new pg.Client({ connectionString: superUrl })
  await watcher.connect()
  let [peak, busy] = [0, false]
  const look = async (): Promise<void> => {
    if (busy) return
    busy = true
    const { rows: found } = await watcher.query<{ n: string }>(`select hypertable_size('plant.series')::text as n`)
    peak = Math.max(peak, Number(found[0]?.n))
    busy = false
  }
  const watch = setInterval(() => void look(), 100)
  const { backfill } = await drive(
    { ...base, steps: ['backfill'] },
    {
      change: (ctx) =>
        way === 'directly'
          ? ctx
          : {
              ...ctx,
              target: Object.assign(Object.create(ctx.target) as typeof ctx.target, {
                capabilities: { ...ctx.target.capabilities, directCompress: false },
              }),
            },
    },
  )
  clearInterval(watch)
  while (busy) await sleep(10)
  await look()
  await watcher.end()
  const { user, system } = process.cpuUsage(own)
  // The server has to notice that its sessions ended.
  await sleep(500)
  const served = (await serverCpu(client)) - cpu
  const written = (await number(`pg_current_wal_lsn() - '0/0'::pg_lsn`)) - wal
  const size = await number(`hypertable_size('plant.series')`)
  await client.end()
  await database.drop()
  const megabytes = (bytes: number): string => String(Math.round(bytes / 1e6))
  const seconds = [backfill?.seconds ?? 0, served, (user + system) / 1e6].map((each) => each.toFixed(1))
  return [...seconds, megabytes(size), megabytes(Math.max(peak, size)), megabytes(written)]
}

/** CPU seconds of all sessions that have ended; the server has to run on this machine. */
async function serverCpu(client: pg.Client): Promise<number> {
  const { rows: found } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  const fields = (pid: number | string): string[] =>
    readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')
  const parent = fields(fields(found[0]?.pid ?? 0)[1] ?? '')
  return (Number(parent[13]) + Number(parent[14])) / 100
}

console.log(`${rows} rows, ${DAYS} chunks, tasks of at most 200,000 rows\n`)
console.log(
  '| devices | workers | way | s | server CPU s | client CPU s | MB | MB at most | WAL MB |\n|---|---|---|---|---|---|---|---|---|',
)
for (const each of devices.split(',').map(Number)) {
  const file = makeSource(Number(rows), each)
  for (const parallel of workers.split(',').map(Number))
    for (const way of WAYS)
      console.log(`| ${each} | ${parallel} | ${way} | ${(await measure(file, way, parallel)).join(' | ')} |`)
  rmSync(file)
}
