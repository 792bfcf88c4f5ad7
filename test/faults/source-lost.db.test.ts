// The source's connection is cut in the middle of reading; a range is never taken for done because its stream ended.
import mysql from 'mysql2/promise'
import pg from 'pg'
import { expect, test } from 'vitest'
import type { Plan } from '../../packages/hyperferry/src/model.ts'
import { freshMysql, freshPg } from '../servers/database.ts'
import { describeWith } from '../servers/index.ts'
import { drive } from './drive.ts'
import { relayTo } from './relay.ts'
import { column, planOf, table } from './world.ts'

const describe = await describeWith('mariadb', 'pg17')

const ROWS = 4000

const reading = table('reading', {
  kind: 'timeseries',
  time: { column: 'ts', unit: null },
  split: 'pk',
  axis: 'id',
  columns: [
    column('id', 'bigint(20)', 'bigint', { nullable: false }),
    column('ts', 'datetime(6)', 'timestamptz', { nullable: false }),
    column('body', 'varchar(200)', 'text'),
  ],
})

describe('the source', () => {
  test('is cut again and again', async () => {
    const source = await freshMysql('mariadb')
    const admin = await mysql.createConnection({ uri: source.adminUrl })
    await admin.query('create table reading (id bigint primary key, ts datetime(6) not null, body varchar(200))')
    await admin.query(
      `insert into reading select seq, '2024-01-01' + interval seq second, repeat(seq, 20) from seq_1_to_${ROWS}`,
    )
    await admin.end()
    const { url } = await freshPg('pg17')
    const plan: Plan = { ...planOf(), tables: [reading] }

    let bytes = 0
    let cutAt = 60_000
    await using relay = await relayTo(source.url, {
      onAnswer(chunk) {
        bytes += chunk.length
        if (bytes < cutAt) return 'pass'
        cutAt = bytes + 90_000
        return 'cut'
      },
    })
    const run = { sourceUrl: relay.url(source.url), targetUrl: url, plan, taskRows: 300 }
    const { backfill, retries } = await drive(run)
    expect(backfill?.rows).toBe(ROWS)
    expect(relay.cuts).toBeGreaterThan(2)
    expect(retries.length).toBeGreaterThan(0)
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    const { rows } = await client.query(
      `select count(*)::int as n, count(distinct id)::int as ids, min(id)::int as low, max(id)::int as high,
         bool_and(body = repeat(id::text, 20) and ts = '2024-01-01 00:00:00+00'::timestamptz + id * interval '1 second') as correct
       from plant.reading`,
    )
    await client.end()
    expect(rows).toEqual([{ n: ROWS, ids: ROWS, low: 1, high: ROWS, correct: true }])
  })
})
