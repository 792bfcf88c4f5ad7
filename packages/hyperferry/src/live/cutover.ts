/** Command `cutover`. */
import { mutate } from '../mutate.ts'
import type { MutatingOptions, Previewed } from '../mutate.ts'
import type { Opened } from '../open-migration.ts'
import { withStarted } from '../open-migration.ts'
import type { Preview } from '../preview.ts'
import { recorded } from '../recorded.ts'
import { cutover as step, readGates } from '../steps/cutover.ts'
import type { CutoverOptions, CutoverResult } from '../steps/cutover.ts'

export type { CutoverResult } from '../steps/cutover.ts'

/** Step 10. */
export async function cutover(options: MutatingOptions & CutoverOptions): Promise<CutoverResult | Previewed> {
  return mutate(options, {
    preview: (opened) => preview(opened, options.hold ?? 5),
    run: (context) =>
      recorded(context, 'cutover', () =>
        step(context, options, (name, output) => recorded(context, name, output as () => Promise<never>)),
      ),
  })
}

async function preview(opened: Opened, seconds: number): Promise<Preview> {
  return withStarted(opened, async (context) => {
    const { state, gates } = await readGates(context)
    const closed = gates.filter(({ ok }) => !ok).length
    return {
      title: closed === 0 ? 'Ready:' : `Not ready: ${closed} ${closed === 1 ? 'gate' : 'gates'}.`,
      lines: [
        ...gates.map(({ code, ok, reason }) => `${ok ? '✔' : '✖'} ${code}  ${reason}`),
        `Would: final copy → prepare epoch ${state.epoch + 1} → hold ≤ ${seconds} s → drain → final copy → count → sequences → commit → release. The source stays written; rollback stays possible.`,
      ],
      sql: ["update hyperferry.dual_write set stage = 'live', primary_store = 'target', epoch = epoch + 1 where …;"],
    }
  })
}
