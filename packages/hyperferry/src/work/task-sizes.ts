/** How many rows a task should have. */
import type { Walker } from './tasks.ts'

export interface TaskSizes {
  /** Most rows of a task. */
  most: number
  /** Rows of the whole table, as far as anybody knows; 0: nobody does. */
  estimatedRows: number
  /** Of them, those that were done before. */
  done: number
  /** Workers, as of now. */
  workers: () => number
  walker: Pick<Walker, 'extent'>
}

/** Below it beginning and committing are felt. */
const FEWEST = 25_000

/**
 * Rows of the task that begins at a position (null: before all rows), asked for one after the other. Towards the end of a table tasks get smaller, so that no worker waits long for
 * the last one, and a small table keeps all of them busy: half of a worker's share of what is left (guided self-scheduling, Polychronopoulos and Kuck 1987). What is left is
 * guessed in three ways, and the largest guess holds: by how far along the axis it is, which a first row long before all others makes small; by what was handed out, which tasks
 * that end at the border of a chunk make small; and by both without the estimate, which may be old. A wrong guess costs time and nothing else.
 */
export async function taskSizes(sizes: TaskSizes): Promise<(from: bigint | null) => number> {
  const { most, estimatedRows, workers, walker } = sizes
  const extent = most <= FEWEST || estimatedRows === 0 ? null : await walker.extent()
  if (extent === null) return () => most
  const length = Number(extent.max - extent.min) || 1
  let handedOut = sizes.done
  return (from) => {
    const part = from === null ? 1 : Math.min(1, Math.max(0, Number(extent.max - from) / length))
    const along = (handedOut * part) / Math.max(1 - part, Number.EPSILON)
    const left = Math.max(estimatedRows * part, estimatedRows - handedOut, part === 1 ? 0 : along)
    const rows = Math.min(most, Math.max(FEWEST, Math.round(left / (2 * workers()))))
    handedOut += rows
    return rows
  }
}
