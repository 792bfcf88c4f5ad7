/** The second phase of a table's DDL, once its rows are in. */
import type { Plan } from '../model.ts'
import { applyDdl } from './apply.ts'
import type { Applied } from './apply.ts'
import type { Capabilities } from './capabilities.ts'
import { planDdl } from './ddl.ts'
import type { Session } from './session.ts'

/**
 * Indexes, foreign keys, sequences and statistics of the tables named (target names); see `applyDdl`. The tables that foreign keys refer to
 * must be there.
 */
export async function applyPost(
  session: Session,
  plan: Plan,
  tableNames: readonly string[],
  capabilities: Capabilities,
): Promise<Applied> {
  const wanted = new Set(tableNames)
  const statements = planDdl(plan, capabilities).filter(
    ({ phase, table }) => phase === 'post' && table !== null && wanted.has(table),
  )
  return applyDdl(session, statements)
}
