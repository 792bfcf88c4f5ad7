/** One connection to the server: settings that make reading exact, text queries, raw row streams. */
import { connect as connectSocket } from 'node:net'
import type { Socket } from 'node:net'
import mysql from 'mysql2'
import type { Connection, ConnectionOptions, QueryOptions } from 'mysql2'
import { HyperferryError } from '../../errors.ts'
import { mysqlError } from './errors.ts'
import { interrupted } from './interrupted.ts'
import { executeRaw } from './raw-rows.ts'
import type { RowSink } from './raw-rows.ts'
import type { Address } from './url.ts'

/** A row of a text query: what the server printed, or null. */
export type TextRow = readonly (string | null)[]

export interface ResultField {
  name: string
  /** Type as of the protocol. */
  columnType?: number
}

export interface Executed {
  fields: readonly ResultField[]
  rows: unknown[][]
}

/** Connects and prepares the session. Throws HF-C…, and HF-B022 as soon as the signal is aborted. */
export async function openSession(address: Address, signal: AbortSignal): Promise<Session> {
  const socket = watchedSocket(address)
  const connection = mysql.createConnection(options(address, socket.stream))
  const session = new Session(connection, socket.stream)
  const stop = (): void => session.destroy(interrupted())
  signal.addEventListener('abort', stop)
  try {
    await session.greeted()
    await prepareSession(session)
    return session
  } catch (error) {
    session.destroy()
    if (socket.silent() && (error as { code?: unknown }).code === 'ETIMEDOUT') throw notMysql(address, error)
    throw mysqlError(error, `MySQL at ${where(address)}`, 'connect')
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** Host and port, or the socket. */
function where(address: Address): string {
  return address.socket ?? `${address.host}:${address.port}`
}

export class Session {
  readonly #connection: Connection
  readonly #socket: Socket
  readonly #waiting = new Set<(error: unknown) => void>()
  #failure: unknown = null

  constructor(connection: Connection, socket: Socket) {
    this.#connection = connection
    this.#socket = socket
    connection.on('error', (error: unknown) => this.#fail(error))
    connection.on('end', () => this.#fail(closed()))
  }

  /** False once the connection is broken or destroyed. */
  get usable(): boolean {
    return this.#failure === null
  }

  get threadId(): number {
    return this.#connection.threadId
  }

  /** Resolves when logged in. Driver errors come as they are. */
  greeted(): Promise<void> {
    return this.#call((done) => this.#connection.connect((error) => done(error)))
  }

  /** A text query; every value as the server prints it. `context` goes before the server's message. */
  async query(sql: string, context = 'Source query'): Promise<TextRow[]> {
    try {
      return await this.#call<TextRow[]>((done) => {
        this.#connection.query(
          { sql, rowsAsArray: true, typeCast: (field) => field.string('utf8') },
          (error: unknown, rows: unknown) => done(error, Array.isArray(rows) ? (rows as TextRow[]) : []),
        )
      })
    } catch (error) {
      throw mysqlError(error, context, 'read')
    }
  }

  /** The first row of a query by column name, null when there is none. For statements whose columns differ by version. */
  async record(sql: string): Promise<Map<string, string | null> | null> {
    const [row] = await this.records(sql)
    return row ?? null
  }

  /** All rows of it. */
  async records(sql: string): Promise<Map<string, string | null>[]> {
    try {
      return await this.#call<Map<string, string | null>[]>((done) => {
        this.#connection.query(
          { sql, rowsAsArray: true, typeCast: (field) => field.string('utf8') },
          (error: unknown, rows: unknown, fields: readonly { name: string }[] | undefined) => {
            const names = (fields ?? []).map(({ name }) => name.toLowerCase())
            const given = Array.isArray(rows) ? (rows as TextRow[]) : []
            done(
              error,
              given.map((row) => new Map(names.map((name, i) => [name, row[i] ?? null]))),
            )
          },
        )
      })
    } catch (error) {
      throw mysqlError(error, 'Source query', 'read')
    }
  }

  /**
   * A prepared statement with bound parameters; values as the driver decodes them without loss. Stops with null when there are more than
   * `limit` rows: the rest is on the wire then, so the session must be destroyed.
   */
  async execute(sql: string, params: readonly (string | null)[], limit: number): Promise<Executed | null> {
    try {
      return await this.#call<Executed | null>((done) => {
        const rows: unknown[][] = []
        let fields: readonly ResultField[] = []
        const command = this.#connection.execute({
          sql,
          values: [...params],
          rowsAsArray: true,
          dateStrings: true,
        } as QueryOptions)
        command.on('fields', (given: unknown) => (fields = (given as readonly ResultField[] | undefined) ?? []))
        command.on('result', (row: unknown) => {
          if (Array.isArray(row)) rows.push(row as unknown[])
          if (rows.length > limit) done(null, null)
        })
        command.on('error', (error: unknown) => done(error))
        command.on('end', () => done(null, { fields, rows }))
      })
    } catch (error) {
      throw mysqlError(error, 'query', 'read')
    }
  }

  /** Starts a prepared statement; its rows go to the sink. Rejects when it cannot be prepared. Call `unprepare` afterwards. */
  async stream(sql: string, sink: RowSink): Promise<void> {
    const id = await this.#call<number>((done) => {
      this.#connection.prepare(sql, (error, statement) =>
        done(error, (statement as unknown as { id: number } | undefined)?.id),
      )
    })
    const onBreak = (error: unknown): void => sink.error(error)
    const over = (): boolean => this.#waiting.delete(onBreak)
    this.#waiting.add(onBreak)
    executeRaw(this.#connection, id, {
      columns: (columns) => sink.columns(columns),
      row: (buffer, start, end) => sink.row(buffer, start, end),
      end: () => over() && sink.end(),
      error: (error) => over() && sink.error(error),
    })
  }

  unprepare(sql: string): void {
    if (this.usable) this.#connection.unprepare(sql)
  }

  pause(): void {
    this.#connection.pause()
  }

  resume(): void {
    this.#connection.resume()
  }

  /** Closes at once; whatever is under way is rejected with `reason`. */
  destroy(reason: unknown = closed()): void {
    this.#fail(reason)
    this.#connection.destroy()
    // mysql2 only says good-bye; a server that is blocked in sending to us would keep its thread and its read view.
    this.#socket.destroy()
  }

  async close(): Promise<void> {
    if (!this.usable) return
    await new Promise<void>((resolve) => this.#connection.end(() => resolve()))
    this.#failure ??= closed()
  }

  #fail(error: unknown): void {
    this.#failure ??= error
    // One rejection may start another command, which must not be rejected in the same sweep.
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const reject of waiting) reject(error)
  }

  #call<T>(start: (done: (error: unknown, value?: T) => void) => void): Promise<T> {
    if (this.#failure !== null) return Promise.reject(asError(this.#failure))
    return new Promise<T>((resolve, reject) => {
      const fail = (error: unknown): void => reject(asError(error))
      this.#waiting.add(fail)
      start((error, value) => {
        this.#waiting.delete(fail)
        if (error !== null && error !== undefined) fail(error)
        else resolve(value as T)
      })
    })
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}

