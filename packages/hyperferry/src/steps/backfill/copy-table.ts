/** Copying one table with several workers. */
import { booked, gaps, lanesOf } from '../../control/coverage.ts'
import { durable } from '../../control/ledger.ts'
import { MAIN_LANE } from '../../model.ts'
import type { Lane, Span } from '../../model.ts'
import { alignPosition, chunkGrid } from '../../values/axis.ts'
import { patiently, withSession } from '../../work/attempts.ts'
import type { CopyRun } from '../../work/attempts.ts'
import { copyTask } from '../../work/copy-task.ts'
import type { TaskJob } from '../../work/copy-task.ts'
import { directLoad } from '../../work/direct-load.ts'
import { noteOnePiece } from '../../work/in-one-piece.ts'
import { chunkMaker } from '../../work/make-chunks.ts'
import { prepareTable } from '../../work/prepare-table.ts'
import type { SessionSlots } from '../../work/session-slots.ts'
import type { TableWork } from '../../work/table-work.ts'
import type { Walker } from '../../work/tasks.ts'
import { taskFeed } from '../../work/feed.ts'
import { TableProgress } from './progress.ts'
import { inParallel } from './workers.ts'
import type { Workers } from './workers.ts'

export interface CopyTableOptions extends Workers {
  taskRows: number
  /** Zone of wall-clock columns. */
  timezone: string
}

export interface CopiedTable {
  /** Rows that were on the books before this run. */
  before: number
  /** Whether nothing was left to copy. */
  unchanged: boolean
  /** Rows that stood in the target and were deleted (existingRows: delete). */
  deleted: number
  /** Rows that were compressed on their way in. */
  directRows: number
  /** Why none were, where the table has a columnstore. */
  rowsFirst: string | null
}

/**
 * Tasks that are read while all workers write: one keeps the source busy (a reading process decodes one row at a time, however many read), and costs the memory of one.
 */
const AHEAD = 1

/** When this returns, the receipts cover the table. Throws HF-B022 after the running tasks when `signal` is aborted, and the first error that waiting cannot mend. */
export async function copyTable(run: CopyRun, work: TableWork, options: CopyTableOptions): Promise<CopiedTable> {
  const sums = await withSession(run, work.table.name, (session) => booked(session, work.tableId))
  const progress = new TableProgress(run.events, work.table, sums)
  const left = await workLeft(run, work)
  if (isNothing(left)) return { ...BY_ROWS, before: sums.rows, unchanged: true, deleted: 0 }
  if (work.table.split === 'all') await noteOnePiece(run.events, [work.table])
  await options.pace.turn(options.signal)
  // Beside live writers the table holds their rows, which are neither refused nor deleted: each is equal to what is going to be copied, or does not belong to it.
  const { deleted } =
    work.part === null
      ? await withSession(run, work.table.name, (session) => prepareTable(session, work))
      : { deleted: 0 }
  const { direct, reason } =
    work.part === null
      ? await withSession(run, work.table.name, (session) =>
          directLoad(session, work, { capabilities: run.target.capabilities, timezone: options.timezone }),
        )
      : { direct: null, reason: null }
  const ready = { ...work, direct }
  await copyAll(run, ready, { ...options, progress, ahead: AHEAD }, (slots, job) => copyTask(run, slots, ready, job))
  return { before: sums.rows, unchanged: false, deleted, directRows: direct?.rows ?? 0, rowsFirst: reason }
}

/** What is said of a table that was not compressed on its way in, for no reason of its own. */
export const BY_ROWS = { directRows: 0, rowsFirst: null } as const

export type Left = ReadonlyMap<Lane, readonly Span[]>

/**
 * What the receipts leave of the backfill's part. A crash of the server takes back what was committed last, and nobody would look here again: so the receipts are read after
 * a commit that waits for the disk, and what they cover then, they cover for good.
 */
export function workLeft(run: CopyRun, work: TableWork): Promise<Left> {
  return withSession(run, work.table.name, async (session) => {
    await durable(session)
    const left = new Map<Lane, Span[]>()
    for (const lane of lanesOf(work.table))
      left.set(lane, await gaps(session, work.tableId, lane, lane === MAIN_LANE ? work.part?.spans : undefined))
    return left
  })
}

export function isNothing(left: Left): boolean {
  return [...left.values()].every((spans) => spans.length === 0)
}

/** Cuts what is left into tasks until nothing is. */
// eslint-disable-next-line max-params -- which rows, how, and what is done with each task
export async function copyAll(
  run: CopyRun,
  work: TableWork,
  options: CopyTableOptions & { progress: TableProgress },
  perform: (slots: SessionSlots, job: TaskJob) => Promise<void>,
): Promise<void> {
  const grid = chunkGrid(work.table, options.timezone)
  const align = (position: bigint): bigint => alignPosition(work.table, position)
  const makeChunks = chunkMaker({ target: run.target, events: run.events, work, grid, timezone: options.timezone })
  for (let left = await workLeft(run, work); !isNothing(left); left = await workLeft(run, work)) {
    const feed = taskFeed(work, left, { rows: options.taskRows, grid, align, walker: patientWalker(run, work) })
    await inParallel(run, options, feed, (slots, task) =>
      perform(slots, { ...task, watcher: options.progress, makeChunks }),
    )
  }
}

/** The walk along the source's index, through passing errors of the source. */
function patientWalker(run: CopyRun, { table, reader }: TableWork): Walker {
  return {
    advance: (from, rows) => patiently(run, table.name, () => reader.advance(from, rows)),
    extent: () => patiently(run, table.name, () => reader.extent()),
  }
}
