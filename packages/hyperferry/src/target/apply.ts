/** Runs planned DDL in the transactions it needs. */
import { applyTogether } from './apply-together.ts'
import type { Applied, Together } from './apply-together.ts'
import type { DdlStatement } from './ddl-statement.ts'
import { applyForeignKey } from './foreign-key.ts'
import type { Session } from './session.ts'

export { compareDdl } from './apply-together.ts'
export type { Applied } from './apply-together.ts'

/**
 * Runs what is absent after a look at the catalog: phase `pre` in one transaction for each table, phase `post` statement by statement, so that
 * an index that is made stays made. Can be repeated. Throws HF-S010 when something is there and different (nothing of that transaction is
 * changed), HF-S012 when the server refuses a statement, HF-S014 when it has no room. `within` is called in each transaction before COMMIT.
 */
export async function applyDdl(
  session: Session,
  statements: readonly DdlStatement[],
  within?: (made: Together) => Promise<void>,
): Promise<Applied> {
  const result: Applied = { applied: [], present: [], notValidated: [] }
  for (const group of transactions(statements)) {
    const [first] = group
    const outcome: Partial<Applied> =
      first?.kind === 'foreign-key'
        ? await applyForeignKey(session, first)
        : await applyTogether(session, group, within)
    result.applied.push(...(outcome.applied ?? []))
    result.present.push(...(outcome.present ?? []))
    result.notValidated.push(...(outcome.notValidated ?? []))
  }
  return result
}

/** Neighbours of phase `pre` and of one table belong together. */
function transactions(statements: readonly DdlStatement[]): DdlStatement[][] {
  const groups: DdlStatement[][] = []
  for (const statement of statements) {
    const last = groups.at(-1)
    const before = last?.[0]
    if (
      last !== undefined &&
      statement.phase === 'pre' &&
      before?.phase === 'pre' &&
      before.table === statement.table
    ) {
      last.push(statement)
    } else groups.push([statement])
  }
  return groups
}
