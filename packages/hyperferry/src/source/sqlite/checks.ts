/** Step 1 for a SQLite file. */
import type { DatabaseSync } from 'node:sqlite'
import type { Check } from '../../model.ts'
import type { SqliteFile } from './open.ts'
import { rowOf } from './open.ts'

/** Facts that make reading wrong or slow. */
export function runChecks(database: DatabaseSync, file: SqliteFile): Check[] {
  return [journal(database, file)]
}

function journal(database: DatabaseSync, _file: SqliteFile): Check {
  const mode = String(rowOf(database, 'PRAGMA journal_mode')?.[0])
  return { code: 'HF-C004', ok: true, severity: 'info', message: `journal mode ${mode}`, hint: null }
}
