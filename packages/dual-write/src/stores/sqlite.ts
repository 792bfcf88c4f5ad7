/** SQLite in this process, through node:sqlite or better-sqlite3. The drivers are synchronous, so nothing happens between the statements of a transaction. */
import type { OpId } from '../model.ts'
import { ident } from './ident.ts'
import { neededKey, usableKey } from './key.ts'
import type { Key } from './key.ts'
import { idsOf, idsText, marker, Markers, numbersBelow, tombstone } from './marker.ts'
import type { MarkerOptions } from './marker.ts'
import { wholeNumber } from './numbers.ts'
import { detail, noteOutcome, StoreError, verdictOf } from './outcome.ts'
import type { Reading } from './outcome.ts'
import { parameter } from './sqlite-parameter.ts'
import type { Captured, Settled, SourceStore, StoreBatch } from './store.ts'

export { MARKER_SQL } from './marker.ts'

interface SqliteStatement {
  run(...values: any[]): { lastInsertRowid: number | bigint; changes: number | bigint } // eslint-disable-line typescript/no-explicit-any -- the drivers' own overloads
  get(...values: any[]): unknown // eslint-disable-line typescript/no-explicit-any -- as above
}

/** What is used of `DatabaseSync` of node:sqlite and of better-sqlite3's `Database`. */
export interface SqliteDatabase {
  exec(sql: string): unknown
  prepare(sql: string): SqliteStatement
  /** node:sqlite. */
  readonly isTransaction?: boolean
  /** better-sqlite3. */
  readonly inTransaction?: boolean
}

/** A source store over an open database. The handle must not be inside a transaction of the application while `write()` is called. */
export function sqliteStore(database: SqliteDatabase, options: MarkerOptions = {}): SourceStore {
  return new SqliteStore(database, options)
}

class SqliteStore implements SourceStore {
  readonly engine = 'sqlite'
  readonly #database: SqliteDatabase
  readonly #markers: Markers
  readonly #statements = new Map<string, SqliteStatement>()

  constructor(database: SqliteDatabase, options: MarkerOptions) {
    this.#database = database
    this.#markers = new Markers(options)
  }

