// TimescaleDB's community edition: what the Apache edition refuses must work here. Missing means failing, not skipping.
import pg from 'pg'
import { expect, test } from 'vitest'
import { freshPg } from './database.ts'

test('answers with the timescale license and compresses a chunk', async ({ task }) => {
  const { url } = await freshPg('tsl')
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ license: string; timescaledb: string; postgresql: string }>(
      `select current_setting('timescaledb.license') license, extversion timescaledb,
              current_setting('server_version') postgresql
       from pg_extension where extname = 'timescaledb'`,
    )
    Object.assign(task.meta, { versions: rows[0] })
    expect(rows[0]?.license).toBe('timescale')
    await client.query(`create table t (time timestamptz not null, v float8)`)
    await client.query(`select create_hypertable('t', 'time')`)
    await client.query(
      `insert into t select '2026-01-01'::timestamptz + n * interval '1 minute', n from generate_series(1, 100) n`,
    )
    await client.query(`alter table t set (timescaledb.compress)`)
    await client.query(`select compress_chunk(c) from show_chunks('t') c`)
    const compressed = await client.query(
      `select is_compressed from timescaledb_information.chunks where hypertable_name = 't'`,
    )
    expect(compressed.rows).toEqual([{ is_compressed: true }])
  } finally {
    await client.end()
  }
})
