/** A source behind any driver that can run statements in a transaction: the application says how, in two functions. */
import type { OpId } from '../model.ts'
import { ident } from './ident.ts'
import { neededKey, usableKey } from './key.ts'
import type { Key } from './key.ts'
import { idsOf, idsText, marker, Markers, numbersBelow, probes, tombstone } from './marker.ts'
import type { MarkerOptions } from './marker.ts'
import { hasZero, quote } from './mysql-rows.ts'
import { bindable } from './mysql-session.ts'
import { ASK_SETTINGS, changeOf, needsNothing } from './mysql-settings.ts'
import type { Needs } from './mysql-settings.ts'
import { wholeNumber } from './numbers.ts'
import { noteOutcome, StoreError, verdictOf } from './outcome.ts'
import { parameter } from './sqlite-parameter.ts'
import type { Captured, Settled, SourceStore, StoreBatch, Verdict } from './store.ts'

export { MARKER_SQL } from './marker.ts'
export { StoreError } from './outcome.ts'

/** One statement with `?` for each value, on the connection of the transaction. `rows` are objects by column name; empty where there are none. */
export type GenericRun = (sql: string, values: readonly unknown[]) => Promise<readonly Record<string, unknown>[]>

/**
 * What an error says: `duplicate` a value stands in a unique key already · `row` the row itself cannot be stored (type, length, NOT NULL, CHECK) ·
 * `blocked` somebody holds a lock, or this was the victim of a deadlock · `null` anything else: it may pass by itself.
 */
export type GenericFault = 'duplicate' | 'row' | 'blocked' | null

export interface GenericDriver {
  /** Whose SQL the source speaks: how names are quoted, and which settings a session needs. */
  dialect: 'mysql' | 'sqlite'
  /**
   * Begins a transaction, calls `use`, and commits when it resolves; rolls back and throws the same error when it rejects. All on one connection, that no one
   * else uses meanwhile. Most libraries have it: `knex.transaction`, `sequelize.transaction`, `kysely.transaction().execute`.
   */
  transaction<T>(use: (run: GenericRun) => Promise<T>): Promise<T>
  /** By the driver's codes, never by its messages. */
  fault(error: unknown): GenericFault
}

/** A source store over `driver`. Slower than the adapters of this package: it speaks one row at a time. */
export function genericStore(driver: GenericDriver, options: MarkerOptions = {}): SourceStore {
  return new GenericStore(driver, options)
}

/** Seconds that settling waits for a transaction that holds the op's marker; then the caller tries again later. */
const settleWait = 5

class GenericStore implements SourceStore {
  readonly engine = 'generic'
  readonly #driver: GenericDriver
  readonly #markers: Markers

  constructor(driver: GenericDriver, options: MarkerOptions) {
    this.#driver = driver
    this.#markers = new Markers(options)
  }

