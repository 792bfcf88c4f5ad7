import fc from 'fast-check'
import { expect, test } from 'vitest'
import { taskSizes } from '../../src/work/task-sizes.ts'

const MOST = 200_000
const FEWEST = 25_000

interface Given {
  /** In the order of the axis: one row a position, but for those at the beginning. */
  rows: number
  estimatedRows: number
  workers?: number
  most?: number
  /** The first row is so much earlier than the others. */
  outlier?: number
  /** Rows of another part that were done by an earlier run. */
  done?: number
}

/** Rows of each task of the whole table. */
async function sizesOf({
  rows,
  estimatedRows,
  workers = 4,
  most = MOST,
  outlier = 0,
  done = 0,
}: Given): Promise<number[]> {
  const extent = async () => ({ min: BigInt(-outlier), max: BigInt(rows) })
  const next = await taskSizes({ most, estimatedRows, done, workers: () => workers, walker: { extent } })
  const sizes: number[] = []
  for (let from = 0; from < rows;) {
    const size = Math.min(rows - from, next(from === 0 ? null : BigInt(from)))
    sizes.push(size)
    from += size
  }
  return sizes
}

test('large tasks as long as much is left, small ones at the end, whatever was estimated', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 20_000_000 }),
      fc.integer({ min: 1, max: 20_000_000 }),
      fc.integer({ min: 1, max: 16 }),
      async (rows, estimatedRows, workers) => {
        const sizes = await sizesOf({ rows, estimatedRows, workers })
        expect(sizes.slice(0, -1).every((size) => size <= MOST && size >= FEWEST)).toBe(true)
        // From 200,000 down to 25,000 in steps of a share each.
        expect(sizes.length).toBeLessThanOrEqual(Math.ceil(rows / MOST) + 10 * workers)
      },
    ),
    { seed: 1, numRuns: 300 },
  )
})

test('no worker waits long for the last task: what is left when the last one begins is less than its share', async () => {
  const sizes = await sizesOf({ rows: 10_000_000, estimatedRows: 10_000_000 })
  expect(sizes.slice(0, 40).every((size) => size === MOST)).toBe(true)
  expect(sizes.slice(-8).every((size) => size <= FEWEST)).toBe(true)
  // One task of 200,000 rows would be one worker's.
  expect(await sizesOf({ rows: 200_000, estimatedRows: 200_000 })).toHaveLength(8)
})

test('a first row long before all others does not make all tasks small', async () => {
  const [usual, odd] = await Promise.all(
    [0, 1e12].map((outlier) => sizesOf({ rows: 10_000_000, estimatedRows: 10_000_000, outlier })),
  )
  expect(odd).toEqual(usual)
})

test('who wants small tasks gets them, and so does who knows nothing', async () => {
  expect(new Set((await sizesOf({ rows: 99_000, estimatedRows: 99_000, most: 1000 })).slice(0, -1))).toEqual(
    new Set([1000]),
  )
  expect(await sizesOf({ rows: 500_000, estimatedRows: 0 })).toEqual([200_000, 200_000, 100_000])
})

test('what an earlier run has done is not left', async () => {
  const all = { rows: 300_000, estimatedRows: 1_000_000, outlier: 1e12 }
  expect((await sizesOf({ ...all, done: 700_000 }))[1]).toBeLessThan((await sizesOf(all))[1]!)
})
