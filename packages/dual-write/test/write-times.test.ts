import fc from 'fast-check'
import { expect, test } from 'vitest'
import { WriteTimes } from '../src/write-times.ts'
import type { WriteCounts } from '../src/write-times.ts'

const write = fc.record({ ms: fc.double({ min: 0, max: 2 ** 19, noNaN: true }), later: fc.nat(5000) })

test('every write is counted in its bucket, and those of the last half minute once more', () => {
  fc.assert(
    fc.property(fc.array(write, { minLength: 1 }), fc.nat(40_000), (writes, silence) => {
      const times = new WriteTimes()
      let now = 1000
      const ended: { ms: number; at: number }[] = []
      for (const { ms, later } of writes) {
        now += later
        times.note(ms, now)
        ended.push({ ms, at: now })
      }
      now += silence
      const { total, lately } = times.report(now)
      expectCounts(total, ended)
      // A second's writes are forgotten together.
      const surely = ended.filter(({ at }) => at > now - 29_000)
      const perhaps = ended.filter(({ at }) => at > now - 30_000)
      expect(sum(lately)).toBeGreaterThanOrEqual(surely.length)
      expect(sum(lately)).toBeLessThanOrEqual(perhaps.length)
    }),
    { seed: 3, numRuns: 300 },
  )
})

function expectCounts(counts: WriteCounts, writes: readonly { ms: number }[]): void {
  for (const [bucket, count] of Object.entries(counts)) {
    const i = Number(bucket)
    const inside = writes.filter(({ ms }) => ms <= 2 ** (i / 4) && (i === 0 || ms > 2 ** ((i - 1) / 4)))
    expect(count).toBe(inside.length)
  }
  expect(sum(counts)).toBe(writes.length)
}

function sum(counts: WriteCounts): number {
  return Object.values(counts).reduce((all, one) => all + one, 0)
}
