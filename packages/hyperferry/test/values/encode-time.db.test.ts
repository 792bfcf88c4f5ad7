// Dates, times and intervals against a real server.
import fc from 'fast-check'
import type pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWith, serverUrl } from '../../../../test/servers/index.ts'
import {
  encodeDateDays,
  encodeEpoch,
  encodeIntervalMicros,
  encodeTimeMicros,
  encodeTimestampMicros,
} from '../../src/values/encode/timestamp.ts'
import { formatMicros } from '../../src/values/time.ts'
import { column, connect, sample, serverCasts } from './round-trip.ts'

const describeEach = await Promise.all(
  (['pg15', 'pg18'] as const).map(async (name) => ({ name, describe: await describeWith(name) })),
)
const ignore = (): void => {}
// 4713 BC to 294276 AD in microseconds since 1970.
const FIRST = -210866803200000000n
const LAST = 9224318015999999999n

for (const { name, describe } of describeEach) {
  describe(`time encoders, ${name}`, () => {
    let client: pg.Client
    beforeAll(async () => {
      client = await connect(await serverUrl(name))
    })
    afterAll(() => client.end())

    it.each(['timestamp', 'timestamptz', 'timestamptz(3)', 'timestamp(0)'])(
      '%s, floored to its precision',
      async (type) => {
        const micros = [FIRST, LAST, 0n, -1n, 1n, -999999n, ...sample(fc.bigInt({ min: FIRST, max: LAST }), 300)]
        micros.push(...sample(fc.bigInt({ min: -5_000_000_000_000_000n, max: 5_000_000_000_000_000n }), 300))
        const step = type.endsWith('(3)') ? 1000n : type.endsWith('(0)') ? 1_000_000n : 1n
        const floored = micros.map((v) => v - (((v % step) + step) % step))
        let losses = 0
        const expected = await serverCasts(client, type, floored.map(formatMicros))
        expect(
          await column(client, type, micros, (w, v, t) => encodeTimestampMicros(w, v, t, () => (losses += 1))),
        ).toEqual(expected)
        expect(losses).toBe(micros.filter((v, i) => v !== floored[i]).length)
      },
    )

    it('epoch numbers of every unit', async () => {
      const values = [
        0n,
        -1n,
        1n,
        1_700_000_000n,
        -62_135_596_800n,
        ...sample(fc.bigInt({ min: FIRST / 1_000_000n, max: LAST / 1_000_000n }), 200),
      ]
      const expected = await serverCasts(
        client,
        'timestamptz',
        values.map((v) => formatMicros(v * 1_000_000n)),
      )
      const factor = { s: 1n, ms: 1000n, us: 1_000_000n, ns: 1_000_000_000n }
      for (const unit of ['s', 'ms', 'us', 'ns'] as const) {
        const scaled = values.map((v) => v * factor[unit])
        expect(await column(client, 'timestamptz', scaled, (w, v, t) => encodeEpoch(w, v, unit, t, ignore))).toEqual(
          expected,
        )
        const numbers = scaled.map((v) => (Number.isSafeInteger(Number(v)) ? Number(v) : v))
        expect(await column(client, 'timestamptz', numbers, (w, v, t) => encodeEpoch(w, v, unit, t, ignore))).toEqual(
          expected,
        )
      }
      let losses = 0
      expect(
        await column(client, 'timestamptz', [-1n, 1999n, -1], (w, v, t) =>
          encodeEpoch(w, v, 'ns', t, () => (losses += 1)),
        ),
      ).toEqual(['1969-12-31 23:59:59.999999+00', '1970-01-01 00:00:00.000001+00', '1969-12-31 23:59:59.999999+00'])
      expect(losses).toBe(3)
    })

    it('dates, times and intervals', async () => {
      expect(await column(client, 'date', [-2440588, 2145042905, 0, -719529, 19723], encodeDateDays)).toEqual([
        '4714-11-24 BC',
        '5874897-12-31',
        '1970-01-01',
        '0002-12-31 BC',
        '2024-01-01',
      ])
      const days = sample(fc.integer({ min: -2440588, max: 2145042905 }), 300)
      const { rows } = await client.query<{ v: string }>(
        `select ('1970-01-01'::date + v)::text as v from unnest($1::int[]) with ordinality u(v, n) order by n`,
        [days],
      )
      expect(await column(client, 'date', days, encodeDateDays)).toEqual(rows.map((row) => row.v))
      expect(
        await column(client, 'date', [-1n, 86_399_999_999n], (w, v, t) => encodeTimestampMicros(w, v, t, ignore)),
      ).toEqual(['1969-12-31', '1970-01-01'])
      expect(
        await column(client, 'time(2)', [0, 86_400_000_000, 86_399_999_999, 1], (w, v, t) =>
          encodeTimeMicros(w, v, t, ignore),
        ),
      ).toEqual(['00:00:00', '24:00:00', '23:59:59.99', '00:00:00'])
      const intervals = [0n, -1n, 3_020_399_000_000n, -3_020_399_999_999n, 2n ** 63n - 1n]
      expect(await column(client, 'interval', intervals, (w, v, t) => encodeIntervalMicros(w, v, t, ignore))).toEqual([
        '00:00:00',
        '-00:00:00.000001',
        '838:59:59',
        '-838:59:59.999999',
        '2562047788:00:54.775807',
      ])
      expect(
        await column(client, 'interval(0)', [-1n, 1_999_999n], (w, v, t) => encodeIntervalMicros(w, v, t, ignore)),
      ).toEqual(['-00:00:01', '00:00:01'])
    })
  })
}
