/** What is left of a text, cut into pieces; what is loaded already is passed over and compared. */
import { crc32 } from 'node:zlib'
import type { DoneBytes } from '../../control/imports.ts'
import type { RowSyntax } from '../../csv/dialect.ts'
import { cutRows } from '../../csv/cut.ts'
import type { Piece } from '../../csv/cut.ts'
import { lineEnds } from '../../csv/rows.ts'
import { HyperferryError } from '../../errors.ts'
import { pieceSizes } from './sizes.ts'
import type { Text } from './text.ts'

export interface PieceOptions {
  syntax: RowSyntax
  /** Bytes that a plain piece has none of. */
  marks: readonly number[]
  /** Offset of the first row. */
  first: number
  /** In order. */
  loaded: readonly DoneBytes[]
  bytes: number
  workers: number
  /** Rows of the text that count, from the first on. */
  most: number
}

const BLOCK = 1024 * 1024
const SMALLEST_BLOCK = 64

/** A piece, and the line it begins with when that can only be told in passing; the first line is 1. */
export type NumberedPiece = Piece & { line: number | null }

/** Throws HF-F007 when what was loaded is not what stands there now. */
export async function* piecesOf(text: Text, options: PieceOptions): AsyncGenerator<NumberedPiece, void, undefined> {
  const { syntax, bytes, loaded, marks } = options
  if (text.seekable) for (const range of loaded) await mustBeSame(text, range, () => {})
  let line = text.seekable ? null : 1
  const count = (blocks: readonly Buffer[]): void => {
    if (line !== null) for (const each of blocks) line += lineEnds(each, syntax.rowEnd)
  }
  if (!text.seekable) count([(await text.head(options.first)).subarray(0, options.first)])
  const size = text.seekable ? text.size : null
  const sizes = pieceSizes(bytes, { first: options.first, size, workers: options.workers })
  const block = Math.max(SMALLEST_BLOCK, Math.min(BLOCK, bytes >> 2))
  let left = options.most
  let at = options.first
  for (const range of [...loaded, null]) {
    const end = range?.from ?? text.size ?? Number.MAX_SAFE_INTEGER
    if (at < end) {
      const cut = { syntax, marks, bytes: sizes, keep: !text.seekable, most: left }
      for await (const piece of cutRows(at, text.reader(at, end, block), cut)) {
        left -= piece.rows
        // The end of a gap is not the end of the text.
        yield { ...piece, last: piece.last && range === null, line }
        count(piece.blocks)
      }
    }
    if (range === null || left <= 0) return
    if (!text.seekable) await mustBeSame(text, range, (passed) => count([passed]))
    left -= range.rows
    at = range.to
  }
}

async function mustBeSame(
  text: Text,
  { from, to, checksum }: DoneBytes,
  passing: (block: Buffer) => void,
): Promise<void> {
  const next = text.reader(from, to, BLOCK)
  let sum = 0
  let length = 0
  for (let block = await next(); block !== null; block = await next()) {
    sum = crc32(block, sum)
    length += block.length
    passing(block)
  }
  if (sum === checksum && length === to - from) return
  throw new HyperferryError('HF-F007', {
    what: `bytes ${from} to ${to} of ${text.label} are not those that were loaded`,
    details: { from, to },
  })
}
