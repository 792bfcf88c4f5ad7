import fc from 'fast-check'
import { expect, test } from 'vitest'
import { pieceSizes } from '../../../src/steps/copy/sizes.ts'

const MB = 1024 * 1024

function cut(bytes: number, size: number, workers: number): number[] {
  const next = pieceSizes(bytes, { first: 10, size: size + 10, workers })
  const sizes: number[] = []
  for (let at = 10; at < size + 10 && sizes.length < 2000; at += sizes.at(-1) ?? 0) sizes.push(next(at))
  return sizes
}

test('after the first piece they only get smaller, never below 4 MB or what was asked for', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 256, max: 256 * MB }),
      fc.integer({ min: 1, max: 4000 * MB }),
      fc.integer({ min: 1, max: 64 }),
      (bytes, size, workers) => {
        const [first, ...rest] = cut(bytes, size, workers)
        expect(first).toBe(Math.min(bytes, 2 * MB))
        expect(rest).toEqual(rest.toSorted((a, b) => b - a))
        expect(rest.every((each) => each <= bytes && each >= Math.min(bytes, 4 * MB))).toBe(true)
      },
    ),
    { seed: 11, numRuns: 100 },
  )
})

test('two workers and 400 MB: the last pieces take a moment', () => {
  const sizes = cut(32 * MB, 400 * MB, 2)
  expect(sizes.filter((each) => each === 32 * MB)).toHaveLength(9)
  expect(sizes.at(-1)).toBe(4 * MB)
  expect(sizes.length).toBeLessThan(25)
})

test('a pipe of unknown length: all but the first are as large as they should be', () => {
  const next = pieceSizes(16 * MB, { first: 0, size: null, workers: 4 })
  expect([0, 2 * MB, 900 * MB].map(next)).toEqual([2 * MB, 16 * MB, 16 * MB])
})
