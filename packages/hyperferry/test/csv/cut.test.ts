// Pieces are whole rows, and together the text.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cutRows } from '../../src/csv/cut.ts'
import type { Piece } from '../../src/csv/cut.ts'
import { rowTable } from '../../src/csv/rows.ts'

const X = 'x'.charCodeAt(0)
const syntax = { quote: 34, escape: 34, rowEnd: 'lf' } as const

/** In blocks that are written over, as a file's are: one more is kept than the one at hand. */
function reader(text: Buffer, size: number): () => Promise<Buffer | null> {
  const buffers = [Buffer.alloc(size), Buffer.alloc(size)]
  let at = 0
  return async () => {
    if (at >= text.length) return null
    buffers.reverse()
    const length = text.copy(buffers[0]!, 0, at, at + size)
    at += length
    return buffers[0]!.subarray(0, length)
  }
}

async function pieces(text: Buffer, block: number, options: { bytes: number; most?: number }): Promise<Piece[]> {
  const next = reader(text, block)
  return Array.fromAsync(
    cutRows(0, next, {
      syntax,
      marks: [X],
      bytes: () => options.bytes,
      keep: false,
      most: options.most ?? Number.POSITIVE_INFINITY,
    }),
  )
}

const texts = fc
  .array(fc.constantFrom('"', '"', 'a', ',', '\n', '\n', 'x'.repeat(50)), { maxLength: 80 })
  .map((parts) => Buffer.from(parts.join('')))

test('no gap, no overlap, every border a row end, every row counted', async () => {
  await fc.assert(
    fc.asyncProperty(
      texts,
      fc.integer({ min: 1, max: 64 }),
      fc.integer({ min: 1, max: 200 }),
      async (text, block, bytes) => {
        const { starts } = rowTable(text, syntax)
        const found = await pieces(text, block, { bytes })
        let at = 0
        for (const piece of found) {
          expect(piece.from).toBe(at)
          expect(starts).toContain(piece.to)
          expect(piece.rows).toBe(starts.filter((start) => start >= piece.from && start < piece.to).length)
          // It may say no for what stands in its last block behind it, and never yes for what is in it.
          if (piece.plain) expect(text.subarray(piece.from, piece.to).includes(X)).toBe(false)
          at = piece.to
        }
        expect(at).toBe(text.length)
        expect(found.slice(0, -1).every(({ last }) => !last)).toBe(true)
      },
    ),
    { seed: 3, numRuns: 1500 },
  )
})

test('a limit ends behind exactly that row', async () => {
  await fc.assert(
    fc.asyncProperty(
      texts,
      fc.integer({ min: 1, max: 64 }),
      fc.integer({ min: 1, max: 9 }),
      async (text, block, most) => {
        const { starts } = rowTable(text, syntax)
        const found = await pieces(text, block, { bytes: 40, most })
        expect(found.reduce((sum, { rows }) => sum + rows, 0)).toBe(Math.min(most, starts.length - 1))
        expect(found.at(-1)?.to ?? 0).toBe(starts[Math.min(most, starts.length - 1)])
      },
    ),
    { seed: 4, numRuns: 1000 },
  )
})
