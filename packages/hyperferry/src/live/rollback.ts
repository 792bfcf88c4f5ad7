/** Command `rollback`. */
import { HyperferryError } from '../errors.ts'
import { mutate } from '../mutate.ts'
import type { MutatingOptions, Previewed } from '../mutate.ts'
import { withStarted } from '../open-migration.ts'
import { recorded } from '../recorded.ts'
import { accepted } from '../report/live-gates.ts'
import { rollback as step, rollbackGates } from '../steps/rollback.ts'
import type { RollbackResult } from '../steps/rollback.ts'
import { gatesPreview } from './gates-preview.ts'

export type { RollbackResult } from '../steps/rollback.ts'

export interface RollbackOptions extends MutatingOptions {
  /** How long writers may stand still. Default 5 seconds. */
  hold?: number
  accept?: readonly string[]
  reason?: string
  emergency?: boolean
}

/** Step 10, the way back. Throws HF-K012 for `emergency`, which needs a fence in the source that this version does not have. */
export async function rollback(options: RollbackOptions): Promise<RollbackResult | Previewed> {
  if (options.emergency === true) {
    throw new HyperferryError('HF-K012', {
      what: 'rollback --emergency is not part of this version',
      hint: 'Bring the target back: what was written to it stands there. Then `hyperferry rollback`.',
    })
  }
  return mutate(options, {
    preview: async (opened) =>
      withStarted(opened, async (context) => {
        const { state, gates } = await rollbackGates(context)
        if (state.primary === 'source') {
          return gatesPreview([], { title: 'The source is primary already:', would: ['nothing to do'], sql: [] })
        }
        return gatesPreview(accepted(gates, options.accept ?? [], options.reason), {
          title: 'The source becomes primary again:',
          would: [
            `Would: prepare epoch ${state.epoch + 1} → hold ≤ ${options.hold ?? 5} s → deliver all to the source → commit → release.`,
          ],
          sql: [
            "update hyperferry.dual_write set stage = 'dualwrite', primary_store = 'source', epoch = epoch + 1 where …;",
          ],
        })
      }),
    run: (context) => recorded(context, 'rollback', () => step(context, options)),
  })
}
