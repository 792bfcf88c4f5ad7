// Axis literals as a real server reads them.
import fc from 'fast-check'
import type pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWith, serverUrl } from '../../../../test/servers/index.ts'
import { axisLiteral } from '../../src/values/axis.ts'
import { connect, sample } from './round-trip.ts'
import { axisTable } from './axis-table.ts'

const describe = await describeWith('pg18')
const FIRST = -210866803200000000n
// The server's own extract() is inexact in the last year.
const LAST = 9_220_000_000_000_000_000n

describe('axis literals', () => {
  let client: pg.Client
  beforeAll(async () => {
    client = await connect(await serverUrl('pg18'))
    // A literal must not depend on the session.
    await client.query(`set timezone = 'America/New_York'; set datestyle = 'German'`)
  })
  afterAll(() => client.end())

  const micros = async (literals: string[]): Promise<string[]> => {
    const { rows } = await client.query<{ v: string }>(
      `select trunc(extract(epoch from v) * 1000000)::text as v from (values ${literals.map((each, i) => `(${i}, ${each})`).join(',')}) s(i, v) order by i`,
    )
    return rows.map((row) => row.v)
  }
  const positions = [
    FIRST,
    LAST,
    0n,
    -1n,
    -62135596800000000n,
    -62135596800000001n,
    -62167219200000000n,
    ...sample(fc.bigInt({ min: FIRST, max: LAST }), 300),
    ...sample(fc.bigInt({ min: -5n * 10n ** 15n, max: 5n * 10n ** 15n }), 300),
  ]

  it.each(['timestamptz', 'timestamp'])('%s is the instant itself', async (type) => {
    const table = axisTable('datetime(6)', type)
    expect(await micros(positions.map((p) => axisLiteral(table, p, 'UTC')))).toEqual(positions.map(String))
  })

  it('date is the day', async () => {
    const table = axisTable('datetime', 'date')
    const day = 86_400_000_000n
    const floored = positions.map((p) => p - (((p % day) + day) % day))
    expect(await micros(positions.map((p) => axisLiteral(table, p, 'UTC')))).toEqual(floored.map(String))
  })

  it('a wall clock is what AT TIME ZONE makes of it', async () => {
    const table = axisTable('datetime(6)', 'timestamptz')
    const walls = sample(fc.bigInt({ min: 0n, max: 2_100_000_000n }), 500).map((s) => s * 1_000_000n + 7n)
    const { rows } = await client.query<{ v: string }>(
      `select trunc(extract(epoch from (timestamp 'epoch' + v::bigint * interval '1 microsecond') at time zone 'Europe/Berlin') * 1000000)::text as v
       from unnest($1::text[]) with ordinality u(v, n) order by n`,
      [walls.map(String)],
    )
    const ours = await micros(walls.map((p) => axisLiteral(table, p, 'Europe/Berlin')))
    const wrong = walls.filter((_, i) => ours[i] !== rows[i]?.v)
    // Server and we differ in gaps and folds only; none is in this sample.
    expect(wrong).toEqual([])
  })

  it('numbers and infinities compare as they should', async () => {
    const at = (sourceType: string, type: string, position: bigint, unit?: 's'): string =>
      axisLiteral(axisTable(sourceType, type, unit ? { unit } : {}), position, 'UTC')
    const { rows } = await client.query<Record<string, boolean>>(`select
      2147483647 < ${at('int', 'integer', 2147483648n)} as a,
      9223372036854775807 < ${at('bigint', 'bigint', 2n ** 64n)} as b,
      '-9223372036854775808'::bigint = ${at('bigint', 'bigint', -(2n ** 63n))} as c,
      '294276-12-31 23:59:59.999999+00'::timestamptz < ${at('bigint', 'timestamptz', 10n ** 15n, 's')} as d,
      '4713-11-24 00:00+00 BC'::timestamptz > ${at('bigint', 'timestamptz', -(10n ** 15n), 's')} as e,
      '5874897-12-31'::date < ${at('bigint', 'date', 10n ** 17n, 's')} as f`)
    expect(rows).toEqual([{ a: true, b: true, c: true, d: true, e: true, f: true }])
  })
})
