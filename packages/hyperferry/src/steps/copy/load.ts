/** Several workers, each with a session of its own, take piece after piece. */
import type { DoneBytes, ImportTotals, RangeResult } from '../../control/imports.ts'
import type { Target } from '../../target/connect.ts'
import type { CopyRun } from '../../work/attempts.ts'
import { withSession } from '../../work/attempts.ts'
import { interrupted } from '../../work/backoff.ts'
import type { Events } from '../../work/events.ts'
import { SessionSlot } from '../../work/session-slot.ts'
import { chunkMaker } from './chunks.ts'
import { copyPiece } from './copy-piece.ts'
import type { Desk } from './copy-piece.ts'
import type { ImportJob } from './job.ts'
import { bytesOf } from './piece-bytes.ts'
import { marksOf } from './plain.ts'
import { piecesOf } from './pieces.ts'
import type { PieceBytes } from './piece-bytes.ts'
import type { Text } from './text.ts'

export interface Load {
  target: Target
  text: Text
  run: CopyRun
  /** Aborted to stop after the pieces that are being copied. */
  signal: AbortSignal
  events: Events
  job: ImportJob
  /** Offset of the first row. */
  first: number
  loaded: readonly DoneBytes[]
  /** What earlier runs have done. */
  before: ImportTotals
  /** Bytes of a piece. */
  bytes: number
  most: number
  workers: number
  logBatches: boolean
}

/** Returns when nothing is left, with the end of the last piece. Throws the first error of a worker, when all have ended; HF-B022 when it was stopped. */
export async function loadPieces(load: Load): Promise<number> {
  const { text, job, run } = load
  const marks = marksOf(job)
  const pieces = piecesOf(text, { ...load, syntax: job.syntax, marks })
  const makeChunks = await withSession(run, job.table, (session) => chunkMaker(session, job, load.target.capabilities))
  const copied = watcher(load)
  const failures: unknown[] = []
  let end = load.loaded.reduce((last, { to }) => Math.max(last, to), load.first)
  const work = async (): Promise<void> => {
    const slot = new SessionSlot(load.target)
    const desk: Desk = { run, slot, job, makeChunks, copied }
    try {
      while (failures.length === 0 && !load.signal.aborted) {
        const { value: piece } = await pieces.next()
        if (piece === undefined) return
        end = Math.max(end, piece.to)
        await copyPiece(desk, bytesOf(text, piece, { syntax: job.syntax, marks }))
      }
    } catch (error) {
      failures.push(error)
    } finally {
      await slot.release()
    }
  }
  await Promise.all(Array.from({ length: load.workers }, work))
  await pieces.return()
  if (failures.length > 0) throw failures[0]
  if (load.signal.aborted) throw interrupted()
  return end
}

/** Adds up what was committed, and tells it. */
function watcher({ events, job, before, text, first, logBatches }: Load): Desk['copied'] {
  let { rows, bytes } = before
  const tell = (kind: 'table-start' | 'table-progress'): void => {
    const share = text.size === null ? text.share() : bytes / Math.max(1, text.size - first)
    // A pipe does not say how long it is.
    const estimatedRows = share === null || share === 0 ? rows : Math.round(rows / share)
    events.emit({ kind, table: job.table, rows, bytes, estimatedRows })
  }
  tell('table-start')
  let since = performance.now()
  return (piece: PieceBytes, done: RangeResult | null) => {
    rows += done?.rows ?? piece.rows
    bytes += piece.to - piece.from
    tell('table-progress')
    if (!logBatches) return
    const now = performance.now()
    const seconds = ((now - since) / 1000).toFixed(2)
    since = now
    const message = `bytes ${piece.from} to ${piece.to}: ${piece.rows} rows, ${seconds} s after the one before`
    events.emit({ kind: 'note', table: job.table, code: null, message })
  }
}
