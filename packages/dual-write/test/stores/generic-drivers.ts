// Drivers that this package has no adapter for, told to the generic store in the few lines that an application would write.
import type { DatabaseSync } from 'node:sqlite'
import { createPool, SqlError } from 'mariadb'
import { onTestFinished } from 'vitest'
import type { GenericDriver, GenericRun } from '../../src/stores/generic.ts'

/** MariaDB's own connector. */
export function mariadbConnector(url: string): GenericDriver {
  const pool = createPool(`${url.replace('mysql://', 'mariadb://')}?allowPublicKeyRetrieval=true&connectionLimit=4`)
  onTestFinished(() => pool.end())
  return {
    dialect: 'mysql',
    async transaction(use) {
      const connection = await pool.getConnection()
      const run: GenericRun = async (sql, values) => {
        const answer: unknown = await connection.execute(sql, [...values])
        return Array.isArray(answer) ? (answer as Record<string, unknown>[]) : []
      }
      try {
        await connection.beginTransaction()
        const result = await use(run)
        await connection.query('COMMIT')
        return result
      } catch (error) {
        await connection.rollback().catch(() => {})
        throw error
      } finally {
        await connection.release()
      }
    },
    fault(error) {
      if (!(error instanceof SqlError)) return null
      if (error.errno === 1062) return 'duplicate'
      if (error.errno === 1205 || error.errno === 1213) return 'blocked'
      if (error.errno === 1452) return null
      return /^2[23]/.test(error.sqlState ?? '') || [1265, 1366].includes(error.errno) ? 'row' : null
    },
  }
}

/** A SQLite that answers asynchronously, as those do that live in another thread or process. Transactions wait for each other. */
export function lateSqlite(database: DatabaseSync): GenericDriver {
  let last: Promise<unknown> = Promise.resolve()
  const run: GenericRun = async (sql, values) => {
    await new Promise((resolve) => setImmediate(resolve))
    return database.prepare(sql).all(...(values as (string | number)[]))
  }
  return {
    dialect: 'sqlite',
    transaction(use) {
      const mine = last.then(async () => {
        database.exec('BEGIN IMMEDIATE')
        try {
          const result = await use(run)
          database.exec('COMMIT')
          return result
        } catch (error) {
          database.exec('ROLLBACK')
          throw error
        }
      })
      last = mine.catch(() => {})
      return mine
    },
    fault(error) {
      const number: unknown = error instanceof Error ? Reflect.get(error, 'errcode') : undefined
      if (typeof number !== 'number') return null
      if (number === 2067 || number === 1555) return 'duplicate'
      if (number === 787) return null
      return (number & 0xff) === 19 ? 'row' : (number & 0xff) === 5 ? 'blocked' : null
    },
  }
}
