/** A migration that was begun in this target. */
import { HyperferryError } from '../errors.ts'
import type { Session } from '../target/connect.ts'
import { requireControl } from './install.ts'
import { storedMigration } from './migration-row.ts'
import type { StoredMigration } from './migration-row.ts'

/** Its row. Throws HF-B014 when there is no control schema or no migration of this name in it. */
export async function startedMigration(session: Session, name: string): Promise<StoredMigration> {
  await requireControl(session)
  const stored = await storedMigration(session, name)
  if (stored !== null) return stored
  throw new HyperferryError('HF-B014', { what: `migration "${name}" was not started in this target` })
}
