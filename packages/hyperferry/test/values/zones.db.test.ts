// Wall clocks against the server's own: AT TIME ZONE turns an instant into the wall clock, ours turns it back.
import fc from 'fast-check'
import type pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWith, serverUrl } from '../../../../test/servers/index.ts'
import { compileZone } from '../../src/values/zones.ts'
import { connect, sample } from './round-trip.ts'

const describe = await describeWith('pg18')

describe('zones', () => {
  let client: pg.Client
  beforeAll(async () => {
    client = await connect(await serverUrl('pg18'))
  })
  afterAll(() => client.end())

  it.each([
    'Europe/Berlin',
    'America/New_York',
    'Australia/Lord_Howe',
    'Asia/Kathmandu',
    'Pacific/Apia',
    'America/St_Johns',
    'UTC',
  ])('%s: instant → wall clock → instant', async (name) => {
    const zone = compileZone(name)
    // 1975 to 2037 in whole half hours (folds get hit), and any second of it.
    const instants = [
      ...sample(fc.integer({ min: 5 * 17532, max: 67 * 17532 }), 3000).map((n) => n * 1800),
      ...sample(fc.integer({ min: 157_766_400, max: 2_114_380_800 }), 1000),
    ]
    const { rows } = await client.query<{ wall: string }>(
      `select (extract(epoch from to_timestamp(v) at time zone $2)::bigint)::text as wall from unnest($1::bigint[]) with ordinality u(v, n) order by n`,
      [instants, name],
    )
    const wrong = instants.filter((instant, i) => {
      const wall = BigInt(rows[i]?.wall ?? 0) * 1_000_000n + 123_456n
      const answer = zone.toUtcMicros(wall)
      if (answer === 'gap') return true
      const difference = BigInt(instant) * 1_000_000n + 123_456n - answer.micros
      // Only a fold may answer with another instant, and then with the earlier one.
      return difference !== 0n && !(answer.fold && (difference === 1_800_000_000n || difference === 3_600_000_000n))
    })
    expect(wrong).toEqual([])
  })
})
