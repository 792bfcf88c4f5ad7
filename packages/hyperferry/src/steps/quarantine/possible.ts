/** In which stage of the migration rows in quarantine can be settled. */
import { dualState, isLive } from '../../control/dual-write.ts'
import { HyperferryError } from '../../errors.ts'
import type { PlannedTable } from '../../model.ts'
import { withSession } from '../../target/with-session.ts'
import type { StepContext } from '../context.ts'

/**
 * Throws HF-Q006: beside live writers for tables whose rows cannot be told apart, since their ranges are deleted and copied again; and, once the target is
 * primary, for everything but `discard`, since what is put into it then would never reach the source.
 */
export async function mustBePossible(
  { target, migrationId }: Pick<StepContext, 'target' | 'migrationId'>,
  how: 'fix' | 'retry' | 'discard',
  tables: readonly PlannedTable[],
): Promise<void> {
  const state = await withSession(target, (session) => dualState(session, migrationId))
  if (state === null || !isLive(state)) return
  if (state.primary === 'target' && how !== 'discard') {
    throw new HyperferryError('HF-Q006', {
      what: `the target is primary (stage ${state.stage}): ${how} would write to one database only`,
      hint: 'Let the application write the row as it should be, then `hyperferry quarantine discard`.',
    })
  }
  const replaced = tables.filter(({ kind, mode }) => kind === 'timeseries' && mode === 'replace')
  if (state.primary === 'target' || replaced.length === 0) return
  throw new HyperferryError('HF-Q006', {
    what: `${replaced.map(({ source }) => source).join(', ')}: without a key, ranges of the table may be deleted and copied again while the application writes`,
    hint: 'Mend the rows in the source: `hyperferry backfill` reads them again. Or settle them before `stage dualwrite`, or after the cutover.',
  })
}
