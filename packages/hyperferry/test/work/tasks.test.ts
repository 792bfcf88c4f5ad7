import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Span } from '../../src/model.ts'
import { CHUNKS_PER_TASK, cutGap } from '../../src/work/tasks.ts'
import type { CutOptions, Walker } from '../../src/work/tasks.ts'

/** An index over sorted positions, walked as a source walks its own. */
function walkerOf(positions: readonly bigint[]): Walker {
  const sorted = positions.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  return {
    advance: async (from, rows) => {
      const start = from === null ? 0 : sorted.findIndex((position) => position >= from)
      if (start === -1) return null
      const last = sorted[start + rows - 1]
      return last === undefined ? null : (sorted.find((position) => position > last) ?? null)
    },
    extent: async () => {
      const [min] = sorted
      const max = sorted.at(-1)
      return min === undefined || max === undefined ? null : { min, max }
    },
  }
}

async function cutAll(walker: Walker, gap: Span, options: Partial<CutOptions>): Promise<Span[]> {
  const spans: Span[] = []
  for await (const span of cutGap(walker, gap, { rows: 3, grid: null, align: (p) => p, ...options })) spans.push(span)
  return spans
}

const position = fc.bigInt({ min: -500n, max: 500n })
const gap = fc
  .tuple(fc.option(position), fc.option(position))
  .filter(([from, to]) => from === null || to === null || from < to)
  .map(([from, to]) => ({ from, to }))
const grid = fc.option(fc.record({ interval: fc.bigInt({ min: 1n, max: 80n }), origin: position }))

test('tasks of a gap are exactly the gap: no hole, no overlap, nothing empty, every cut aligned', async () => {
  const sizes = fc.record({
    rows: fc.integer({ min: 1, max: 200 }),
    step: fc.bigInt({ min: 1n, max: 50n }),
    grid,
  })
  await fc.assert(
    fc.asyncProperty(fc.array(position, { maxLength: 300 }), gap, sizes, async (positions, span, size) => {
      const align = (p: bigint): bigint => p - (((p % size.step) + size.step) % size.step)
      const spans = await cutAll(walkerOf(positions), span, { rows: size.rows, grid: size.grid, align })
      const cuts = spans.slice(1).map(({ from }) => from ?? 0n)
      expect(spans.slice(0, -1).map(({ to }) => to)).toEqual(cuts)
      expect([spans[0]?.from, spans.at(-1)?.to]).toEqual([span.from, span.to])
      expect(cuts.map(align)).toEqual(cuts)
      expect(spans.every(({ from, to }) => from === null || to === null || from < to)).toBe(true)
    }),
    { seed: 1, numRuns: 300 },
  )
})

test('a skewed axis gives even tasks', async () => {
  const crowd = Array.from({ length: 900 }, (_, index) => BigInt(index))
  const spans = await cutAll(walkerOf([...crowd, 10n ** 15n, 10n ** 16n]), { from: null, to: null }, { rows: 100 })
  expect(spans).toHaveLength(10)
})

test('rows of one position are never parted', async () => {
  const spans = await cutAll(walkerOf(Array.from({ length: 50 }, () => 7n)), { from: null, to: null }, { rows: 10 })
  expect(spans).toEqual([{ from: null, to: null }])
})

test('tasks end at chunk borders where there are some within reach', async () => {
  const everyMinute = Array.from({ length: 1000 }, (_, index) => BigInt(index))
  const spans = await cutAll(
    walkerOf(everyMinute),
    { from: null, to: null },
    { rows: 70, grid: { interval: 60n, origin: 5n } },
  )
  const cuts = spans.slice(1).map(({ from }) => from ?? 0n)
  expect(cuts.length).toBeGreaterThan(10)
  expect(cuts.map((cut) => (cut - 5n) % 60n)).toEqual(cuts.map(() => 0n))
})

test('sparse rows do not put thousands of chunks into one transaction, and empty ages cost nothing', async () => {
  const sparse = Array.from({ length: 500 }, (_, index) => BigInt(index) * 10n)
  const options = { rows: 400, grid: { interval: 10n, origin: 0n } }
  const spans = await cutAll(walkerOf([...sparse, 10n ** 17n]), { from: null, to: null }, options)
  expect(spans.length).toBeLessThan(40)
  for (const { from, to } of spans) {
    const chunks = new Set(sparse.filter((p) => (from === null || p >= from) && (to === null || p < to)))
    expect(BigInt(chunks.size)).toBeLessThanOrEqual(2n * CHUNKS_PER_TASK)
  }
})
