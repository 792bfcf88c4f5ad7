/** Command `parked`: opens what it needs and runs the step. */
import { confirmed } from '../mutate.ts'
import type { MutatingOptions, Previewed } from '../mutate.ts'
import type { PlanOptions } from '../open-migration.ts'
import { recorded } from '../recorded.ts'
import { discard, parkedList, requeue } from '../steps/parked.ts'
import type { ParkedDocument, SettledDocument } from '../steps/parked.ts'
import { onTarget, started, underLock } from '../target-only.ts'

export type { ParkedDocument, SettledDocument } from '../steps/parked.ts'

export interface ParkedIds {
  /** Default: all open ones. */
  ids?: readonly number[]
}

/** Records that a store refused for good; values only with `showValues`. */
export async function listParkedRecords(
  options: PlanOptions & ParkedIds & { showValues?: boolean },
): Promise<ParkedDocument> {
  return onTarget(options, async (opened) => parkedList(await started(opened), options))
}

/** Delivers them again, or gives them up. */
export async function settleParkedRecords(
  options: MutatingOptions & ParkedIds & { how: 'requeue' | 'discard' },
): Promise<SettledDocument | Previewed> {
  return onTarget(options, async (opened) => {
    const context = await started(opened)
    const ids = options.ids ?? []
    const { records } = await parkedList(context, { ids })
    const preview = {
      title: `${options.how === 'requeue' ? 'Delivers again' : 'GIVES UP for good'} ${records.length} parked ${records.length === 1 ? 'record' : 'records'}:`,
      lines: records.map(({ id, table, rows, direction }) => `${id}   ${table}   ${rows} rows   ${direction}`),
      sql: records.map(
        ({ id }) => `update hyperferry.parked_op set status = '${STATUS[options.how]}' where id = ${id};`,
      ),
    }
    const run = () => (options.how === 'requeue' ? requeue(context, ids) : discard(context, ids))
    return confirmed(options, preview, () => underLock(context, () => recorded(context, `parked ${options.how}`, run)))
  })
}

const STATUS = { requeue: 'delivered', discard: 'discarded' } as const
