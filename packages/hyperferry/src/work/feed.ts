/** Hands out the tasks of a table to its workers. */
import { lanesOf } from '../control/coverage.ts'
import { MAIN_LANE } from '../model.ts'
import type { Lane, Span } from '../model.ts'
import { cutGap } from './tasks.ts'
import type { CutOptions, Task, Walker } from './tasks.ts'
import type { TableWork } from './table-work.ts'

/**
 * What the receipts leave to do, cut lazily: first the rows without a position, then the main lane in order. Nothing of it is remembered: the receipts alone say what is done.
 */
export async function* taskFeed(
  work: TableWork,
  left: ReadonlyMap<Lane, readonly Span[]>,
  options: CutOptions & { walker: Walker },
): AsyncGenerator<Task, void, undefined> {
  for (const lane of lanesOf(work.table).toReversed()) {
    for (const gap of left.get(lane) ?? []) {
      if (lane !== MAIN_LANE || work.table.split === 'all') yield { lane, span: gap }
      else for await (const span of cutGap(options.walker, gap, options)) yield { lane, span }
    }
  }
}
