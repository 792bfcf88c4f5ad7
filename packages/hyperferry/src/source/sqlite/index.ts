/** SQLite files as a source: read-only, in this process, by node:sqlite. */
import type { DatabaseSync } from 'node:sqlite'
import type { PlannedTable, SourceInfo } from '../../model.ts'
import type { Source, SourceAdapter, SourceOptions, SourceView } from '../source.ts'
import { assessTable } from './assess.ts'
import { runChecks } from './checks.ts'
import type { Encoding } from './exact.ts'
import { sqliteError } from './errors.ts'
import { interrupted } from './interrupted.ts'
import { readInventory } from './inventory.ts'
import { locate, rowOf } from './open.ts'
import type { SqliteFile } from './open.ts'
import { inTransaction, openPool } from './pool.ts'
import type { Pool } from './pool.ts'
import { runQuery } from './query.ts'
import { compileReader } from './reader.ts'
import type { ReaderContext } from './reader.ts'
import { readingThreads } from './reading-threads.ts'

/** Answers to `sqlite:`; questions are answered in this thread, slices are read in threads of their own. */
export const adapter: SourceAdapter = {
  schemes: ['sqlite'],
  async open(url, options) {
    interrupted(options.signal)
    const file = locate(url)
    const pool = openPool(file, Math.max(1, options.connections))
    try {
      const { info, encoding } = inTransaction(pool, `cannot read ${file.path}`, (database) => describe(database, file))
      return sourceOf({ file, pool, info, encoding, options })
    } catch (error) {
      pool.close()
      throw error
    }
  },
}

interface Opened {
  file: SqliteFile
  pool: Pool
  info: SourceInfo
  encoding: Encoding
  options: SourceOptions
}

function sourceOf({ file, pool, info, encoding, options }: Opened): Source {
  const { signal, timezone } = options
  const threads = readingThreads({ file, encoding, timezone, signal })
  const view = (context: Pick<ReaderContext, 'transactions' | 'threads'>): SourceView => ({
    reader: (table: PlannedTable) => compileReader(table, { ...context, encoding, timezone, signal }),
  })
  const once = async <T>(what: string, use: (database: DatabaseSync) => T | Promise<T>): Promise<T> => {
    interrupted(signal)
    const transaction = pool.begin()
    try {
      return await use(transaction.database)
    } catch (error) {
      throw sqliteError(error, what)
    } finally {
      transaction.done()
    }
  }
  return {
    info,
    ...view({ transactions: pool, threads }),
    checks: () => once(`cannot check ${file.path}`, (database) => runChecks(database, file)),
    inventory: () => once(`cannot read the schema of ${file.path}`, (database) => readInventory(database)),
    assess: (table, { full, sampleRows }) =>
      once(`cannot profile table ${table.name}`, (database) =>
        assessTable(database, table, { full, sampleRows, encoding, timezone, signal }),
      ),
    query: (sql, params) => once('query', (database) => runQuery(database, sql, params)),
    async snapshot(use) {
      interrupted(signal)
      const transaction = pool.begin()
      try {
        // Readers of the view share this transaction and leave its end to us.
        const begin = () => ({ database: transaction.database, done: () => undefined })
        return await use(view({ transactions: { begin } }))
      } finally {
        transaction.done()
      }
    },
    async close() {
      pool.close()
      await threads.close()
    },
  }
}

function describe(database: DatabaseSync, file: SqliteFile): { info: SourceInfo; encoding: Encoding } {
  const [version = null, encoding = null] =
    rowOf(database, 'SELECT sqlite_version(), encoding FROM pragma_encoding') ?? []
  const info: SourceInfo = {
    engine: 'sqlite',
    product: 'SQLite',
    version: String(version),
    database: file.database,
    identity: file.identity,
    readOnly: true,
    bytes: file.bytes,
  }
  return { info, encoding: String(encoding) as Encoding }
}
