/** Cutting the work that is left into tasks, lazily. */
import { RESIDUAL_LANE } from '../model.ts'
import type { Lane, PlannedTable, Slice, Span } from '../model.ts'
import type { TableReader } from '../source/source.ts'

/** One slice of one table, copied in one target transaction. */
export interface Task {
  lane: Lane
  span: Span
}

/** What cutting needs of a source. */
export type Walker = Pick<TableReader, 'advance' | 'extent'>

export interface CutOptions {
  /** Rows a task should have. */
  rows: number
  /** Borders of the target's chunks in source positions, null when they are not regular there. */
  grid: { interval: bigint; origin: bigint } | null
  /** The largest position not above this one at which the target can be cut too (values/axis.ts). */
  align: (position: bigint) => bigint
}

/** What the source has to read for a task. */
export function sliceOf(table: PlannedTable, task: Task): Slice {
  if (table.split === 'all') return { kind: 'all' }
  return task.lane === RESIDUAL_LANE ? { kind: 'residual' } : { kind: 'range', from: task.span.from, to: task.span.to }
}

/**
 * The tasks of one gap of the main lane: half-open, without hole or overlap, together exactly the gap. Boundaries come from walking the source's
 * index, so nothing needs to be remembered between runs; where chunks have borders on the axis, tasks end at a border.
 */
export async function* cutGap(walker: Walker, gap: Span, options: CutOptions): AsyncGenerator<Span, void, undefined> {
  let from = gap.from
  for (;;) {
    const to = await nextCut(walker, from, gap.to, options)
    yield { from, to: to ?? gap.to }
    if (to === null) return
    from = to
  }
}

/** Chunks that one transaction may create: each costs about ten locks until commit. */
export const CHUNKS_PER_TASK = 32n

/** Rows so few that the task may touch as many chunks as it likes. */
const FEW_ROWS = 64

/** Where the task from `from` on ends; null when it takes the rest of the gap. */
async function nextCut(
  walker: Walker,
  from: bigint | null,
  end: bigint | null,
  options: CutOptions,
): Promise<bigint | null> {
  const walk = async (rows: number): Promise<bigint | null> => {
    const found = await walker.advance(from, rows)
    return found === null || (end !== null && found >= end) ? null : found
  }
  let rows = Math.max(1, options.rows)
  let to = await walk(rows)
  while (rows > FEW_ROWS && (await chunksWithin(walker, from, to ?? end, options.grid)) > CHUNKS_PER_TASK) {
    rows = Math.ceil(rows / 2)
    to = await walk(rows)
  }
  for (;;) {
    if (to === null) return null
    const cut = options.align(atBorder(from, to, options.grid))
    if (from === null || cut > from) return cut
    // All of these rows have one value in the target's coarser column, which cannot be cut.
    rows *= 2
    to = await walk(rows)
  }
}

/** The last border after `from` and not after `to`, else `to`. */
function atBorder(from: bigint | null, to: bigint, grid: CutOptions['grid']): bigint {
  if (grid === null) return to
  const border = floorTo(to, grid)
  return from === null || border > from ? border : to
}

async function chunksWithin(
  walker: Walker,
  from: bigint | null,
  to: bigint | null,
  grid: CutOptions['grid'],
): Promise<bigint> {
  if (grid === null) return 1n
  if (from !== null && to !== null) return (to - from) / grid.interval
  const extent = await walker.extent()
  if (extent === null) return 1n
  return ((to ?? extent.max) - (from ?? extent.min)) / grid.interval
}

function floorTo(position: bigint, grid: { interval: bigint; origin: bigint }): bigint {
  const offset = (position - grid.origin) % grid.interval
  return position - (offset < 0n ? offset + grid.interval : offset)
}
