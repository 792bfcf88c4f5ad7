/** TimescaleDB and PostgreSQL through a pool of pg. */
import { detail, noteOutcome, StoreError, verdictOf } from './outcome.ts'
import type { Reading } from './outcome.ts'
import type { Query, TargetStore } from './store.ts'

interface PgResult {
  rows: any[] // eslint-disable-line typescript/no-explicit-any -- rows are what the statement says
  rowCount: number | null
  command: string
}

interface PgClient {
  query(sql: string, values?: any[]): Promise<PgResult> // eslint-disable-line typescript/no-explicit-any -- the driver's own overloads
  release(destroy?: boolean | Error): void
  on(event: 'error', listener: (error: Error) => void): unknown
  off(event: 'error', listener: (error: Error) => void): unknown
}

/** What is used of a `Pool` of pg. */
export interface PgPool {
  connect(): Promise<PgClient>
  query(sql: string, values?: any[]): Promise<PgResult> // eslint-disable-line typescript/no-explicit-any -- as above
}

/** The target store over a pool of pg. Works behind a pooler in transaction mode: nothing is left in a session. */
export function pgStore(pool: PgPool): TargetStore {
  const query = queryOn(pool)
  return {
    // eslint-disable-next-line typescript/no-unnecessary-type-parameters -- as `Query`
    async query<R extends Record<string, unknown>>(sql: string, params?: readonly unknown[]) {
      try {
        return await query<R>(sql, params)
      } catch (error) {
        throw noteOutcome(error, isAnswered(error) || isRefused(error) ? 'definite' : 'unknown')
      }
    },
    async transaction(use) {
      const client = await pool.connect().catch((error: unknown) => {
        throw noteOutcome(error, 'definite')
      })
      const on = queryOn(client)
      let committing = false
      // A connection that breaks says so to the statement that runs, and by an event too, which would end the application without a listener.
      client.on('error', ignored)
      try {
        await on('BEGIN')
        const result = await use(on)
        committing = true
        await commit(client)
        client.release()
        return result
      } catch (error) {
        const certain = !committing || isAnswered(error)
        await giveBack(client, error)
        throw noteOutcome(error, certain ? 'definite' : 'unknown')
      } finally {
        client.off('error', ignored)
      }
    },
    classify: (error) => verdictOf(error, readPg),
  }
}

const ignored = (): void => {}

function queryOn(on: Pick<PgClient, 'query'>): Query {
  return async (sql, params) => {
    const { rows, rowCount } = await on.query(sql, params === undefined ? undefined : [...params])
    return { rows, rowCount: rowCount ?? 0 }
  }
}

/** PostgreSQL answers COMMIT of a transaction in which a statement failed with ROLLBACK, and that is no error. */
async function commit(client: PgClient): Promise<void> {
  const { command } = await client.query('COMMIT')
  if (command !== 'ROLLBACK') return
  throw new StoreError('ROLLED_BACK', 'a statement of the transaction had failed: nothing was committed', {
    retry: 'transient',
  })
}

/** Rolled back and usable again, or destroyed: then the server rolls back. */
async function giveBack(client: PgClient, error: unknown): Promise<void> {
  if (!isAnswered(error) && isConnectionError(error)) return client.release(true)
  try {
    await client.query('ROLLBACK')
    client.release()
  } catch {
    client.release(true)
  }
}

/**
 * Whether the server said that it failed. What ends the session or is about the machine may come after the work was done: connections (08), shutdown (57P),
 * system (58), internal (XX), and 40003, which says so itself. Servers translate the severity, so it only tells that the error is theirs.
 */
function isAnswered(error: unknown): boolean {
  if (error instanceof StoreError) return true
  if (!(error instanceof Error) || typeof detail(error, 'severity') !== 'string') return false
  return !/^(08|40003|57P|58|XX)/.test(String(detail(error, 'code')))
}

/** No connection was made, so nothing was sent. */
function isRefused(error: unknown): boolean {
  return error instanceof Error && detail(error, 'syscall') === 'connect'
}

function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return detail(error, 'severity') === undefined
}

/** What may come by itself: connections, deadlocks, resources, locks, a restart; a parent row, a table, a column, a right. HF… is the control schema. */
const TRANSIENT = /^(08|40|53|57|58|XX|HF|25006|55|23503|42P01|42703|42501|3F000|42883|0A000)/

function readPg(error: Error): Reading | null {
  const code = detail(error, 'code')
  if (typeof code !== 'string') return detail(error, 'severity') === undefined && isPoolError(error) ? POOL : null
  if (detail(error, 'severity') === undefined) return { retry: 'transient', code }
  return { retry: TRANSIENT.test(code) ? 'transient' : 'permanent', code }
}

const POOL: Reading = { retry: 'transient', code: null }

/** pg says that a connection has ended, or could not be had in time, by an error without a code. */
function isPoolError(error: Error): boolean {
  return error.constructor === Error
}
