/** Relational tables while the application writes: nothing carries their writes, so they are compared with what was copied (docs/design/0009). */
import type { PlannedTable, Receipt } from '../../model.ts'
import type { Target } from '../../target/connect.ts'
import { withSession } from '../../target/with-session.ts'
import { targetDigest } from './bench.ts'
import type { Bench } from './bench.ts'
import type { VerifiedTable } from './document.ts'
import { wholeRange } from './ranges.ts'
import { emptyResult, sum } from './table.ts'

/**
 * What differs may have been changed in the source since. As long as the target holds exactly the rows of the receipts that is no difference: the cutover
 * brings the table up to date. Else the answer stays as it was.
 */
export async function asCopied(
  target: Target,
  bench: Bench,
  { verified, receipts }: { verified: VerifiedTable; receipts: readonly Receipt[] },
): Promise<VerifiedTable> {
  const copied = sum(receipts.map(({ digest }) => digest))
  const held = await withSession(target, (session) => targetDigest(bench, session, wholeRange()))
  if (!held.equals(copied)) return verified
  return {
    ...verified,
    equal: true,
    different: [],
    meaning: null,
    digest: held.toString(),
    notes: [...verified.notes, CHANGED],
  }
}

const CHANGED =
  'holds what was copied; the source was changed since, and the cutover brings the table up to date (sync: final-copy)'

/** The target is primary, and the source gets no rows of such a table any more. */
export function notFollowed(table: PlannedTable): VerifiedTable {
  const result = emptyResult({ bench: { table }, window: { from: null, to: null } }, 0)
  return { ...result, equal: null, notes: ['written in the target alone since the cutover: not compared'] }
}
