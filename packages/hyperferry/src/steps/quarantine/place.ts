/** The table that a row in quarantine belongs to, with both ends. */
import type { PlannedTable } from '../../model.ts'
import type { Session } from '../../target/connect.ts'
import { transaction } from '../../target/transaction.ts'
import { withSession } from '../../target/with-session.ts'
import { tableWork } from '../../work/table-work.ts'
import type { TableWork } from '../../work/table-work.ts'
import { liveTaskSettings } from '../../work/task-settings.ts'
import type { StepContext } from '../context.ts'

export function workOf(ctx: StepContext, table: PlannedTable, tableId: number): TableWork {
  return tableWork(ctx.plan.target.schema, table, tableId, ctx.source.reader(table))
}

/** One transaction that is on disk when this returns. Gives up a lock that is not to be had at once: it may be a live writer's. */
export async function settling<T>(ctx: StepContext, use: (session: Session) => Promise<T>): Promise<T> {
  return withSession(ctx.target, (session) =>
    transaction(session, async () => {
      await session.query(liveTaskSettings)
      await session.query('set local synchronous_commit = on')
      return use(session)
    }),
  )
}
