/** Cuts a text that comes in blocks into large pieces that begin and end with rows. */
import { HyperferryError } from '../errors.ts'
import type { RowSyntax } from './dialect.ts'
import { RowScanner } from './scan.ts'

/** A run of whole rows. */
export interface Piece {
  /** Half-open, in bytes of the text (after decompression). */
  from: number
  to: number
  rows: number
  /** Whether the text is known to end here. */
  last: boolean
  /** None of the bytes that were looked for is in it. */
  plain: boolean
  /** The bytes themselves, when they are kept. */
  blocks: Buffer[]
}

export interface CutOptions {
  syntax: RowSyntax
  /** Bytes of the piece that begins at this offset; rows are never cut, so it may be more. */
  bytes: (from: number) => number
  /** Whether pieces carry their bytes; then blocks must stay what they are. */
  keep: boolean
  /** Bytes that a plain piece has none of. */
  marks: readonly number[]
  /** Rows to cut in all. */
  most: number
}

/** PostgreSQL takes no row of a gigabyte. */
const LONGEST_ROW = 0x3f_ff_ff_ff

/**
 * The pieces of a text that begins at offset `start` with a row. `next` gives the next block, null at the end; a block is not looked at again once the one
 * after the next was asked for. Throws HF-F009 for a row that no server can take.
 */
export async function* cutRows(
  start: number,
  next: () => Promise<Buffer | null>,
  options: CutOptions,
): AsyncGenerator<Piece, void, undefined> {
  let rest: Buffer | null = null
  let from = start
  for (let left = options.most; left > 0;) {
    const scanner = new RowScanner(options.syntax)
    const blocks: Buffer[] = []
    let size = 0
    let whole = 0
    let end = 0
    let plain = true
    const bytes = options.bytes(from)
    while (scanner.rows < left && (end === 0 || size < bytes)) {
      const block = rest ?? (await next())
      rest = null
      if (block === null) break
      end = scanner.push(block, left)
      plain &&= !options.marks.some((mark) => block.includes(mark))
      if (end > 0) whole = size + end
      size += block.length
      if (size - whole > LONGEST_ROW) throw tooLong(from + whole)
      blocks.push(block)
    }
    if (size === 0) return
    // At the end of the text, and nowhere else, a row needs no row end.
    const atEnd = end === 0 || (scanner.rows < left && size < bytes)
    const length = atEnd ? size : whole
    const last = blocks.at(-1)
    if (last !== undefined && length < size) {
      const used = last.length - (size - length)
      rest = last.subarray(used)
      blocks[blocks.length - 1] = last.subarray(0, used)
    }
    const rows = scanner.rows + (length > whole ? 1 : 0)
    left -= rows
    yield { from, to: from + length, rows, last: atEnd, plain, blocks: options.keep ? blocks : [] }
    from += length
  }
}

function tooLong(at: number): HyperferryError {
  return new HyperferryError('HF-F009', {
    what: `the row that begins at byte ${at} is longer than a gigabyte`,
    details: { byte: at },
  })
}
