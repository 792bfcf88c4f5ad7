/** Command `refresh`; needs the target only. */
import { confirmed } from '../mutate.ts'
import type { MutatingOptions, Previewed } from '../mutate.ts'
import { recorded } from '../recorded.ts'
import { planRefresh, previewRefresh, refresh as refreshStep } from '../steps/refresh.ts'
import type { RefreshResult } from '../steps/refresh.ts'
import { onTarget, started, underLock } from '../target-only.ts'
import type { TargetContext } from '../target-only.ts'

export type { RefreshResult } from '../steps/refresh.ts'

/** Step 7b: refreshes the continuous aggregates over the migrated tables and proves them. */
export async function refresh(options: MutatingOptions & { tables?: string[] }): Promise<RefreshResult | Previewed> {
  return onTarget(options, async (opened) => {
    const refreshed = (context: TargetContext) =>
      refreshStep(context, options.tables === undefined ? {} : { tables: options.tables })
    // Without aggregates nothing is read or remembered, so the migration need not have begun.
    if (!opened.target.capabilities.continuousAggregates) return refreshed({ ...opened, migrationId: 0 })
    const context = await started(opened)
    const preview = previewRefresh(context, await planRefresh(context, options.tables))
    return confirmed(options, preview, () =>
      underLock(context, () => recorded(context, 'refresh', () => refreshed(context))),
    )
  })
}
