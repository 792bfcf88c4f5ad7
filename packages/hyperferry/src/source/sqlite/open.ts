/** From a URL to read-only connections. */
import { accessSync, constants, realpathSync, statSync } from 'node:fs'
import { basename, extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { DatabaseSync } from 'node:sqlite'
import type { StatementSync } from 'node:sqlite'
import { HyperferryError, codeOf, messageOf } from '../../errors.ts'
import { sqliteError } from './errors.ts'
import type { SqliteRow, SqliteValue } from './value.ts'

/** How long a read waits for a writer that holds the file, in milliseconds. */
const BUSY_MS = 10_000

export interface SqliteFile {
  /** Absolute, links resolved. */
  path: string
  /** Base name without extension. */
  database: string
  /** The path and the file's inode: moving the file or putting another one in its place makes it another database. */
  identity: string
  bytes: number
  /** The URL says that nobody can write the file (`?immutable=1`): SQLite then takes no locks and ignores a WAL. */
  immutable: boolean
}

/**
 * Understands `sqlite:./a.db`, `sqlite:/a.db`, `sqlite:///a.db` and looks at the file.
 * @throws HF-U014 for another form, HF-C003 when there is no such file, HF-C004 when it cannot be read, HF-C006 for a folder or device.
 */
export function locate(url: string): SqliteFile {
  const { candidates, immutable } = parseUrl(url)
  for (const candidate of candidates) {
    const file = lookAt(resolve(candidate))
    if (file) return { ...file, immutable }
  }
  const shown = resolve(candidates[0] ?? '')
  throw new HyperferryError('HF-C003', { what: `there is no file ${shown}`, hint: 'Check the path after sqlite:.' })
}

/** One read-only connection. `query_only` is a second lock on the same door. */
export function connect(file: SqliteFile): DatabaseSync {
  try {
    const location = file.immutable ? `${pathToFileURL(file.path).href}?immutable=1` : file.path
    const database = new DatabaseSync(location, { readOnly: true, timeout: BUSY_MS, allowExtension: false })
    try {
      database.exec('PRAGMA query_only = on')
      // The file is not touched before the first read; a file that is no database shows here.
      database.prepare('PRAGMA schema_version').get()
      database.prepare('SELECT count(*) FROM sqlite_schema').get()
    } catch (error) {
      database.close()
      throw error
    }
    return database
  } catch (error) {
    throw sqliteError(error, `cannot open ${file.path}`)
  }
}

/** A statement whose rows are arrays and whose integers are bigints. */
export function prepare(database: DatabaseSync, sql: string): StatementSync {
  const statement = database.prepare(sql)
  statement.setReadBigInts(true)
  statement.setReturnArrays(true)
  return statement
}

/** All rows of a small result. */
export function rowsOf(database: DatabaseSync, sql: string, ...values: SqliteValue[]): SqliteRow[] {
  return prepare(database, sql).all(...values) as unknown as SqliteRow[]
}

/** First row, or null. */
export function rowOf(database: DatabaseSync, sql: string, ...values: SqliteValue[]): SqliteRow | null {
  return (prepare(database, sql).get(...values) as unknown as SqliteRow | undefined) ?? null
}

function parseUrl(url: string): { candidates: string[]; immutable: boolean } {
  const match = /^sqlite3?:(.*)$/is.exec(url.trim())
  if (!match) throw misunderstood(url)
  let rest = (match[1] ?? '').replace(/^\/\/(localhost)?(?=\/)/i, '').replace(/^\/\//, '')
  const immutable = rest.endsWith('?immutable=1')
  rest = rest.replace(/\?immutable=[01]$/, '')
  if (rest === '' || rest === ':memory:' || rest.includes('\0')) throw misunderstood(url)
  const candidates = [rest]
  try {
    const decoded = decodeURIComponent(rest)
    if (decoded !== rest && !decoded.includes('\0')) candidates.push(decoded)
  } catch {
    // A stray % is part of the name.
  }
  return { candidates, immutable }
}

function lookAt(path: string): Omit<SqliteFile, 'immutable'> | null {
  try {
    const real = realpathSync(path)
    const stat = statSync(real, { bigint: true })
    if (!stat.isFile()) {
      const kind = stat.isDirectory() ? 'a folder' : 'no regular file'
      throw new HyperferryError('HF-C006', {
        what: `${real} is ${kind}`,
        hint: 'Give the path of the database file itself.',
      })
    }
    accessSync(real, constants.R_OK)
    const database = basename(real, extname(real))
    return { path: real, database, identity: `sqlite:${real} inode ${stat.ino}`, bytes: Number(stat.size) }
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    if (error instanceof HyperferryError) throw error
    if (code === 'EACCES' || code === 'EPERM') {
      const hint = 'Let the account of this process read the file and enter its folder.'
      throw new HyperferryError('HF-C004', { what: `cannot read ${path}: ${messageOf(error)}`, hint, cause: error })
    }
    throw new HyperferryError('HF-C001', { what: `cannot read ${path}: ${messageOf(error)}`, cause: error })
  }
}

function misunderstood(url: string): HyperferryError {
  const what = /memory/.test(url) ? 'a database in memory cannot be opened from outside' : 'not a URL of a SQLite file'
  return new HyperferryError('HF-U014', { what, hint: 'Write sqlite:./file.db or sqlite:///absolute/file.db.' })
}
