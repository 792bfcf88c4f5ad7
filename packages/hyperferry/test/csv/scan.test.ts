// Rows end where PostgreSQL ends them, however the text is cut into blocks.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RowEnd } from '../../src/csv/dialect.ts'
import { rowBytes, rowTable } from '../../src/csv/rows.ts'
import { RowScanner } from '../../src/csv/scan.ts'
import { rowEnds } from './row-ends.ts'

const texts = fc
  .array(fc.constantFrom('"', '"', '""', '\\', 'a', 'bcd', ',', '\n', '\r\n', '\r', 'x'.repeat(90), 'é'), {
    maxLength: 60,
  })
  .map((parts) => Buffer.from(parts.join('')))
const syntaxes = fc.record({
  quote: fc.constant(34),
  escape: fc.constantFrom(34, 92),
  rowEnd: fc.constantFrom<RowEnd>('lf', 'crlf', 'cr'),
})

test('ends and their number, in blocks of any size', () => {
  fc.assert(
    fc.property(
      texts,
      syntaxes,
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 }),
      (text, syntax, sizes) => {
        const ends = rowEnds(text, syntax)
        const scanner = new RowScanner(syntax)
        let at = 0
        let last = 0
        for (let index = 0; at < text.length; index += 1) {
          const block = text.subarray(at, at + (sizes[index % sizes.length] ?? 1))
          const end = scanner.push(block)
          if (end > 0) last = at + end
          at += block.length
          expect(scanner.rows).toBe(ends.filter((each) => each <= at).length)
          expect(last).toBe(ends.findLast((each) => each <= at) ?? 0)
        }
      },
    ),
    { seed: 7, numRuns: 2000 },
  )
})

test('many quotes and long stretches without any take different ways to the same end', () => {
  for (const syntax of [
    { quote: 34, escape: 34, rowEnd: 'lf' },
    { quote: 34, escape: 92, rowEnd: 'crlf' },
  ] as const) {
    const end = syntax.rowEnd === 'lf' ? '\n' : '\r\n'
    const row = `"a","b""c","${end}",${'y'.repeat(300)}${end}`
    const text = Buffer.from(row.repeat(500) + `plain,row${end}`.repeat(3000))
    const scanner = new RowScanner(syntax)
    expect(scanner.push(text)).toBe(text.length)
    expect(scanner.rows).toBe(rowEnds(text, syntax).length)
  }
})

test('the rows of a piece, one by one', () => {
  fc.assert(
    fc.property(texts, syntaxes, (text, syntax) => {
      const table = rowTable(text, syntax)
      const ends = rowEnds(text, syntax)
      if (text.length > (ends.at(-1) ?? 0)) ends.push(text.length)
      expect(table.starts).toEqual([0, ...ends])
      expect(Buffer.concat(ends.map((_end, row) => rowBytes(table, row)))).toEqual(text)
    }),
    { seed: 8, numRuns: 1000 },
  )
})

test('no further than asked', () => {
  const scanner = new RowScanner({ quote: 34, escape: 34, rowEnd: 'lf' })
  expect(scanner.push(Buffer.from('a\nb\nc\n'), 2)).toBe(4)
  expect(scanner.rows).toBe(2)
})

test('goes on behind the row it stopped at', () => {
  const scanner = new RowScanner({ quote: 34, escape: 34, rowEnd: 'crlf' })
  expect(scanner.push(Buffer.from('a\r\n\n\r'), 1)).toBe(3)
  expect(scanner.push(Buffer.from('\n\r\n'))).toBe(3)
  expect(scanner.rows).toBe(2)
})
