/** Rows in quarantine keep a step from being done until somebody says that they may stay there. */
import { countOpen } from '../control/quarantine.ts'
import { HyperferryError } from '../errors.ts'
import type { CopyRun } from './attempts.ts'
import { withSession } from './attempts.ts'

/**
 * Throws HF-B012 when more rows of `tables` (source names) are in quarantine than `accepted`. Everything else is copied and on the books by
 * then, so running the step again with a larger number does nothing but record it as done. `details` go into the error.
 */
export async function quarantineGate(
  run: CopyRun,
  migrationId: number,
  gate: { tables: ReadonlySet<string>; accepted: number; details: Record<string, unknown> },
): Promise<void> {
  const open = await withSession(run, '', (session) => countOpen(session, migrationId))
  const here = open.filter(({ table }) => gate.tables.has(table))
  const rows = here.reduce((sum, { count }) => sum + Number(count), 0)
  if (rows <= gate.accepted) return
  const where = here.map(({ table, count }) => `${table} ${count}`).join(', ')
  throw new HyperferryError('HF-B012', {
    what: `${rows} ${rows === 1 ? 'row is' : 'rows are'} in quarantine (${where})`,
    hint: `See \`hyperferry quarantine list\`; if they may stay there, go on with --accept-quarantine ${rows}.`,
    details: { ...gate.details, quarantined: rows },
  })
}
