/** Command `cutover`. */
import { mutate } from '../mutate.ts'
import type { MutatingOptions, Previewed } from '../mutate.ts'
import type { Opened } from '../open-migration.ts'
import { withStarted } from '../open-migration.ts'
import { recorded } from '../recorded.ts'
import { accepted } from '../report/live-gates.ts'
import { cutover as step, readGates } from '../steps/cutover.ts'
import type { CutoverOptions, CutoverResult } from '../steps/cutover.ts'
import { gatesPreview } from './gates-preview.ts'
import type { GatesPreview } from './gates-preview.ts'

export type { CutoverResult } from '../steps/cutover.ts'

/** Step 10. */
export async function cutover(options: MutatingOptions & CutoverOptions): Promise<CutoverResult | Previewed> {
  return mutate(options, {
    preview: (opened) => preview(opened, options),
    run: (context) =>
      recorded(context, 'cutover', () =>
        step(context, options, (name, output) => recorded(context, name, output as () => Promise<never>)),
      ),
  })
}

async function preview(opened: Opened, options: CutoverOptions): Promise<GatesPreview> {
  return withStarted(opened, async (context) => {
    const { state, gates } = await readGates(context)
    if (state.primary === 'target') {
      return gatesPreview([], { title: 'The target is primary already:', would: ['nothing to do'], sql: [] })
    }
    const would = `Would: final copy → prepare epoch ${state.epoch + 1} → hold ≤ ${options.hold ?? 5} s → drain → final copy → count → sequences → commit → release. The source stays written; rollback stays possible.`
    return gatesPreview(accepted(gates, options.accept ?? [], options.reason), {
      title: 'Ready:',
      would: [would],
      sql: ["update hyperferry.dual_write set stage = 'live', primary_store = 'target', epoch = epoch + 1 where …;"],
    })
  })
}
