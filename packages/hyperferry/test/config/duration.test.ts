import fc from 'fast-check'
import { expect, test } from 'vitest'
import { durationMicros } from '../../src/config/duration.ts'
import { planSchema } from '../../src/config/plan-schema.ts'

test.each([
  ['1 microsecond', 1n],
  ['30 seconds', 30_000_000n],
  ['30 s', 30_000_000n],
  ['500ms', 500_000n],
  ['5 min', 300_000_000n],
  ['2h', 7_200_000_000n],
  ['1 hour', 3_600_000_000n],
  ['6 hours', 21_600_000_000n],
  ['2 weeks', 1_209_600_000_000n],
  ['9007199254740993 days', 9_007_199_254_740_993n * 86_400_000_000n],
])('%s', (text, micros) => {
  expect(durationMicros(text)).toBe(micros)
})

test.each([
  '',
  '1',
  'hour',
  '1 month',
  '1.5 hours',
  '-1 hour',
  '1  hour',
  '1 hour ',
  '1 hour 5 minutes',
  '5 m',
  '3 ss',
])('not a duration: %j', (text) => {
  expect(() => durationMicros(text)).toThrow(expect.objectContaining({ code: 'HF-U001' }))
})

test('the plan takes what can be measured, and nothing else', () => {
  const { dualWrite } = planSchema.shape
  const unit = fc.constantFrom('second', 'minutes', 'hour', 'days', 'weeks', 'months', 'years', 'fortnights', '')
  fc.assert(
    fc.property(fc.nat(), unit, (number, word) => {
      const text = `${number} ${word}`.trim()
      const taken = dualWrite.safeParse({ maxLateness: text }).success
      const measured = (() => {
        try {
          return durationMicros(text) >= 0n
        } catch {
          return false
        }
      })()
      expect(taken).toBe(measured)
    }),
    { seed: 11, numRuns: 200 },
  )
})
