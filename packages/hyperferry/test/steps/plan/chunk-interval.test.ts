import { expect, test } from 'vitest'
import type { TimeCandidate } from '../../../src/source/source.ts'
import { chooseInterval } from '../../../src/steps/plan/chunk-interval.ts'

const candidate = (min: string | null, max: string | null, rowsPerDay: number | null): TimeCandidate => ({
  column: 'ts',
  type: 'timestamptz',
  unit: null,
  plausible: 1,
  monotone: 1,
  access: 'index',
  min,
  max,
  rowsPerDay,
  unusable: { value: 0, exact: true },
  reasons: [],
})
const GIB = 1024 ** 3
const choose = (
  one: TimeCandidate,
  more: Partial<Parameters<typeof chooseInterval>[0]> = {},
): ReturnType<typeof chooseInterval> =>
  chooseInterval({ candidate: one, rows: 1000, bytesPerRow: 100, cacheBytes: 4 * GIB, series: 1, ...more })

test.each([
  // 1 GiB for one chunk: 10.7 M rows of 100 bytes.
  [1_000_000_000, '1 hour'],
  [200_000_000, '1 hour'],
  [40_000_000, '6 hours'],
  [20_000_000, '12 hours'],
  [10_000_000, '1 day'],
  [1_500_000, '7 days'],
  [350_000, '30 days'],
  [10, '30 days'],
])('%d rows a day make chunks of %s', (rowsPerDay, expected) => {
  expect(choose(candidate('2025-01-01T00:00:00.000000Z', '2025-02-01T00:00:00.000000Z', rowsPerDay)).text).toBe(
    expected,
  )
})

test('several series share the memory', () => {
  const one = candidate('2025-01-01T00:00:00Z', '2025-02-01T00:00:00Z', 10_000_000)
  expect(choose(one, { series: 2 }).text).toBe('12 hours')
  expect(choose(one, { cacheBytes: 2 * GIB }).text).toBe('12 hours')
})

test('a long history has no more than 2000 chunks, and it is said when they grow too large by it', () => {
  const five = choose(candidate('2021-01-01T00:00:00Z', '2025-12-31T00:00:00Z', 10_000_000))
  expect(five).toMatchObject({ text: '1 day', chunks: 1826, oversized: null })
  const ten = choose(candidate('2016-01-01T00:00:00Z', '2025-12-31T00:00:00Z', 10_000_000))
  expect(ten).toMatchObject({ text: '7 days', chunks: 522, oversized: 7_000_000_000 })
})

test('stray times neither stretch the extent nor go unnoticed', () => {
  const stray = choose(candidate('-4713-01-01T00:00:00Z', '+294276-12-31T00:00:00Z', 10_000_000))
  // 1000 rows at ten million a day: a day, not 130 years.
  expect(stray).toMatchObject({ stray: true, text: '1 day', chunks: 1 })
  expect(choose(candidate('1971-01-01T00:00:00Z', '2100-12-31T00:00:00Z', 10)).stray).toBe(false)
  expect(choose(candidate('1970-12-31T00:00:00Z', '2020-12-31T00:00:00Z', 10)).stray).toBe(true)
  expect(choose(candidate('2000-01-01T00:00:00Z', '2101-01-01T00:00:00Z', 10)).stray).toBe(true)
})

test('an empty table gets the usual week', () => {
  expect(choose(candidate(null, null, null), { rows: 0 })).toMatchObject({ text: '7 days', chunks: 0, stray: false })
})
