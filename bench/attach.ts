// Rows into a hypertable with its key in place, against each day as a table of its own: loaded, keyed, attached (docs/design/0008). On the server alone, from its own files.
//   node bench/attach.ts [ROWS] [PAIRS]
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { temporaryFolder } from './folder.ts'
import { cpuOf } from './measure.ts'
import { ratioOf } from './ratio.ts'
import { targetServer } from './servers.ts'
import { writeCsv } from './series/csv.ts'
import { wide } from './series/series.ts'
import { makeTable, sql, withDatabase } from './target.ts'

const [rows = '3000000', pairs = '5'] = process.argv.slice(2)
const series = { ...wide, rows: Number(rows), keyed: true }
const WORKERS = 2

interface Spent {
  seconds: number
  serverCpuSeconds: number
}

type Way = (client: pg.Client, day: string, file: string) => Promise<void>

/** The chunk is made beforehand, as the backfill does: made by the COPY it would lock the others out. */
const straight: Way = async (client, day, file) => {
  const [from, to] = [day, next(day)].map((each) => Date.parse(each) * 1000)
  await client.query(`select _timescaledb_functions.create_chunk('metric', '{"ts": [${from}, ${to}]}')`)
  await client.query(`copy metric from '${file}' (format binary)`)
}

/** Made and loaded in one transaction, so that the rows can be frozen. */
const attached: Way = async (client, day, file) => {
  const name = `day_${day.replaceAll('-', '_')}`
  await client.query('begin')
  await client.query(`create table ${name} (like metric)`)
  await client.query(`copy ${name} from '${file}' (format binary, freeze)`)
  await client.query(`alter table ${name} add primary key (device_id, ts)`)
  await client.query('commit')
  await client.query(`call attach_chunk('metric', '${name}', '{"ts": ["${day} 00:00+00", "${next(day)} 00:00+00"]}')`)
}

function next(day: string): string {
  return new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10)
}

async function measure(url: string, server: number, days: ReadonlyMap<string, string>, way: Way): Promise<Spent> {
  await sql(url, ['drop table if exists metric'])
  await makeTable(url, { series, columnstore: false, indexes: [] })
  await sql(url, ['checkpoint'])
  const [cpu, started] = [cpuOf(server), performance.now()]
  const queue = [...days].values()
  const work = async (): Promise<void> => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    for (const [day, file] of queue) await way(client, day, file)
    await client.end()
  }
  await Promise.all(Array.from({ length: WORKERS }, work))
  await sql(url, ['analyze metric'])
  const seconds = (performance.now() - started) / 1000
  const [row] = await sql(url, ['select count(*)::int as rows from metric'])
  if (row?.['rows'] !== series.rows) throw new Error(`${String(row?.['rows'])} rows arrived`)
  return { seconds, serverCpuSeconds: cpuOf(server) - cpu }
}

/** The series as the server's own files, one for each day. */
async function writeDays(url: string, folder: string): Promise<Map<string, string>> {
  const file = join(folder, 'all.csv')
  writeCsv(file, series)
  await makeTable(url, { series, columnstore: false, indexes: [] })
  await sql(url, [`create table raw (like metric)`, `copy raw from '${file}' (format csv, header)`])
  const found = await sql(url, [`set timezone = 'UTC'`, `select distinct ts::date::text as day from raw order by 1`])
  const days = new Map(found.map(({ day }) => [String(day), join(folder, `${String(day)}.bin`)]))
  for (const [day, to] of days)
    await sql(url, [
      `set timezone = 'UTC'`,
      `copy (select * from raw where ts >= '${day}' and ts < '${next(day)}') to '${to}' (format binary)`,
    ])
  await sql(url, ['drop table raw'])
  return days
}

using folder = temporaryFolder()
chmodSync(folder.path, 0o777)
await using server = await targetServer()
await withDatabase(server.url, async (url) => {
  const days = await writeDays(url, folder.path)
  const spent: [Spent, Spent][] = []
  for (let pair = 0; pair < Number(pairs); pair += 1) {
    const first = pair % 2 === 0
    const one = await measure(url, server.pid, days, first ? attached : straight)
    const two = await measure(url, server.pid, days, first ? straight : attached)
    spent.push(first ? [one, two] : [two, one])
  }
  const list = (which: 0 | 1, of: keyof Spent): string => spent.map((pair) => pair[which][of].toFixed(1)).join(', ')
  console.log(`${rows} rows, ${days.size} chunks, ${WORKERS} sessions\n`)
  console.log(`attached: ${list(0, 'seconds')} s, server CPU ${list(0, 'serverCpuSeconds')} s`)
  console.log(`straight: ${list(1, 'seconds')} s, server CPU ${list(1, 'serverCpuSeconds')} s`)
  console.log(
    ratioOf(
      spent.map(([ours]) => ours.seconds),
      spent.map(([, theirs]) => theirs.seconds),
    ),
  )
})
