/** One transaction on a borrowed connection that goes back as it came, or not at all. */
import { noteOutcome } from './outcome.ts'
import { outcomeOfCommit, outcomeOfStatement } from './mysql-errors.ts'
import { ASK_SETTINGS, changeOf, needsNothing } from './mysql-settings.ts'
import type { Needs } from './mysql-settings.ts'

/** What is asked of the driver: the shape of mysql2's query options. Arrays, whatever the pool was told to make of rows. */
export interface Mysql2Command {
  sql: string
  values?: unknown[]
  rowsAsArray: true
  typeCast: true
  nestTables: false
}

const shape = { rowsAsArray: true, typeCast: true, nestTables: false } as const

/** As much of mysql2's promise connection as is needed. */
export interface Mysql2Connection {
  query(command: Mysql2Command): Promise<readonly unknown[]>
  execute(command: Mysql2Command): Promise<readonly unknown[]>
  release(): void
  destroy(): void
}

/** As much of mysql2's promise pool as is needed. */
export interface Mysql2Pool {
  getConnection(): Promise<Mysql2Connection>
}

export interface Answer {
  rows: unknown[][]
  affected: number
  insertId: number | string
  /** Bit 0: a transaction is open. */
  status: number
  warnings: number
}

/** One prepared statement. Values never become part of the SQL text, so NO_BACKSLASH_ESCAPES and the like change nothing. */
export type Run = (sql: string, values?: readonly unknown[]) => Promise<Answer>

/** BEGIN … COMMIT. Errors carry their outcome: all before COMMIT was sent are definite, since the server rolls back what its client has left. */
export async function inTransaction<T>(pool: Mysql2Pool, needs: Needs, work: (run: Run) => Promise<T>): Promise<T> {
  const session = await borrow(pool)
  let committing = false
  try {
    await session.adjust(needs)
    await session.say('START TRANSACTION')
    const result = await work(session.run)
    committing = true
    await session.say('COMMIT')
    await session.giveBack()
    return result
  } catch (error) {
    const outcome = committing ? outcomeOfCommit(error) : 'definite'
    throw noteOutcome(error, (await session.rollBack()) ? outcome : 'unknown')
  }
}

/** One statement that is a transaction of its own, in the session as it is. */
export async function inOneStatement(pool: Mysql2Pool, sql: string, values: readonly unknown[]): Promise<Answer> {
  const session = await borrow(pool)
  let outcomeOf = outcomeOfStatement
  try {
    const answer = await session.run(sql, values)
    // Where autocommit is off the statement has opened a transaction.
    if ((answer.status & 1) === 1) {
      outcomeOf = outcomeOfCommit
      await session.say('COMMIT')
    }
    await session.giveBack()
    return answer
  } catch (error) {
    const outcome = outcomeOf(error)
    throw noteOutcome(error, (await session.rollBack()) ? outcome : 'unknown')
  }
}

async function borrow(pool: Mysql2Pool): Promise<Borrowed> {
  try {
    return new Borrowed(await pool.getConnection())
  } catch (error) {
    throw noteOutcome(error, 'definite')
  }
}

class Borrowed {
  readonly #connection: Mysql2Connection
  /** Puts back the settings that were changed. */
  #restore: string | null = null

  constructor(connection: Mysql2Connection) {
    this.#connection = connection
  }

  readonly run: Run = async (sql, values = []) =>
    answerOf(await this.#connection.execute({ sql, values: values.map(bindable), ...shape }))

  async say(sql: string): Promise<Answer> {
    return answerOf(await this.#connection.query({ sql, ...shape }))
  }

  async adjust(needs: Needs): Promise<void> {
    if (needsNothing(needs)) return
    const { rows } = await this.say(ASK_SETTINGS)
    const change = changeOf(rows[0] ?? [], needs)
    if (change === null) return
    // Before it is sent: when the answer is lost it has to be put back too.
    this.#restore = change.restore
    await this.say(change.set)
  }

  /** Whether everything was rolled back. False: a table without transactions took part (MariaDB says so by a warning). Never throws. */
  async rollBack(): Promise<boolean> {
    try {
      const { warnings } = await this.say('ROLLBACK')
      await this.giveBack()
      return warnings === 0
    } catch {
      // The error that led here is the one to tell; the server rolls back when the connection ends.
      this.#connection.destroy()
      return true
    }
  }

  /** Back to the pool as it was; a connection that cannot be put right is closed instead. Never throws. */
  async giveBack(): Promise<void> {
    try {
      if (this.#restore !== null) await this.say(this.#restore)
    } catch {
      this.#connection.destroy()
      return
    }
    this.#connection.release()
  }
}

/**
 * The driver sends numbers as doubles and everything else as text. Integers below 10^15 are exact as doubles and print in full in a text column; as text they
 * would be characters to a BIT column and 2000 to a YEAR 0. Larger ones must be text. Bytes go in the form that every version of the driver takes for bytes.
 */
export function bindable(value: unknown): unknown {
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value))) {
    const number = Number(value)
    return Math.abs(number) < 1e15 ? number : String(value)
  }
  if (value === undefined) throw new TypeError('a value is undefined')
  if (!(value instanceof Uint8Array) || Buffer.isBuffer(value)) return value
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
}

function answerOf([result]: readonly unknown[]): Answer {
  if (Array.isArray(result)) return { rows: result as unknown[][], affected: 0, insertId: 0, status: 0, warnings: 0 }
  const header = result as {
    affectedRows?: number
    insertId?: number | string
    serverStatus?: number
    warningStatus?: number
  }
  return {
    rows: [],
    affected: header.affectedRows ?? 0,
    insertId: header.insertId ?? 0,
    status: header.serverStatus ?? 1,
    warnings: header.warningStatus ?? 0,
  }
}
