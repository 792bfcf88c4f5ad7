/** Command `finish`: it needs the target only. */
import { confirmed } from '../mutate.ts'
import type { MutatingOptions, Previewed } from '../mutate.ts'
import { recorded } from '../recorded.ts'
import { finish as step } from '../steps/finish.ts'
import type { FinishResult } from '../steps/finish.ts'
import { onTarget, started, underLock } from '../target-only.ts'
import { withSession } from '../target/with-session.ts'

export type { FinishResult } from '../steps/finish.ts'

export interface FinishOptions extends MutatingOptions {
  drop?: boolean
  accept?: readonly string[]
  reason?: string
}

/** The end of the migration. */
export async function finish(options: FinishOptions): Promise<FinishResult | Previewed> {
  return onTarget(options, async (opened) => {
    const context = await started(opened)
    const run = (): Promise<FinishResult> =>
      withSession(context.target, (session) => step(session, context.migrationId, options), { extra: true })
    const preview = {
      title: 'Ends the migration:',
      lines: [
        'the source is not written any more; there is no way back',
        ...(options.drop === true
          ? ['schema hyperferry is dropped, with all evidence: hyperferry report keeps it']
          : []),
      ],
      sql: [
        "update hyperferry.dual_write set stage = 'complete' where …;",
        ...(options.drop === true ? ['drop schema hyperferry cascade;'] : []),
      ],
    }
    // What is dropped cannot keep a step.
    return confirmed(options, preview, () =>
      underLock(context, () => (options.drop === true ? run() : recorded(context, 'finish', run))),
    )
  })
}