  async prepare(): Promise<{ markers: boolean }> {
    const { table } = this.#markers
    if (table !== null && !this.#markers.usable) {
      // All three, and a primary key of just the first two.
      const sql = `SELECT sum((name IN ('journal', 'seq') AND pk > 0) OR (name = 'ids' AND pk = 0)) AS n FROM pragma_table_info(?)`
      this.#markers.usable = Number((this.#database.prepare(sql).get(table) as { n: number } | undefined)?.n) === 3
    }
    return { markers: this.#markers.usable }
  }

  async write(batch: StoreBatch, op: OpId | null): Promise<Captured> {
    const marked = this.#markers.forWriting(op) ? op : null
    return this.#transaction(() => {
      if (marked !== null) this.#run(this.#insertMarker(), marker(marked))
      const values = this.#insert(batch)
      if (marked !== null && values !== null) {
        this.#run(`UPDATE ${this.#table()} SET ids = ? WHERE journal = ? AND seq = ?`, [
          idsText(values),
          ...marker(marked),
        ])
      }
      return { values }
    })
  }

  async settle(batch: StoreBatch, op: OpId): Promise<Settled> {
    if (!this.#markers.forSettling(op)) return this.#settleByKey(batch)
    return this.#unlessBusy((): Settled => {
      const look = `SELECT ids FROM ${this.#table()} WHERE journal = ? AND seq = ?`
      if (this.#get(look, tombstone(op)) !== undefined) return { answer: 'absent' }
      const row = this.#get(look, marker(op))
      if (row === undefined) {
        this.#run(this.#insertMarker(), marker(op))
        this.#run(this.#insertMarker(), tombstone(op))
        return { answer: 'absent' }
      }
      const captured = idsOf(row['ids'])
      return { answer: 'present', ...(captured === undefined ? {} : { captured }) }
    })
  }

  async apply(ops: readonly { op: OpId; batch: StoreBatch }[]): Promise<void> {
    if (ops.length === 0) return
    this.#transaction(() => {
      for (const { op, batch } of ops) {
        if (!this.#markers.usable) this.#insert(this.#absentRows(batch))
        else if (this.#take(op)) this.#insert({ ...batch, capture: null })
      }
    })
  }

  async forget(journal: string, seq: number): Promise<void> {
    if (!this.#markers.usable) return
    const sql = `DELETE FROM ${this.#table()} WHERE journal = ? AND seq BETWEEN ? AND ?`
    this.#transaction(() => this.#run(sql, [journal, ...numbersBelow(seq)]))
  }

  async forgetOnly(journal: string, seqs: readonly number[]): Promise<void> {
    if (!this.#markers.usable || seqs.length === 0) return
    const list = seqs.map((seq) => Math.trunc(seq)).join(', ')
    this.#transaction(() => this.#run(`DELETE FROM ${this.#table()} WHERE journal = ? AND seq IN (${list})`, [journal]))
  }

  classify = (error: unknown) => verdictOf(error, readSqlite)

  #take(op: OpId): boolean {
    const there = this.#get(`SELECT 1 AS there FROM ${this.#table()} WHERE journal = ? AND seq = ?`, marker(op))
    if (there !== undefined) return false
    this.#run(this.#insertMarker(), marker(op))
    return true
  }

  #insert({ table, columns, rows, capture }: StoreBatch): (number | bigint)[] | null {
    const places = columns.map(() => '?').join(', ')
    const sql = `INSERT INTO ${ident(table)} (${columns.map(ident).join(', ')}) VALUES (${places})`
    if (capture === null) {
      for (const row of rows) this.#run(sql, row)
      return null
    }
    // One row at a time: SQLite promises no order for the rows of RETURNING. As text: what the driver makes of large integers is its option.
    const asking = `${sql} RETURNING CAST(${ident(capture)} AS TEXT) AS id`
    return rows.map((row) => wholeNumber(BigInt(String(this.#get(asking, row)?.['id']))))
  }

  #settleByKey(batch: StoreBatch): Settled {
    const key = usableKey(batch)
    if (key === null) return { answer: 'unknown' }
    const present = this.#presentRows(batch, key)
    return present.length === 0 ? { answer: 'absent' } : { answer: 'present', present }
  }

  #absentRows(batch: StoreBatch): StoreBatch {
    const there = new Set(this.#presentRows(batch, neededKey(batch)))
    return { ...batch, capture: null, rows: batch.rows.filter((_, index) => !there.has(index)) }
  }

  #presentRows({ table, rows }: StoreBatch, key: Key): number[] {
    const where = key.columns.map((column) => `${ident(column)} = ?`).join(' AND ')
    const sql = `SELECT 1 AS there FROM ${ident(table)} WHERE ${where} LIMIT 1`
    return rows.flatMap((row, index) => (this.#get(sql, key.of(row)) === undefined ? [] : [index]))
  }

  #table(): string {
    return ident(this.#markers.table ?? '')
  }

  #insertMarker(): string {
    return `INSERT INTO ${this.#table()} (journal, seq) VALUES (?, ?)`
  }

  #run(sql: string, values: readonly unknown[]): ReturnType<SqliteStatement['run']> {
    return this.#statement(sql).run(...values.map(parameter))
  }

  #get(sql: string, values: readonly unknown[]): Record<string, unknown> | undefined {
    return this.#statement(sql).get(...values.map(parameter)) as Record<string, unknown> | undefined
  }

  #statement(sql: string): SqliteStatement {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#database.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }

  /** Settling answers that it does not know while another process writes. */
  #unlessBusy(use: () => Settled): Settled {
    try {
      return this.#transaction(use)
    } catch (error) {
      if (isOf(error, BUSY)) return { answer: 'unknown' }
      throw error
    }
  }

  #transaction<T>(use: () => T): T {
    if (this.#isOpen() === true) {
      throw new StoreError(
        'IN_TRANSACTION',
        'the application has a transaction open on this SQLite handle: the write would share its fate',
        { retry: 'transient' },
      )
    }
    let phase: 'before' | 'open' | 'committing' = 'before'
    try {
      this.#database.exec('BEGIN IMMEDIATE')
      phase = 'open'
      const result = use()
      phase = 'committing'
      this.#database.exec('COMMIT')
      return result
    } catch (error) {
      // A transaction that did not begin is not ours to end: on a handle that cannot tell, it may be the application's.
      if (phase !== 'before') this.#rollback()
      // Only the disk can leave it open whether a COMMIT has taken place.
      throw noteOutcome(error, phase === 'committing' && isOf(error, DISK) ? 'unknown' : 'definite')
    }
  }

  #rollback(): void {
    const open = this.#isOpen()
    // Some errors have rolled back already.
    if (open === false) return
    try {
      this.#database.exec('ROLLBACK')
    } catch (error) {
      if (open === true) throw error
    }
  }

  /** Undefined before Node.js 22.16, whose handle does not tell. */
  #isOpen(): boolean | undefined {
    return this.#database.isTransaction ?? this.#database.inTransaction
  }
}

const BUSY = new Set([5, 6])
const DISK = new Set([10])
/** The row's fault: too big, a constraint, another type, out of range. Anything else may come by itself, a missing table (1) too. */
const PERMANENT = new Set([18, 19, 20, 25])
/** The parent row may come. */
const FOREIGN_KEY = 787

/** better-sqlite3 gives the name, node:sqlite the number. */
const NUMBERS: Record<string, number> = {
  BUSY: 5,
  LOCKED: 6,
  IOERR: 10,
  TOOBIG: 18,
  CONSTRAINT: 19,
  MISMATCH: 20,
  RANGE: 25,
}

function readSqlite(error: Error): Reading | null {
  const number = numberOf(error)
  if (number === null) return null
  const code = String(detail(error, 'errcode') ?? detail(error, 'code'))
  return { retry: PERMANENT.has(number & 0xff) && number !== FOREIGN_KEY ? 'permanent' : 'transient', code }
}

function isOf(error: unknown, numbers: ReadonlySet<number>): boolean {
  return error instanceof Error && numbers.has((numberOf(error) ?? 0) & 0xff)
}

/** SQLite's own number of the error; null for what does not come from SQLite. */
function numberOf(error: Error): number | null {
  const number = detail(error, 'errcode')
  if (typeof number === 'number') return number
  const name = /^SQLITE_([A-Z]+)(_FOREIGNKEY)?/.exec(String(detail(error, 'code')))
  if (name === null) return null
  return name[2] === undefined ? (NUMBERS[name[1] ?? ''] ?? 1) : FOREIGN_KEY
}
