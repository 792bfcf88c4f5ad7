// The databases that are loaded into: one per run, gone after it.
import pg from 'pg'
import { columns } from './series/series.ts'
import type { Series } from './series/series.ts'

export interface TableOptions {
  series: Series
  columnstore: boolean
  /** Indexes that are there before the load. */
  indexes: readonly string[]
}

/** Indexes of a table that is queried by device and by time. */
export const INDEXES = ['create index on metric (ts desc)', 'create index on metric (device_id, ts desc)']

export async function withDatabase<T>(server: string, use: (url: string) => Promise<T>): Promise<T> {
  const name = `bench_${Math.random().toString(36).slice(2)}`
  await sql(server, [`create database ${name}`])
  const url = new URL(server)
  url.pathname = `/${name}`
  try {
    await sql(url.href, ['create extension timescaledb'])
    return await use(url.href)
  } finally {
    await sql(server, [`drop database ${name} with (force)`, 'checkpoint'])
  }
}

/** The hypertable as a user would make it by hand; chunks of a day. */
export async function makeTable(url: string, { series, columnstore, indexes }: TableOptions): Promise<void> {
  const list = columns[series.shape].map(({ name, postgres }) => `${name} ${postgres}`)
  const key = series.keyed ? ['primary key (device_id, ts)'] : []
  await sql(url, [
    `create table metric (${[...list, ...key].join(', ')})`,
    `select create_hypertable('metric', 'ts', chunk_time_interval => interval '1 day', create_default_indexes => false)`,
    ...(columnstore ? [ENABLE_COLUMNSTORE] : []),
    ...indexes,
  ])
}

const ENABLE_COLUMNSTORE = `alter table metric set (timescaledb.enable_columnstore, timescaledb.segmentby = 'device_id', timescaledb.orderby = 'ts desc')`

export const COMPRESS_ALL = `select count(compress_chunk(c)) from show_chunks('metric') c`

export async function expectRows(url: string, rows: number): Promise<void> {
  const [row] = await sql(url, ['select count(*)::int as rows from public.metric'])
  if (row?.['rows'] !== rows) throw new Error(`${String(row?.['rows'])} rows arrived instead of ${rows}`)
}

/** Megabytes of the table with all that belongs to it. */
export async function sizeMb(url: string): Promise<number> {
  const [row] = await sql(url, [`select hypertable_size('public.metric')::float8 / 1048576 as mb`])
  return Number(row?.['mb'])
}

/** Runs each statement; the rows of the last one. */
export async function sql(url: string, statements: readonly string[]): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    let rows: Record<string, unknown>[] = []
    for (const text of statements) ({ rows } = await client.query<Record<string, unknown>>(text))
    return rows
  } finally {
    await client.end()
  }
}
