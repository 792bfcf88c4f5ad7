/** Copying one table with several workers. */
import { booked, gaps, lanesOf } from '../../control/coverage.ts'
import type { Lane, Span } from '../../model.ts'
import { alignPosition, chunkGrid } from '../../values/axis.ts'
import { patiently, withSession } from '../../work/attempts.ts'
import type { CopyRun } from '../../work/attempts.ts'
import { interrupted } from '../../work/backoff.ts'
import { copyTask } from '../../work/copy-task.ts'
import { noteOnePiece } from '../../work/in-one-piece.ts'
import { chunkMaker } from '../../work/make-chunks.ts'
import { prepareTable } from '../../work/prepare-table.ts'
import { SessionSlot } from '../../work/session-slot.ts'
import type { TableWork } from '../../work/table-work.ts'
import type { Walker } from '../../work/tasks.ts'
import { taskFeed } from './feed.ts'
import { TableProgress } from './progress.ts'

export interface CopyTableOptions {
  workers: number
  taskRows: number
  /** Zone of wall-clock columns. */
  timezone: string
  /** Aborted when running tasks should be the last ones. */
  signal: AbortSignal
}

export interface CopiedTable {
  /** Rows that were on the books before this run. */
  before: number
  /** Whether nothing was left to copy. */
  unchanged: boolean
  /** Rows that stood in the target and were deleted (existingRows: delete). */
  deleted: number
}

/** When this returns, the receipts cover the table. Throws HF-B022 after the running tasks when `signal` is aborted, and the first error that waiting cannot mend. */
export async function copyTable(run: CopyRun, work: TableWork, options: CopyTableOptions): Promise<CopiedTable> {
  const sums = await withSession(run, work.table.name, (session) => booked(session, work.tableId))
  const progress = new TableProgress(run.events, work.table, sums)
  let left = await workLeft(run, work)
  if (isNothing(left)) return { before: sums.rows, unchanged: true, deleted: 0 }
  if (work.table.split === 'all') await noteOnePiece(run.events, [work.table])
  const { deleted } = await withSession(run, work.table.name, (session) => prepareTable(session, work))
  while (!isNothing(left)) {
    await workOff(run, work, left, { ...options, progress })
    left = await workLeft(run, work)
  }
  return { before: sums.rows, unchanged: false, deleted }
}

type Left = ReadonlyMap<Lane, readonly Span[]>

function workLeft(run: CopyRun, work: TableWork): Promise<Left> {
  return withSession(run, work.table.name, async (session) => {
    const left = new Map<Lane, Span[]>()
    for (const lane of lanesOf(work.table)) left.set(lane, await gaps(session, work.tableId, lane))
    return left
  })
}

function isNothing(left: Left): boolean {
  return [...left.values()].every((spans) => spans.length === 0)
}

// eslint-disable-next-line max-params -- the one caller stands right above
async function workOff(
  run: CopyRun,
  work: TableWork,
  left: Left,
  options: CopyTableOptions & { progress: TableProgress },
): Promise<void> {
  const grid = chunkGrid(work.table, options.timezone)
  const align = (position: bigint): bigint => alignPosition(work.table, position)
  // Calls of `next` that overlap are answered in turn by the generator itself.
  const feed = taskFeed(work, left, { rows: options.taskRows, grid, align, walker: patientWalker(run, work) })
  const makeChunks = chunkMaker({ target: run.target, events: run.events, work, grid, timezone: options.timezone })
  let failure: { error: unknown } | null = null
  const worker = async (): Promise<void> => {
    const slot = new SessionSlot(run.target)
    try {
      for (;;) {
        if (options.signal.aborted) throw interrupted()
        const { value: task } = failure === null ? await feed.next() : { value: undefined }
        if (!task) return
        await copyTask(run, slot, work, { ...task, watcher: options.progress, makeChunks })
      }
    } catch (error) {
      failure ??= { error }
    } finally {
      await slot.release()
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, options.workers) }, worker))
  await feed.return()
  // TypeScript cannot see that the workers set it.
  const failed = failure as { error: unknown } | null
  if (failed !== null) throw failed.error
}

/** The walk along the source's index, through passing errors of the source. */
function patientWalker(run: CopyRun, { table, reader }: TableWork): Walker {
  return {
    advance: (from, rows) => patiently(run, table.name, () => reader.advance(from, rows)),
    extent: () => patiently(run, table.name, () => reader.extent()),
  }
}
