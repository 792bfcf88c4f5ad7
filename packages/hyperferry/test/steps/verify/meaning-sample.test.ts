import { describe, expect, test } from 'vitest'
import { sampleParts } from '../../../src/steps/verify/meaning-sample.ts'
import type { Cutter, SamplePart } from '../../../src/steps/verify/meaning-sample.ts'

/** Rows at the given positions; every position is a border. */
function tableOf(positions: readonly bigint[]): { cutter: Cutter; extent: { min: bigint; max: bigint } } {
  const sorted = positions.toSorted((a, b) => (a < b ? -1 : 1))
  const cutter: Cutter = {
    range: (span) => ({ slice: { kind: 'range', ...span }, where: '' }),
    residual: { slice: { kind: 'residual' }, where: '' },
    advance(from, rows) {
      const first = from === null ? 0 : sorted.findIndex((each) => each >= from)
      if (first < 0) return Promise.resolve(null)
      let at = first + rows
      while (at < sorted.length && sorted[at] === sorted[at - 1]) at += 1
      return Promise.resolve(sorted[at] ?? null)
    },
  }
  return { cutter, extent: { min: sorted[0] ?? 0n, max: sorted.at(-1) ?? 0n } }
}

async function take(
  positions: readonly bigint[],
  sampleRows: number,
  receipts: { from: bigint | null; to: bigint | null; rows: number }[],
) {
  const { cutter, extent } = tableOf(positions)
  const parts: SamplePart[] = []
  const options = {
    cutter,
    reader: { extent: () => Promise.resolve(extent) },
    receipts: receipts.map(({ from, to, rows }) => ({ lane: 0 as const, span: { from, to }, rows })),
    rows: positions.length,
    sampleRows,
    partRows: Math.ceil(sampleRows / 20),
  }
  for await (const part of sampleParts(options)) parts.push(part)
  return parts
}

function rowsOf(parts: readonly SamplePart[], positions: readonly bigint[]): number[] {
  return parts.map(({ slice }) => {
    if (slice.kind !== 'range') return 0
    const { from, to } = slice
    return positions.filter((each) => (from === null || each >= from) && (to === null || each < to)).length
  })
}

const even = Array.from({ length: 50_000 }, (_, index) => BigInt(index) * 1000n)
// Nearly all rows in one corner of the axis, as after years of slow growth.
const skewed = Array.from({ length: 50_000 }, (_, index) =>
  index < 100 ? BigInt(index) * 10n ** 12n : 10n ** 15n + BigInt(index),
)

describe.each([
  ['even', even, [{ from: null, to: null, rows: 50_000 }]],
  [
    'skewed',
    skewed,
    [
      { from: null, to: 10n ** 15n, rows: 100 },
      { from: 10n ** 15n, to: null, rows: 49_900 },
    ],
  ],
])('a sample of %s rows', (_, positions, receipts) => {
  test('has the rows asked for, from the first to the last, no row twice', async () => {
    const parts = await take(positions, 2000, receipts)
    const sample = parts.filter((each) => each.isFill !== true)
    const rows = rowsOf(sample, positions).reduce((sum, each) => sum + each, 0)
    expect(rows).toBeGreaterThanOrEqual(1800)
    expect(rows).toBeLessThan(6000)
    expect(sample.some(({ slice }) => slice.kind === 'residual')).toBe(true)
    const slices = sample.flatMap(({ slice }) => (slice.kind === 'range' ? [slice] : []))
    expect(slices[0]?.from).toBeNull()
    expect(slices.at(-1)?.to).toBeNull()
    expect(slices.length).toBeGreaterThan(15)
    // Together with the fill every row is in exactly one part.
    expect(rowsOf(parts, positions).reduce((sum, each) => sum + each, 0)).toBe(positions.length)
  })
})

test('a small table is read whole, in one part', async () => {
  expect(await take(even.slice(0, 3000), 2000, [])).toEqual([{ slice: { kind: 'all' }, where: null }])
})
