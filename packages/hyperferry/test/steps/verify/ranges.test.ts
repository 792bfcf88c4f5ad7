import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { PlannedTable, Receipt } from '../../../src/model.ts'
import { isExactCut, overlaps, rangesOfReceipts } from '../../../src/steps/verify/ranges.ts'
import { Digest } from '../../../src/values/digest.ts'
import { plannedTable } from './tables.ts'

const receipt = (from: bigint | null, to: bigint | null, rows: number, lane: 0 | 1 = 0): Receipt => ({
  lane,
  span: { from, to },
  rows,
  quarantined: 1,
  digest: new Digest().toString(),
  losses: [],
  bytes: rows * 10,
})

const byTime = (type: string): PlannedTable =>
  plannedTable({
    split: 'time',
    axis: 'ts',
    columns: [
      { name: 'ts', sourceType: 'datetime(6)', type, nullable: true },
      { name: 'v', sourceType: 'int', type: 'integer' },
    ],
  })

describe('ranges of receipts', () => {
  test('cover the whole axis and the rows without a position, without overlap', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.bigInt(-(10n ** 15n), 10n ** 15n), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 0, max: 2_000_000 }),
        fc.constantFrom('timestamptz(6)', 'timestamp(0)', 'date'),
        (cuts, rows, type) => {
          const sorted = cuts.toSorted((a, b) => (a < b ? -1 : 1))
          const edges = [null, ...sorted, null]
          const receipts = edges.slice(1).map((to, index) => receipt(edges[index] ?? null, to, rows))
          const ranges = rangesOfReceipts(byTime(type), [...receipts.toReversed(), receipt(null, null, 3, 1)], {
            timezone: 'UTC',
          })
          const main = ranges.filter((each) => each.slice.kind === 'range')
          expect(ranges.at(-1)).toMatchObject({ slice: { kind: 'residual' }, where: '"ts" is null' })
          expect(main[0]?.from).toBeNull()
          expect(main.at(-1)?.to).toBeNull()
          for (const [index, range] of main.entries()) {
            // Half-open and touching, in the source's positions and in the target's literals alike.
            expect(range.from).toBe(index === 0 ? null : main[index - 1]?.to)
            const end = range.slice.kind === 'range' ? range.slice.to : null
            expect(end === null || isExactCut(byTime(type), end, 'UTC')).toBe(true)
          }
          const promised = ranges.reduce((sum, each) => sum + (each.promised?.rows ?? 0), 0)
          expect(promised).toBe(rows * receipts.length + 3)
        },
      ),
      { seed: 5, numRuns: 200 },
    )
  })

  test('a border that the target cannot tell from its neighbour is no border', () => {
    const half = 500_000n
    const receipts = [receipt(null, half, 2_000_000), receipt(half, null, 2_000_000), receipt(null, null, 0, 1)]
    expect(rangesOfReceipts(byTime('timestamp(6)'), receipts, { timezone: 'UTC' })).toHaveLength(3)
    const coarse = rangesOfReceipts(byTime('timestamp(0)'), receipts, { timezone: 'UTC' })
    expect(coarse.map((each) => each.where)).toEqual(['"ts" is not null', '"ts" is null'])
    expect(coarse[0]?.promised).toMatchObject({ rows: 4_000_000, quarantined: 2 })
  })

  test('a table that cannot be cut is one range', () => {
    const whole = plannedTable({
      split: 'all',
      axis: null,
      columns: [{ name: 'v', sourceType: 'int', type: 'integer' }],
    })
    expect(rangesOfReceipts(whole, [receipt(null, null, 5)], { timezone: 'UTC' })).toMatchObject([
      { slice: { kind: 'all' }, where: null },
    ])
    const rowid = plannedTable({
      split: 'pk',
      axis: 'rowid',
      columns: [{ name: 'v', sourceType: 'int', type: 'integer' }],
    })
    const receipts = [receipt(null, 5n, 5), receipt(5n, null, 5), receipt(null, null, 0, 1)]
    expect(rangesOfReceipts(rowid, receipts, { timezone: 'UTC' })).toMatchObject([
      { slice: { kind: 'all' }, promised: { rows: 10 } },
    ])
  })
})

test('ranges overlap half-open', () => {
  expect(overlaps({ from: 0n, to: 5n }, { from: 5n, to: null })).toBe(false)
  expect(overlaps({ from: 0n, to: 5n }, { from: 4n, to: null })).toBe(true)
  expect(overlaps({ from: 0n, to: 5n }, { from: null, to: 0n })).toBe(false)
  expect(overlaps({ from: null, to: null }, { from: 4n, to: 5n })).toBe(true)
})
