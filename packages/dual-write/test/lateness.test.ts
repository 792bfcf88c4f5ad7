import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ClockOffset } from '../src/clock.ts'
import { Lateness } from '../src/lateness.ts'

const NOW = 1_700_000_000_000_000n

test('every row is counted, the extremes are exact, and each late row lies in its bucket', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -(2 ** 45), max: 2 ** 45 }), { minLength: 1 }), (lates) => {
      const lateness = new Lateness()
      for (const late of lates) lateness.note('t', [NOW - BigInt(late)], NOW)
      const report = lateness.report()['t']!
      expect(report.rows).toBe(lates.length)
      expect([report.minUs, report.maxUs]).toEqual([Math.min(...lates), Math.max(...lates)])
      for (const [bucket, count] of report.counts.entries()) {
        const inside = lates.filter((late) => late > 1000 * 2 ** bucket && late <= 1000 * 2 ** (bucket + 1))
        expect(count).toBe(inside.length)
      }
    }),
    { seed: 1, numRuns: 300 },
  )
})

test('the offset is that of the shortest round trip, and truth lies within the error', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -5_000_000, max: 5_000_000 }),
      fc.array(fc.record({ out: fc.nat(200_000), back: fc.nat(200_000) }), { minLength: 1, maxLength: 40 }),
      (offset, trips) => {
        const clock = new ClockOffset()
        for (const { out, back } of trips) {
          clock.sample(NOW + BigInt(offset), NOW + BigInt(out), NOW + BigInt(offset + out + back))
        }
        const best = clock.best!
        expect(Math.abs(best.offsetUs - offset)).toBeLessThanOrEqual(best.errorUs)
        const shortest = Math.min(...trips.slice(-32).map(({ out, back }) => (out + back) / 2))
        expect(best.errorUs).toBe(Math.ceil(shortest) + 1000)
      },
    ),
    { seed: 2, numRuns: 300 },
  )
})
