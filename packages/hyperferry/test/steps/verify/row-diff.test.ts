import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { diffRows } from '../../../src/steps/verify/row-diff.ts'
import type { RowStream } from '../../../src/steps/verify/row-diff.ts'

/** Rows as small texts; the buffer is used again for every row, as real streams do. */
function stream(rows: readonly string[]): RowStream {
  return (onRow) => {
    const buffer = Buffer.alloc(64)
    for (const row of rows) {
      const length = buffer.write(row, 3)
      onRow(createHash('md5').update(row).digest('hex'), buffer, 3, 3 + length)
    }
    return Promise.resolve()
  }
}

function surplus(of: readonly string[], over: readonly string[]): string[] {
  const rest = [...over]
  return of
    .filter((row) => {
      const at = rest.indexOf(row)
      if (at >= 0) rest.splice(at, 1)
      return at < 0
    })
    .toSorted()
}

const texts = (rows: readonly { tuple: Uint8Array }[]): string[] =>
  rows.map((row) => Buffer.from(row.tuple).toString()).toSorted()

describe('multiset difference', () => {
  const rows = fc.array(fc.constantFrom('a', 'b', 'c', 'dd', 'e', ''), { maxLength: 30 })

  test('is what a naive comparison finds, whatever the memory', async () => {
    await fc.assert(
      fc.asyncProperty(
        rows,
        rows,
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 0, max: 40 }),
        async (a, b, rowsAtATime, keepBytes) => {
          const [source, target] = [surplus(a, b), surplus(b, a)]
          const found = await diffRows(stream(a), stream(b), { rows: a.length, rowsAtATime })
          expect({ missing: texts(found.missing), extra: texts(found.extra) }).toEqual({
            missing: source,
            extra: target,
          })
          const scarce = await diffRows(stream(a), stream(b), { rows: a.length, rowsAtATime, keepBytes })
          expect([scarce.missingRows, scarce.extraRows]).toEqual([source.length, target.length])
        },
      ),
      { seed: 11, numRuns: 100 },
    )
  })

  test('two rows that swap a value, a duplicate and a lost row among many', async () => {
    const many = Array.from({ length: 2000 }, (_, index) => `row ${index} value ${index % 7}`)
    const other = many.toReversed()
    ;[other[5], other[6]] = ['row 1994 value 5', 'row 1993 value 6']
    other.push('row 100 value 2')
    other.splice(other.indexOf('row 200 value 4'), 1)
    const found = await diffRows(stream(many), stream(other), { rows: many.length, rowsAtATime: 100 })
    expect(texts(found.missing)).toEqual(surplus(many, other))
    expect(texts(found.extra)).toEqual(surplus(other, many))
    expect(found.missing.length).toBeGreaterThan(2)
  })

  test('keeps what differs, not what happens to stand in the same bucket, when room is scarce', async () => {
    const many = Array.from({ length: 1000 }, (_, index) => `r${index}`)
    const found = await diffRows(stream(many), stream(many.slice(1)), { rows: 10, keepBytes: 8 })
    expect(texts(found.missing)).toEqual(['r0'])
  })
})
