/** Hands out the tasks of a table to its workers. */
import { workLeft } from '../../control/ledger.ts'
import { MAIN_LANE } from '../../model.ts'
import type { Receipt } from '../../model.ts'
import { cutGap, lanesOf } from '../../work/tasks.ts'
import type { CutOptions, Task, Walker } from '../../work/tasks.ts'
import type { TableWork } from '../../work/table-work.ts'

/**
 * What the receipts leave to do, cut lazily: first the rows without a position, then the main lane in order. Nothing of it is remembered: the receipts alone say what is done.
 */
export async function* taskFeed(
  work: TableWork,
  booked: readonly Receipt[],
  options: CutOptions & { walker: Walker },
): AsyncGenerator<Task, void, undefined> {
  for (const lane of lanesOf(work.table).toReversed()) {
    for (const gap of workLeft(booked, lane)) {
      if (lane !== MAIN_LANE || work.table.split === 'all') yield { lane, span: gap }
      else for await (const span of cutGap(options.walker, gap, options)) yield { lane, span }
    }
  }
}