function closed(): Error {
  return Object.assign(new Error('the connection was closed'), { code: 'PROTOCOL_CONNECTION_LOST' })
}

function options(address: Address, stream: Socket): ConnectionOptions {
  const { sslMode, ca } = address
  const verify = sslMode === 'VERIFY_CA' || sslMode === 'VERIFY_IDENTITY'
  const ssl = {
    rejectUnauthorized: verify,
    verifyIdentity: sslMode === 'VERIFY_IDENTITY',
    ...(ca === null ? {} : { ca }),
  }
  return {
    host: address.host,
    port: address.port,
    user: address.user,
    password: address.password,
    database: address.database,
    charset: 'utf8mb4',
    connectTimeout: address.connectTimeout,
    stream,
    supportBigNumbers: true,
    bigNumberStrings: true,
    multipleStatements: false,
    // No LOCAL INFILE: a server must not be able to ask for files of this machine.
    flags: ['-LOCAL_FILES'],
    ...(sslMode === 'DISABLED' || sslMode === 'PREFERRED' ? {} : { ssl }),
  }
}

/** The socket, and whether it was connected without a word from the other side. */
function watchedSocket(address: Address): { stream: Socket; silent(): boolean } {
  const stream = address.socket === null ? connectSocket(address.port, address.host) : connectSocket(address.socket)
  stream.setNoDelay(true)
  stream.setKeepAlive(true, 30_000)
  let connected = false
  stream.once('connect', () => (connected = true))
  return { stream, silent: () => connected }
}

function notMysql(address: Address, cause: unknown): HyperferryError {
  return new HyperferryError('HF-C006', {
    what: `${where(address)} accepts connections but does not greet like a MySQL server`,
    hint: 'Check the port: PostgreSQL, HTTP and others wait for the client to speak first.',
    cause,
  })
}

/** Room for the row keys that the server sorts before it fetches the rows: about a task's worth. */
const FETCH_BUFFER_BYTES = 8 * 1024 * 1024

/** Explicit settings, because the server's or the account's defaults change what a value looks like. */
async function prepareSession(session: Session): Promise<void> {
  await session.query('SET NAMES utf8mb4')
  // Text is sent as it is stored; what is not UTF-8 is converted by name in the SELECT. Else bad bytes would become question marks unseen.
  await session.query('SET SESSION character_set_results = NULL')
  await session.query(
    `SET SESSION time_zone = '+00:00', sql_mode = '', sql_auto_is_null = 0, sql_select_limit = DEFAULT,
      sql_big_selects = 1, net_write_timeout = 28800, net_read_timeout = 600, wait_timeout = 28800,
      group_concat_max_len = 1048576, lc_time_names = 'en_US'`,
  )
  await session.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ')
  await session.query('SET SESSION TRANSACTION READ ONLY')
  const [[version] = ['']] = await session.query('SELECT VERSION()')
  const mariadb = /mariadb/i.test(version ?? '')
  // From 1000 values on MariaDB turns IN (…) into a join with a table of them, and then reads all rows of each value whatever else the condition says.
  await session.query(
    mariadb
      ? 'SET SESSION max_statement_time = 0, in_predicate_conversion_threshold = 0'
      : 'SET SESSION max_execution_time = 0',
  )
  // Rows of a slice are fetched in the order of the clustered key, not in that of the index: fewer pages here, and the target's key grows in runs.
  await session.query(
    `SET SESSION optimizer_switch = 'mrr=on,mrr_cost_based=off', ${mariadb ? 'mrr_buffer_size' : 'read_rnd_buffer_size'} = ${FETCH_BUFFER_BYTES}`,
  )
  // Cached statistics would make a fresh table look empty for a day.
  if (!mariadb && version?.startsWith('5.') !== true)
    await session.query('SET SESSION information_schema_stats_expiry = 0')
}