  async prepare(): Promise<{ markers: boolean }> {
    if (this.#markers.table !== null && !this.#markers.usable) this.#markers.usable = await this.#canHoldMarkers()
    return { markers: this.#markers.usable }
  }

  async write(batch: StoreBatch, op: OpId | null): Promise<Captured> {
    const marked = this.#markers.forWriting(op) ? op : null
    // What is not written twice is written as the application always wrote it.
    const needs = { utc: batch.utc, strict: op !== null, zeroIsZero: op !== null && hasZero(batch) }
    return this.#transaction(needs, async (run) => {
      // First, so that a transaction that comes late fails here, before it has done anything.
      if (marked !== null) await run(this.#insertMarker(), marker(marked))
      const values = await this.#insert(run, batch)
      if (marked !== null && values !== null) {
        const note = `UPDATE ${this.#table()} SET ids = ? WHERE journal = ? AND seq = ?`
        await run(note, [idsText(values), ...marker(marked)])
      }
      return { values }
    })
  }

  async settle(batch: StoreBatch, op: OpId): Promise<Settled> {
    try {
      return this.#markers.forSettling(op) ? await this.#takeMarker(op) : await this.#look(batch)
    } catch (error) {
      // Somebody holds it, or has taken it since we looked: the next time it will be seen.
      if (this.#faultOf(error) === 'blocked' || this.#faultOf(error) === 'duplicate') return { answer: 'unknown' }
      throw error
    }
  }

  async apply(ops: readonly { op: OpId; batch: StoreBatch }[]): Promise<void> {
    if (ops.length === 0) return
    const needs = {
      strict: true,
      utc: ops.some(({ batch }) => batch.utc),
      zeroIsZero: ops.some(({ batch }) => hasZero(batch)),
    }
    await this.#transaction(needs, async (run) => {
      for (const { op, batch } of ops) {
        if (!this.#markers.usable) await this.#insertMissing(run, batch, neededKey(batch))
        else if (await this.#take(run, op)) await this.#insert(run, { ...batch, capture: null })
      }
    })
  }

  async forget(journal: string, seq: number): Promise<void> {
    if (!this.#markers.usable) return
    const sql = `DELETE FROM ${this.#table()} WHERE journal = ? AND seq BETWEEN ? AND ?`
    await this.#transaction({}, (run) => run(sql, [journal, ...numbersBelow(seq)]))
  }

  async forgetOnly(journal: string, seqs: readonly number[]): Promise<void> {
    if (!this.#markers.usable || seqs.length === 0) return
    const list = seqs.map((seq) => Math.trunc(seq)).join(', ')
    const sql = `DELETE FROM ${this.#table()} WHERE journal = ? AND seq IN (${list})`
    await this.#transaction({}, (run) => run(sql, [journal]))
  }

  classify = (error: unknown): Verdict =>
    verdictOf(error, (each) => {
      const fault = this.#driver.fault(each)
      if (fault === null) return null
      return { retry: fault === 'blocked' ? 'transient' : 'permanent', code: codeOf(each) }
    })

  async #takeMarker(op: OpId): Promise<Settled> {
    return this.#transaction({ lockWait: settleWait }, async (run): Promise<Settled> => {
      const look = `SELECT ids FROM ${this.#table()} WHERE journal = ? AND seq = ?`
      if ((await run(look, tombstone(op))).length > 0) return { answer: 'absent' }
      const [row] = await run(look, marker(op))
      if (row !== undefined) {
        const captured = idsOf(row['ids'])
        return { answer: 'present', ...(captured === undefined ? {} : { captured }) }
      }
      await run(this.#insertMarker(), marker(op))
      await run(this.#insertMarker(), tombstone(op))
      return { answer: 'absent' }
    })
  }

  async #look(batch: StoreBatch): Promise<Settled> {
    const key = usableKey(batch)
    if (key === null) return { answer: 'unknown' }
    const present: number[] = []
    await this.#transaction({ utc: batch.utc, lockWait: settleWait }, async (run) => {
      present.length = 0
      for (const [index, row] of batch.rows.entries())
        if (await this.#isThere(run, batch, key, row)) present.push(index)
    })
    return present.length === 0 ? { answer: 'absent' } : { answer: 'present', present }
  }

  /** Whether the op's marker is ours now. Another deliverer that takes it at this moment is no fault of the row. */
  async #take(run: GenericRun, op: OpId): Promise<boolean> {
    const there = await run(`SELECT 1 AS there FROM ${this.#table()} WHERE journal = ? AND seq = ?`, marker(op))
    if (there.length > 0) return false
    try {
      await run(this.#insertMarker(), marker(op))
    } catch (error) {
      if (this.#faultOf(error) !== 'duplicate') throw error
      throw new StoreError('MARKER_TAKEN', 'somebody else delivers this write', { retry: 'transient', cause: error })
    }
    return true
  }

  async #insert(run: GenericRun, { table, columns, rows, capture }: StoreBatch): Promise<(number | bigint)[] | null> {
    const places = columns.map(() => '?').join(', ')
    const sql = `INSERT INTO ${this.#name(table)} (${columns.map((c) => this.#name(c)).join(', ')}) VALUES (${places})`
    const values: (number | bigint)[] = []
    for (const row of rows) {
      if (capture === null) await run(sql, row)
      else values.push(await this.#insertCapturing(run, { sql, row, capture }))
    }
    return capture === null ? null : values
  }

  async #insertCapturing(
    run: GenericRun,
    { sql, row, capture }: { sql: string; row: readonly unknown[]; capture: string },
  ): Promise<number | bigint> {
    // As text: what the driver makes of large integers is its option.
    if (this.#driver.dialect === 'sqlite') {
      const [given] = await run(`${sql} RETURNING CAST(${this.#name(capture)} AS TEXT) AS id`, row)
      return wholeNumber(BigInt(String(given?.['id'])))
    }
    await run(sql, row)
    const [given] = await run('SELECT CAST(LAST_INSERT_ID() AS CHAR) AS id', [])
    return wholeNumber(BigInt(String(given?.['id'])))
  }

  async #insertMissing(run: GenericRun, batch: StoreBatch, key: Key): Promise<void> {
    const rows: (readonly unknown[])[] = []
    for (const row of batch.rows) if (!(await this.#isThere(run, batch, key, row))) rows.push(row)
    await this.#insert(run, { ...batch, capture: null, rows })
  }

  // eslint-disable-next-line max-params -- where, by what, which
  async #isThere(run: GenericRun, { table }: StoreBatch, key: Key, row: readonly unknown[]): Promise<boolean> {
    const where = key.columns.map((column) => `${this.#name(column)} = ?`).join(' AND ')
    // A locking read sees what is committed now, not the transaction's snapshot, and waits for those who have not decided.
    const lock = this.#driver.dialect === 'mysql' ? ' LOCK IN SHARE MODE' : ''
    const sql = `SELECT 1 AS there FROM ${this.#name(table)} WHERE ${where} LIMIT 1${lock}`
    return (await run(sql, key.of(row))).length > 0
  }

  /** Tries it, in a transaction that is rolled back: both kinds of marker, that they are unique, and that the rollback takes them away. */
  async #canHoldMarkers(): Promise<boolean> {
    const journal = crypto.randomUUID()
    const [first, last] = probes(journal)
    const read = `SELECT seq FROM ${this.#table()} WHERE journal = ?`
    const tried = new Error('rolled back on purpose')
    let began = false
    try {
      await this.#transaction({ strict: true }, async (run) => {
        began = true
        for (const row of [first, last]) await run(this.#insertMarker(), row)
        await run(`UPDATE ${this.#table()} SET ids = '' WHERE journal = ?`, [journal])
        if ((await run(read, [journal])).length === 2) throw tried
      })
      return false
    } catch (error) {
      if (!began || error instanceof StoreError) throw error
      if (error !== tried) return false
    }
    const left = await this.#transaction({}, (run) => run(read, [journal]))
    if (left.length === 0) return true
    throw new StoreError('NO_ROLLBACK', 'transaction() has kept what was written before `use` failed', {
      retry: 'permanent',
    })
  }

  /**
   * What fails before `use` is done is definite, since `transaction` rolls back then. What fails afterwards is COMMIT: unknown, whatever the driver says.
   */
  async #transaction<T>(needs: Needs, use: (run: GenericRun) => Promise<T>): Promise<T> {
    let done = false
    let failed: { error: unknown } | null = null
    try {
      const result = await this.#driver.transaction(async (given) => {
        done = false
        const run: GenericRun = (sql, values) =>
          given(
            sql,
            values.map((value) => this.#bindable(value)),
          )
        try {
          const answer = await this.#adjusted(run, needs, use)
          failed = null
          done = true
          return answer
        } catch (error) {
          failed = { error }
          throw error
        }
      })
      if (failed === null) return result
    } catch (error) {
      throw noteOutcome(error, done ? 'unknown' : 'definite')
    }
    const kept = 'transaction() has resolved though `use` had failed: nobody knows what it did'
    throw new StoreError('SWALLOWED', kept, {
      outcome: 'unknown',
      retry: 'transient',
      cause: (failed as { error: unknown }).error,
    })
  }

  /** The session as it has to be, and as it was when `use` has ended either way. A connection that is gone needs no putting back. */
  async #adjusted<T>(run: GenericRun, needs: Needs, use: (run: GenericRun) => Promise<T>): Promise<T> {
    if (this.#driver.dialect !== 'mysql' || needsNothing(needs)) return use(run)
    const [now = {}] = await run(ASK_SETTINGS, [])
    const change = changeOf([now['zone'], now['mode'], now['wait']], needs)
    if (change === null) return use(run)
    await run(change.set, [])
    let result: T
    try {
      result = await use(run)
    } catch (error) {
      await run(change.restore, []).catch(() => {})
      throw error
    }
    await run(change.restore, [])
    return result
  }

  #faultOf(error: unknown): GenericFault {
    return error instanceof StoreError ? null : this.#driver.fault(error)
  }

  #insertMarker(): string {
    return `INSERT INTO ${this.#table()} (journal, seq) VALUES (?, ?)`
  }

  #table(): string {
    return this.#name(this.#markers.table ?? '')
  }

  #name(name: string): string {
    return this.#driver.dialect === 'mysql' ? quote(name) : ident(name)
  }

  #bindable(value: unknown): unknown {
    return this.#driver.dialect === 'mysql' ? bindable(value) : parameter(value)
  }
}

/** What the driver calls the error: SQLSTATE where it has one. */
function codeOf(error: Error): string | null {
  for (const name of ['sqlState', 'sqlstate', 'code', 'errno', 'errcode']) {
    const value: unknown = Reflect.get(error, name)
    if (typeof value === 'string' || typeof value === 'number') return String(value)
  }
  return null
}
