import fc from 'fast-check'
import { expect, test } from 'vitest'
import { towardsTheEnd } from '../../../src/steps/copy/sizes.ts'

const MB = 1024 * 1024

test('pieces get smaller towards the end, never below 4 MB or what was asked for, and all of the file is taken', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 256, max: 256 * MB }),
      fc.integer({ min: 1, max: 4000 * MB }),
      fc.integer({ min: 1, max: 64 }),
      (bytes, size, workers) => {
        const sizes: number[] = []
        for (let left = size; left > 0 && sizes.length < 2000; left -= sizes.at(-1) ?? 0)
          sizes.push(towardsTheEnd(bytes, { left, workers }))
        expect(sizes).toEqual(sizes.toSorted((a, b) => b - a))
        expect(sizes.every((each) => each <= bytes && each >= Math.min(bytes, 4 * MB))).toBe(true)
      },
    ),
    { seed: 11, numRuns: 100 },
  )
})

test('two workers and 400 MB: the last pieces take a moment', () => {
  const sizes: number[] = []
  for (let left = 400 * MB; left > 0; left -= sizes.at(-1) ?? 0)
    sizes.push(towardsTheEnd(32 * MB, { left, workers: 2 }))
  expect(sizes.filter((each) => each === 32 * MB)).toHaveLength(9)
  expect(sizes.at(-1)).toBe(4 * MB)
  expect(sizes.length).toBeLessThan(24)
})
