/** Step 1 for a SQLite file. */
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import type { Check } from '../../model.ts'
import { rowOf } from './open.ts'
import type { SqliteFile } from './open.ts'

/** A WAL that grows to this beside the database is a sign that something keeps it from being checkpointed. */
const LARGE_WAL_BYTES = 1 << 30

/** Facts that make reading wrong or slow. The file itself was opened already; nothing here looks at values. */
export function runChecks(database: DatabaseSync, file: SqliteFile): Check[] {
  const ask = (sql: string): string => String(rowOf(database, sql)?.[0])
  const mode = ask('PRAGMA journal_mode')
  return [
    info('HF-C005', `SQLite ${ask('SELECT sqlite_version()')}, file of ${megabytes(file.bytes)} MB`),
    info('HF-C004', 'opened read-only'),
    file.immutable ? immutable() : mode === 'wal' ? wal(file) : rollbackJournal(file, mode),
    encoding(ask('PRAGMA encoding')),
    fit(database),
    info('HF-C035', `foreign keys are checked by each connection for itself: orphans are counted by the plan`),
  ]
}

function info(code: string, message: string, hint: string | null = null): Check {
  return { code, ok: true, severity: 'info', message, hint }
}

function immutable(): Check {
  const message = 'the URL says that nobody writes the file: no locks are taken and a WAL is not read'
  return {
    code: 'HF-C037',
    ok: true,
    severity: 'warn',
    message,
    hint: 'Leave ?immutable=1 out if an application may write.',
  }
}

function wal(file: SqliteFile): Check {
  const path = `${file.path}-wal`
  const bytes = existsSync(path) ? statSync(path).size : 0
  if (!isWritable(dirname(file.path)) && !existsSync(`${file.path}-shm`)) {
    const message = 'WAL mode, and the folder cannot be written: reading fails once the application closes the database'
    const hint =
      'Let the account write to the folder: SQLite keeps its lock file (-shm) there. The database itself is never written.'
    return { code: 'HF-C037', ok: false, severity: 'warn', message, hint }
  }
  if (bytes > LARGE_WAL_BYTES) {
    const message = `WAL mode, and the WAL has ${megabytes(bytes)} MB`
    const hint = 'Some reader stays open for long. Run PRAGMA wal_checkpoint(TRUNCATE) in the application.'
    return { code: 'HF-C037', ok: true, severity: 'warn', message, hint }
  }
  return info(
    'HF-C037',
    `WAL mode: the application may write while it is read${bytes > 0 ? `; ${megabytes(bytes)} MB in the WAL are read too` : ''}`,
  )
}

function rollbackJournal(file: SqliteFile, mode: string): Check {
  const message = `journal mode ${mode}: a writer waits while a slice is read, and a read waits for a writer`
  const hint = existsSync(`${file.path}-journal`)
    ? 'A journal lies beside the file: a writer is at work, or died.'
    : 'Make tasks small, give writers a busy_timeout, or switch the application to WAL.'
  return { code: 'HF-C037', ok: true, severity: 'warn', message, hint }
}

function encoding(name: string): Check {
  return name === 'UTF-8'
    ? info('HF-C035', 'text is kept in UTF-8')
    : info(
        'HF-C035',
        `text is kept in ${name} and becomes UTF-8`,
        'Text with half of a surrogate pair goes to quarantine.',
      )
}

function fit(database: DatabaseSync): Check {
  const pages = Number(rowOf(database, 'PRAGMA page_count')?.[0])
  const free = Number(rowOf(database, 'PRAGMA freelist_count')?.[0])
  const size = Number(rowOf(database, 'PRAGMA page_size')?.[0])
  return info('HF-C035', `${pages} pages of ${size} bytes, ${free} of them free`)
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(bytes < 10 * 1024 * 1024 ? 1 : 0)
}
