import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isFinished, spanText, workLeft } from '../../src/control/spans.ts'
import type { Lane, Span } from '../../src/model.ts'

const MAIN: Lane = 0

/** Disjoint spans from sorted distinct cuts: every gap between neighbouring cuts is done or left. */
const disjoint = fc
  .uniqueArray(fc.bigInt(-1000n, 1000n), { maxLength: 12 })
  .chain((cuts) => {
    const sorted = cuts.toSorted((a, b) => (a < b ? -1 : 1))
    const edges = [null, ...sorted, null]
    const pieces = edges.slice(1).map((to, i): Span => ({ from: edges[i] ?? null, to }))
    return fc.tuple(fc.constant(pieces), fc.array(fc.boolean(), { minLength: pieces.length, maxLength: pieces.length }))
  })
  .chain(([pieces, done]) => {
    const chosen = pieces.filter((_, i) => done[i])
    return fc.shuffledSubarray(chosen, { minLength: chosen.length, maxLength: chosen.length })
  })

function holds(spans: readonly Span[], at: bigint): number {
  return spans.filter(({ from, to }) => (from === null || from <= at) && (to === null || at < to)).length
}

test('receipts and what is left cover every position exactly once', () => {
  fc.assert(
    fc.property(disjoint, (spans) => {
      const left = workLeft(
        spans.map((span) => ({ lane: MAIN, span })),
        MAIN,
      )
      const edges = [...spans, ...left].flatMap(({ from, to }) => [from, to]).filter((each) => each !== null)
      for (const at of [-5000n, 5000n, ...edges.flatMap((edge) => [edge - 1n, edge, edge + 1n])]) {
        expect(holds(spans, at) + holds(left, at)).toBe(1)
      }
      for (const { from, to } of left) expect(from === null || to === null || from < to).toBe(true)
    }),
    { seed: 20_261_122, numRuns: 500 },
  )
})

test('what is left is in order and has no two spans that touch', () => {
  fc.assert(
    fc.property(disjoint, (spans) => {
      const left = workLeft(
        spans.map((span) => ({ lane: MAIN, span })),
        MAIN,
      )
      for (const [i, span] of left.entries()) {
        const next = left[i + 1]
        if (next === undefined) continue
        expect(span.to).not.toBeNull()
        expect(next.from! > span.to!).toBe(true)
      }
    }),
    { seed: 20_261_122 },
  )
})

test('a lane knows nothing of the other', () => {
  const whole: Span = { from: null, to: null }
  expect(workLeft([{ lane: 1, span: whole }], 0)).toEqual([whole])
  expect(isFinished([{ lane: 0, span: whole }], 'time')).toBe(false)
  expect(isFinished([{ lane: 0, span: whole }], 'all')).toBe(true)
  expect(
    isFinished(
      [
        { lane: 0, span: whole },
        { lane: 1, span: whole },
      ],
      'time',
    ),
  ).toBe(true)
})

test('spans are written as ranges of PostgreSQL', () => {
  expect(spanText({ from: null, to: null })).toBe('(,)')
  expect(spanText({ from: -5n, to: 7n })).toBe('[-5,7)')
  expect(spanText({ from: 18_446_744_073_709_551_615n, to: null })).toBe('[18446744073709551615,)')
})
