import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Span } from '../../src/model.ts'
import { intersect } from '../../src/work/spans.ts'

const end = fc.option(fc.bigInt({ min: -9n, max: 9n }))
const span = fc
  .tuple(end, end)
  .filter(([from, to]) => from === null || to === null || from < to)
  .map(([from, to]) => ({ from, to }))
const has = ({ from, to }: Span, point: bigint): boolean =>
  (from === null || point >= from) && (to === null || point < to)

test('a point is in the intersection when it is in both', () => {
  fc.assert(
    fc.property(fc.array(span, { maxLength: 4 }), span, fc.bigInt({ min: -12n, max: 12n }), (spans, within, point) => {
      const both = has(within, point) && spans.some((each) => has(each, point))
      expect(intersect(spans, within).some((each) => has(each, point))).toBe(both)
    }),
    { seed: 5, numRuns: 1000 },
  )
})
