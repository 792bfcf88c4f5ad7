/** Command `finish`; needs the target only. */
import { controlVersion } from '../control/install.ts'
import { confirmed } from '../mutate.ts'
import type { MutatingOptions, Previewed } from '../mutate.ts'
import { recorded } from '../recorded.ts'
import { accepted } from '../report/live-gates.ts'
import { finish as step, finishGates } from '../steps/finish.ts'
import type { FinishResult } from '../steps/finish.ts'
import { onTarget, started, underLock } from '../target-only.ts'
import type { TargetContext } from '../target-only.ts'
import { withSession } from '../target/with-session.ts'
import { clearLeftover } from '../work/hold.ts'
import { gatesPreview } from './gates-preview.ts'
import type { GatesPreview } from './gates-preview.ts'

export type { FinishResult } from '../steps/finish.ts'

export interface FinishOptions extends MutatingOptions {
  drop?: boolean
  accept?: readonly string[]
  reason?: string
}

/** The end of the migration. Once schema hyperferry is gone, `drop` says so and changes nothing. */
export async function finish(options: FinishOptions): Promise<FinishResult | Previewed> {
  return onTarget(options, async (opened) => {
    const version = await withSession(opened.target, controlVersion, { extra: true })
    if (version === null && options.drop === true) {
      const notes = ['There is no schema hyperferry in the target (any more); nothing changed.']
      return { epoch: null, primary: 'target', pauseMs: 0, gates: [], notes }
    }
    const context = await started(opened)
    const run = async (): Promise<FinishResult> => {
      await clearLeftover(context.target, context.migrationId)
      return withSession(context.target, (session) => step(session, context.migrationId, options), { extra: true })
    }
    // What is dropped cannot keep a step.
    return confirmed(options, await preview(context, options), () =>
      underLock(context, () => (options.drop === true ? run() : recorded(context, 'finish', run))),
    )
  })
}

async function preview({ target, migrationId }: TargetContext, options: FinishOptions): Promise<GatesPreview> {
  const drop = options.drop === true
  const found = await withSession(target, (session) => finishGates(session, migrationId, drop), { extra: true })
  return gatesPreview(accepted(found, options.accept ?? [], options.reason), {
    title: 'Ends the migration:',
    would: [
      'the source is not written any more; there is no way back',
      ...(drop ? ['schema hyperferry is dropped, with all evidence: hyperferry report keeps it'] : []),
    ],
    sql: [
      "update hyperferry.dual_write set stage = 'complete' where …;",
      ...(drop ? ['drop schema hyperferry cascade;'] : []),
    ],
  })
}
