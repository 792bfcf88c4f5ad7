/** Read-only connections for reads that go on at the same time, each in a transaction of its own. */
import type { DatabaseSync } from 'node:sqlite'
import { HyperferryError } from '../../errors.ts'
import { sqliteError } from './errors.ts'
import { connect } from './open.ts'
import type { SqliteFile } from './open.ts'

/** Where a reader gets its transaction: the pool gives a new one each time, a snapshot the same one always. */
export interface Transactions {
  /** Begins a read transaction; `done` ends it and may be called twice. */
  begin(): { database: DatabaseSync; done(): void }
}

export interface Pool extends Transactions {
  close(): void
}

/**
 * A connection costs about 2 MB and no server, so a reader never waits for one; at most `idle` are kept when nobody reads.
 * @throws HF-R003 when a writer holds the file for too long, else what `connect` throws.
 */
export function openPool(file: SqliteFile, idle: number): Pool {
  const free: DatabaseSync[] = [connect(file)]
  const busy = new Set<DatabaseSync>()
  let closed = false
  return {
    begin() {
      if (closed) throw new HyperferryError('HF-R001', { what: `${file.path} was closed while it was read` })
      const database = free.pop() ?? connect(file)
      try {
        // A deferred transaction sees nothing until its first read: that read fixes the moment.
        database.exec('BEGIN')
        database.prepare('SELECT count(*) FROM sqlite_schema').get()
      } catch (error) {
        database.close()
        throw sqliteError(error, `cannot read ${file.path}`)
      }
      busy.add(database)
      return {
        database,
        done() {
          if (!busy.delete(database)) return
          if (closed || free.length >= idle) return database.close()
          try {
            database.exec('ROLLBACK')
            free.push(database)
          } catch {
            // The transaction is gone with the connection; the error that led here is on its way already.
            database.close()
          }
        },
      }
    },
    close() {
      closed = true
      for (const database of free.splice(0)) database.close()
      for (const database of busy) database.close()
      busy.clear()
    },
  }
}

/** Runs `use` in one read transaction. */
export function inTransaction<T>(transactions: Transactions, what: string, use: (database: DatabaseSync) => T): T {
  const transaction = transactions.begin()
  try {
    return use(transaction.database)
  } catch (error) {
    throw sqliteError(error, what)
  } finally {
    transaction.done()
  }
}
