/** What node:sqlite throws, as errors of the catalogue. Decided by SQLite's result code, never by the message. */
import { HyperferryError, codeOf, messageOf } from '../../errors.ts'

/** Primary result codes of sqlite3.h. */
const PERM = 3
const BUSY = 5
const LOCKED = 6
const NOMEM = 7
const READONLY = 8
const CORRUPT = 11
const CANTOPEN = 14
const SCHEMA = 17
const TOOBIG = 18
const AUTH = 23
const NOTADB = 26

/** Wraps anything thrown while `context` was done; errors of ours pass unchanged. */
export function sqliteError(error: unknown, context: string): HyperferryError {
  if (error instanceof HyperferryError) return error
  const facts = { what: `${context}: ${messageOf(error)}`, cause: error }
  const code = resultCode(error)
  if (code === null) {
    if (codeOf(error) === 'ERR_STRING_TOO_LONG')
      return new HyperferryError('HF-R001', { ...facts, hint: TOO_LONG_HINT })
    return new HyperferryError('HF-R001', facts)
  }
  const known = { ...facts, sqlstate: `SQLITE_${code}` }
  switch (code & 0xff) {
    case BUSY:
    case LOCKED:
      return new HyperferryError('HF-R003', known)
    case NOTADB:
      return new HyperferryError('HF-C006', { ...known, hint: NOTADB_HINT })
    case CORRUPT:
      return new HyperferryError('HF-R001', { ...known, hint: CORRUPT_HINT })
    case PERM:
    case AUTH:
      return new HyperferryError('HF-C004', { ...known, hint: 'Let the account of this process read the file.' })
    case READONLY:
      return new HyperferryError('HF-C004', { ...known, hint: RECOVERY_HINT })
    case CANTOPEN:
      return new HyperferryError('HF-C004', { ...known, hint: WAL_HINT })
    case SCHEMA:
      return new HyperferryError('HF-P021', known)
    case NOMEM:
      return new HyperferryError('HF-R001', { ...known, hint: 'Give the process more memory.' })
    case TOOBIG:
      return new HyperferryError('HF-R001', { ...known, hint: TOO_LONG_HINT })
    default:
      return new HyperferryError('HF-R001', known)
  }
}

/** SQLite's extended result code, or null when the error does not come from SQLite. */
function resultCode(error: unknown): number | null {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return null
  return typeof error.errcode === 'number' ? error.errcode : null
}

const NOTADB_HINT = 'Check the path; an encrypted database (SQLCipher) must be exported without encryption first.'
const CORRUPT_HINT =
  'The database is damaged. See `PRAGMA integrity_check`, mend a copy with `sqlite3 file.db .recover`, and migrate that.'
const RECOVERY_HINT =
  'A writer died and left a journal that only a writer can roll back. Open the database once with its application (or `sqlite3 file.db`), then run again.'
const WAL_HINT =
  'A database in WAL mode can be read only where its -shm file exists or can be made: let the account write to the folder, or migrate a copy made by `VACUUM INTO`. On a medium that nobody can write, add ?immutable=1.'
const TOO_LONG_HINT = 'One value is larger than a text may be in memory (512 MB). Leave the row or column out.'
