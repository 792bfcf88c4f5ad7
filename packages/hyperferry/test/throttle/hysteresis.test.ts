import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Hysteresis } from '../../src/throttle/hysteresis.ts'
import { gauge, halfOf, reasonText } from '../../src/throttle/reason.ts'

const bounds = { limit: 30, below: 15 }

test('holds above the limit, goes on below half, and stays as it is between', () => {
  const one = new Hysteresis()
  const values = [10, 30, 31, 29, 15, 14, 20, 30, 41]
  expect(values.map((value, second) => one.judge(value, bounds, second * 1000))).toEqual([
    false,
    false,
    true,
    true,
    true,
    false,
    false,
    false,
    true,
  ])
})

test('always: above the limit it holds, below half it does not, else it is as before', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 60 })), (values) => {
      const one = new Hysteresis()
      let before = false
      for (const [second, value] of values.entries()) {
        const holds = one.judge(value, bounds, second * 1000)
        expect(holds).toBe(value > 30 || (value >= 15 && before))
        before = holds
      }
    }),
    { seed: 3, numRuns: 300 },
  )
})

test('a number that does not come any more is believed for ten seconds, and holds nobody up for ever', () => {
  const one = new Hysteresis()
  expect(one.judge(null, bounds, 0)).toBe(false)
  expect(one.judge(50, bounds, 1000)).toBe(true)
  expect(one.judge(null, bounds, 11_000)).toBe(true)
  expect(one.judge(null, bounds, 11_001)).toBe(false)
  expect(one.judge(20, bounds, 12_000)).toBe(false)
})

test('a count can always fall below half', () => {
  for (const limit of [1, 2, 3, 40]) expect(halfOf('targetLockWaits', limit)).toBeGreaterThanOrEqual(1)
  expect(halfOf('sourceThreadsRunning', 40)).toBe(21)
  expect(halfOf('targetReplicationLag', 30_000)).toBe(15_000)
})

test('says it as a person would', () => {
  expect(reasonText(gauge('targetReplicationLag', 41_000, 30_000))).toBe(
    'target replication lag 41 s > 30 s (resumes below 15 s)',
  )
  expect(reasonText(gauge('targetWalRate', 61_400_000, 50_000_000))).toBe(
    'WAL rate of the target 61 MB/s > 50 MB/s (resumes below 25 MB/s)',
  )
  expect(gauge('targetReplicationBytes', null, 1e9)).toMatchObject({ now: '?', limit: '1 GB', resumesBelow: '500 MB' })
})
