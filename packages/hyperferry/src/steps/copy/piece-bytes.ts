/** The bytes of a piece, as often as they are needed. */
import type { Bytes } from '../../control/imports.ts'
import type { RowSyntax } from '../../csv/dialect.ts'
import { cutRows } from '../../csv/cut.ts'
import { lineEnds } from '../../csv/rows.ts'
import { RowScanner } from '../../csv/scan.ts'
import type { NumberedPiece } from './pieces.ts'
import { USUAL } from './sizes.ts'
import type { Text } from './text.ts'

export interface PieceBytes extends Bytes {
  /** As they were counted while it was cut. */
  rows: number
  /** Whether the text ends with it. */
  last: boolean
  /** Means the same in COPY's text format, which the server reads faster than CSV. */
  plain: boolean
  /** Block by block; a block is overwritten once the one after the next was asked for. */
  blocks(): AsyncGenerator<Buffer, void, undefined>
  /** All of them. */
  whole(): Promise<Buffer>
  /** Half-open, counted from the beginning of the piece. */
  part(from: number, to: number): Promise<Buffer>
  /** The same rows in several pieces of the usual size; null when it is none of the large ones, or cannot be read again. */
  smaller: (() => AsyncGenerator<PieceBytes, void, undefined>) | null
  /** Line of the file it begins with, the first one is 1. Reads the file up to there where nobody has counted. */
  line(): Promise<number>
}

/** How rows are told apart, and what a plain piece has none of. */
export interface PieceSyntax {
  syntax: RowSyntax
  marks: readonly number[]
}

/** Large enough that the socket has taken a block wholly before it asks for the one after the next. */
const BLOCK = 256 * 1024

/** From the file where it can be read again, else from what the piece carries. */
export function bytesOf(text: Text, piece: NumberedPiece, { syntax, marks }: PieceSyntax): PieceBytes {
  const { rowEnd } = syntax
  const { from, to, rows, plain } = piece
  async function* blocks(): AsyncGenerator<Buffer, void, undefined> {
    if (text.seekable) yield* read(text, from, to)
    else yield* piece.blocks
  }
  const part = async (start: number, end: number): Promise<Buffer> => {
    const bytes = Buffer.allocUnsafe(end - start)
    let at = 0
    if (text.seekable) for await (const block of read(text, from + start, from + end)) at += block.copy(bytes, at)
    else
      for (let base = 0, index = 0; base < end; index += 1) {
        const block = piece.blocks[index]
        if (block === undefined) break
        if (base + block.length > start)
          at += block.copy(bytes, at, Math.max(0, start - base), Math.min(block.length, end - base))
        base += block.length
      }
    return bytes
  }
  async function* smaller(): AsyncGenerator<PieceBytes, void, undefined> {
    const cut = { syntax, marks, bytes: () => USUAL, keep: false, most: Number.POSITIVE_INFINITY }
    for await (const one of cutRows(from, text.reader(from, to, BLOCK), cut))
      yield bytesOf(text, { ...one, last: one.last && piece.last, line: null }, { syntax, marks })
  }
  return {
    from,
    to,
    rows,
    last: piece.last || to === text.size,
    plain,
    blocks,
    whole: () => part(0, to - from),
    part,
    smaller: text.seekable && to - from > USUAL + BLOCK ? smaller : null,
    async line() {
      if (piece.line !== null) return piece.line
      let line = 1
      for await (const block of read(text, 0, from)) line += lineEnds(block, rowEnd)
      return line
    },
  }
}

/** A part of a piece: rows that are still left when others were loaded by somebody else. */
export async function partOf(piece: PieceBytes, { from, to }: Bytes, syntax: RowSyntax): Promise<PieceBytes> {
  const whole = await piece.whole()
  const bytes = whole.subarray(from - piece.from, to - piece.from)
  const scanner = new RowScanner(syntax)
  const rows = scanner.push(bytes) < bytes.length ? scanner.rows + 1 : scanner.rows
  return {
    from,
    to,
    rows,
    last: piece.last && to === piece.to,
    plain: piece.plain,
    async *blocks() {
      yield bytes
    },
    async whole() {
      return bytes
    },
    async part(start, end) {
      return bytes.subarray(start, end)
    },
    smaller: null,
    async line() {
      return (await piece.line()) + lineEnds(whole.subarray(0, from - piece.from), syntax.rowEnd)
    },
  }
}

async function* read(text: Text, from: number, to: number): AsyncGenerator<Buffer, void, undefined> {
  const next = text.reader(from, to, BLOCK)
  for (let block = await next(); block !== null; block = await next()) yield block
}
