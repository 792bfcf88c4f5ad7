/** One piece until it is on the books, whoever put it there. */
import { bytesLeft } from '../../control/imports.ts'
import type { RangeResult } from '../../control/imports.ts'
import { Patience } from '../../work/attempts.ts'
import type { CopyRun } from '../../work/attempts.ts'
import type { SessionSlot } from '../../work/session-slot.ts'
import type { ChunkMaker } from './chunks.ts'
import type { ImportJob } from './job.ts'
import { partOf } from './piece-bytes.ts'
import type { PieceBytes } from './piece-bytes.ts'
import { writePiece } from './write-piece.ts'

/** What a worker needs of everything. */
export interface Desk {
  run: CopyRun
  slot: SessionSlot
  job: ImportJob
  /** Called before a piece's transaction, on the same session. */
  makeChunks: ChunkMaker
  /** Hears what was committed and acknowledged; null when others have done it. */
  copied: (piece: PieceBytes, done: RangeResult | null) => void
}

/** After any lost connection the books are read before anything is believed; what is left of the piece is copied. */
export async function copyPiece(desk: Desk, piece: PieceBytes): Promise<void> {
  const { run, slot, job } = desk
  const patience = new Patience(run, job.table)
  for (;;) {
    try {
      const session = await slot.get()
      if (patience.failures > 0) {
        const left = await bytesLeft(session, job.importId, piece)
        const [first] = left
        if (first === undefined) return desk.copied(piece, null)
        if (left.length > 1 || first.from !== piece.from || first.to !== piece.to) {
          for (const part of left) await copyPiece(desk, await partOf(piece, part, job.syntax))
          return
        }
      }
      await desk.makeChunks(session, piece)
      const done = await writePiece(session, job, piece)
      if (done !== null || piece.smaller === null) return desk.copied(piece, done)
      // What is looked at row by row is held in memory, and most of a large piece need not be.
      for await (const part of piece.smaller()) await copyPiece(desk, part)
      return
    } catch (error) {
      await patience.after(error)
    }
  }
}
