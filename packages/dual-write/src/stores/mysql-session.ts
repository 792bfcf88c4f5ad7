/** One connection of a mysql2 pool for the time of one transaction, given back as it was. */
import { detail, noteOutcome } from './outcome.ts'
import type { Reading } from './outcome.ts'

/** What is used of a pool of `mysql2/promise`. */
export interface Mysql2Pool {
  getConnection(): Promise<Mysql2Connection>
}

interface Mysql2Connection {
  execute(sql: string, values?: any): Promise<[any, any]> // eslint-disable-line typescript/no-explicit-any -- the driver's own overloads
  query(sql: string): Promise<[any, any]> // eslint-disable-line typescript/no-explicit-any -- as above
  release(): void
  destroy(): void
}

type Answer = Record<string, unknown>[] & { insertId: number; affectedRows: number }

interface Settings {
  mode: string
  zone: string
}

export class Session {
  readonly #connection: Mysql2Connection
  #changed: Settings | null = null
  #open = false
  #broken = false

  private constructor(connection: Mysql2Connection) {
    this.#connection = connection
  }

  static async of(pool: Mysql2Pool): Promise<Session> {
    return new Session(await pool.getConnection())
  }

  /** Strict, so that no value is clamped or cut without an error; and with `utc` in UTC, in which TIMESTAMP columns are written. */
  async begin(utc: boolean): Promise<void> {
    try {
      const [[settings]] = (await this.#connection.query(
        'SELECT @@session.sql_mode AS mode, @@session.time_zone AS zone',
      )) as [[Settings], unknown]
      const isStrict = /STRICT_(TRANS|ALL)_TABLES/.test(settings.mode)
      if (!isStrict || (utc && settings.zone !== '+00:00')) {
        this.#changed = settings
        const mode = isStrict ? settings.mode : `${settings.mode},STRICT_TRANS_TABLES`.replace(/^,/, '')
        const zone = utc ? '+00:00' : settings.zone
        await this.#set({ mode, zone })
      }
      await this.#connection.query('START TRANSACTION')
      this.#open = true
    } catch (error) {
      this.#broken = true
      throw noteOutcome(error, 'definite')
    }
  }

  async run(sql: string, values: readonly unknown[] = []): Promise<Answer> {
    const [answer] = (await this.#connection.execute(sql, values.map(parameter))) as [Answer, unknown]
    return answer
  }

  async rows(sql: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
    return this.run(sql, values)
  }

  async commit(): Promise<void> {
    try {
      await this.#connection.query('COMMIT')
      this.#open = false
    } catch (error) {
      // A server that answers COMMIT with an error has not committed; one that does not answer may have.
      const answered = error instanceof Error && typeof detail(error, 'sqlState') === 'string' && !isLost(error)
      if (!answered) this.#broken = true
      throw noteOutcome(error, answered ? 'definite' : 'unknown')
    }
  }

  async rollback(): Promise<void> {
    if (!this.#open || this.#broken) return
    try {
      await this.#connection.query('ROLLBACK')
      this.#open = false
    } catch {
      // The connection is destroyed below, and the server rolls back then.
      this.#broken = true
    }
  }

  async release(): Promise<void> {
    try {
      if (this.#changed !== null && !this.#broken) await this.#set(this.#changed)
    } catch {
      this.#broken = true
    }
    if (this.#broken) this.#connection.destroy()
    else this.#connection.release()
  }

  async #set({ mode, zone }: Settings): Promise<void> {
    await this.#connection.execute('SET SESSION sql_mode = ?, time_zone = ?', [mode, zone])
  }
}

/** Integers as text: the binary protocol would make doubles of them. */
function parameter(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value)
  if (value instanceof Uint8Array && !Buffer.isBuffer(value)) return Buffer.from(value)
  return value ?? null
}

/** ER_LOCK_DEADLOCK, ER_LOCK_WAIT_TIMEOUT, too many connections, shutdown, read-only, disk full, … */
const TRANSIENT = new Set([1205, 1213, 1040, 1053, 1203, 1290, 1792, 1836, 1021, 1041, 3572, 1927, 1317, 4031, 1180])
/** The table or a right may come: 1146 no table, 1054 no column, 1142 and 1143 denied, 1044, 1452 the parent row. */
const MAY_COME = new Set([1146, 1054, 1142, 1143, 1044, 1452])

export function readMysql(error: Error): Reading | null {
  const state = detail(error, 'sqlState')
  const errno = Number(detail(error, 'errno') ?? Number.NaN)
  const code = detail(error, 'code')
  if (code === undefined && Number.isNaN(errno)) return null
  const shown = typeof state === 'string' && state !== '' ? state : code === undefined ? null : String(code)
  if (isLost(error) || TRANSIENT.has(errno) || MAY_COME.has(errno)) return { retry: 'transient', code: shown }
  if (typeof state === 'string' && /^(22|23|42)/.test(state)) return { retry: 'permanent', code: shown }
  return { retry: errno >= 1000 && errno < 2000 ? 'permanent' : 'transient', code: shown }
}

function isLost(error: Error): boolean {
  const code = String(detail(error, 'code') ?? '')
  return code === 'PROTOCOL_CONNECTION_LOST' || /^E[A-Z]+$/.test(code)
}
