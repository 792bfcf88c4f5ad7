/** One connection with a known state: settings that make SQL mean the same everywhere, errors of the catalogue, COPY in and out. */
import type { EventEmitter } from 'node:events'
import { connect as connectSocket } from 'node:net'
import pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import { codeOf, HyperferryError } from '../errors.ts'
import type { Address } from './address.ts'
import { connectionLost, endsSession, interrupted, targetError } from './errors.ts'

export interface Result<R> {
  rows: R[]
  /** Rows touched; null for statements that have no count. */
  rowCount: number | null
  /** Command tag without counts, e.g. `INSERT`, `COMMIT`. Of several statements: the last one's. */
  command: string
}

export interface Texts {
  columns: { name: string; oid: number }[]
  rows: (string | null)[][]
}

/** A dedicated connection. One statement at a time: calls wait for each other in the order they were made. */
export interface Session {
  /** Backend process, for pg_locks and pg_stat_activity. */
  readonly pid: number
  /** `idle`, `open` or `failed` transaction; `lost` when the connection is gone. */
  readonly state: SessionState
  /**
   * Runs a statement (several, separated by `;`, only without parameters). int8, numeric, floats, dates and times come as text;
   * bool, int2, int4, oid, json as values; bytea as Buffer.
   */
  query<R = Record<string, unknown>>(sql: string, params?: readonly unknown[]): Promise<Result<R>>
  /** One statement by the extended protocol, whatever its parameters; every value as the server prints it, and the types of the columns. */
  texts(sql: string, params: readonly unknown[]): Promise<Texts>
  /**
   * COPY … FROM STDIN. Asks for the next chunk only when the socket has taken the one before; a chunk must not be changed before the
   * call ends. If `chunks` throws, the COPY is failed on the server and that error is thrown. Returns the rows the server counted.
   */
  copyIn(sql: string, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<number>
  /** COPY … TO STDOUT. If `onChunk` throws, the COPY is cancelled and that error is thrown. A chunk is the receiver's to keep. */
  copyOut(sql: string, onChunk: (chunk: Uint8Array) => void): Promise<void>
  /** Gives the connection back. It is closed instead when `destroy` is true or a transaction is open: the server rolls back. */
  release(destroy?: boolean): Promise<void>
}

type SessionState = 'idle' | 'open' | 'failed' | 'lost'

/** Also what `Session` offers to the pool that owns it. */
export interface OwnedSession extends Session {
  /** Closes the connection, politely when idle. */
  end(): Promise<void>
}

export interface SessionOptions {
  address: Address
  tls: boolean
  applicationName: string
  signal: AbortSignal
  /** What `release` does with a session that is still good. */
  giveBack: (session: OwnedSession, reusable: boolean) => void | Promise<void>
}

const CONNECT_MS = 30_000
const CANCEL_MS = 3_000
/** Sockets take large chunks badly in turn with aborts; subarrays cost nothing. */
const PIECE_BYTES = 256 * 1024

/** Connects and puts the session into its known state. Throws HF-C… as targetError says. */
export async function openSession(options: SessionOptions): Promise<OwnedSession> {
  const { address, signal } = options
  if (signal.aborted) throw interrupted('connecting to the target')
  const client = new pg.Client({
    host: address.host,
    port: address.port,
    user: address.user,
    ...(address.password === null ? {} : { password: address.password }),
    database: address.database,
    ssl: options.tls ? address.tlsOptions : false,
    application_name: options.applicationName,
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 30_000,
    types: { getTypeParser },
  })
  const session = new PgSession(client, options)
  await session.start()
  return session
}

class PgSession implements OwnedSession {
  readonly #client: pg.Client
  readonly #options: SessionOptions
  #queue: Promise<unknown> = Promise.resolve()
  #lost: unknown = null
  #busy = false
  #released = false
  readonly #onAbort = (): void => this.#cancel()

  constructor(client: pg.Client, options: SessionOptions) {
    this.#client = client
    this.#options = options
    // Without a listener an error between two statements would end the process; the next statement reports it.
    client.on('error', (error) => this.#markLost(error))
    client.on('end', () => this.#markLost(new Error('the server closed the connection')))
  }

  async start(): Promise<void> {
    const { address, signal } = this.#options
    const context = `connecting to the target at ${address.label}`
    const abort = (): void => destroySocket(this.#client)
    signal.addEventListener('abort', abort)
    try {
      await this.#client.connect()
      await this.#client.query(SETTINGS)
    } catch (error) {
      // A closed socket means the network; an open one means that the two of us did not agree.
      const closed = socketOf(this.#client).destroyed
      destroySocket(this.#client)
      if (signal.aborted) throw interrupted(context)
      throw this.#whyNoSession(error, context, closed)
    } finally {
      signal.removeEventListener('abort', abort)
    }
    signal.addEventListener('abort', this.#onAbort)
  }

  #whyNoSession(error: unknown, context: string, closed: boolean): HyperferryError {
    const known = targetError(error, context)
    if (known.sqlstate !== null && known.code !== 'HF-C019') return known
    if (TLS_CODES.test(codeOf(error) ?? '')) {
      return new HyperferryError('HF-C017', {
        what: known.message,
        hint: 'The certificate could not be verified: give sslrootcert=FILE, or sslmode=require to encrypt without proof of who answers.',
        cause: error,
      })
    }
    if (!closed && codeOf(error) === null && this.#options.address.password === null) {
      return new HyperferryError('HF-C011', {
        what: `${context}: a password is needed and none was given`,
        hint: 'Put it into the URL, PGPASSWORD or ~/.pgpass.',
        cause: error,
      })
    }
    return new HyperferryError('HF-C010', { what: known.message, cause: error })
  }

  get pid(): number {
    return (this.#client as unknown as { processID: number | null }).processID ?? 0
  }

  get state(): SessionState {
    if (this.#lost !== null) return 'lost'
    const status = this.#client.getTransactionStatus()
    return status === 'T' ? 'open' : status === 'E' ? 'failed' : 'idle'
  }

  query<R>(sql: string, params?: readonly unknown[]): Promise<Result<R>> {
    return this.#alone(summary(sql), async () => {
      // Without parameters the simple protocol is used, which takes several statements and gives several results.
      const raw: unknown = await (params === undefined
        ? this.#client.query(sql)
        : this.#client.query(sql, params as unknown[]))
      const result = (Array.isArray(raw) ? raw.at(-1) : raw) as pg.QueryResult
      return { rows: result.rows as R[], rowCount: result.rowCount, command: result.command }
    })
  }

  texts(sql: string, params: readonly unknown[]): Promise<Texts> {
    return this.#alone('query', async () => {
      const query = { text: sql, values: [...params], rowMode: 'array', queryMode: 'extended', types: AS_SENT }
      const { fields, rows } = await this.#client.query<(string | null)[]>(query as pg.QueryArrayConfig)
      return { columns: fields.map(({ name, dataTypeID }) => ({ name, oid: dataTypeID })), rows }
    })
  }

  copyIn(sql: string, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<number> {
    return this.#alone(summary(sql), () => copyInto(this.#client, sql, chunks))
  }

  copyOut(sql: string, onChunk: (chunk: Uint8Array) => void): Promise<void> {
    return this.#alone(summary(sql), () => copyOutOf(this.#client, sql, onChunk, () => this.#sendCancel()))
  }

  async release(destroy = false): Promise<void> {
    if (this.#released) return
    this.#released = true
    await this.#queue
    const reusable = !destroy && this.state === 'idle' && !this.#options.signal.aborted
    if (reusable) this.#released = false
    await this.#options.giveBack(this, reusable)
  }

  async end(): Promise<void> {
    this.#options.signal.removeEventListener('abort', this.#onAbort)
    if (this.#lost !== null) return destroySocket(this.#client)
    // Closing the socket is enough for the server to roll back; waiting for it keeps tests and `close` honest.
    const timer = setTimeout(() => destroySocket(this.#client), CANCEL_MS)
    await this.#client.end().catch(() => {})
    clearTimeout(timer)
  }

  /** Runs `work` when the statements before it have ended, and translates what it throws. */
  #alone<T>(context: string, work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(async () => {
      if (this.#options.signal.aborted) throw interrupted(context)
      if (this.#lost !== null) throw connectionLost(context, this.#lost)
      this.#busy = true
      try {
        return await work()
      } catch (error) {
        const translated = await this.#translate(error, context)
        await this.#settled()
        throw translated
      } finally {
        this.#busy = false
      }
    })
    this.#queue = turn.catch(() => {})
    return turn
  }

  /** The driver throws when the error arrives; the state of the transaction follows with the server's next message. */
  async #settled(): Promise<void> {
    const client = this.#client as unknown as { readyForQuery: boolean; connection: EventEmitter }
    while (!client.readyForQuery && this.#lost === null && !this.#options.signal.aborted) {
      await new Promise<void>((resolve) => {
        const { connection } = client
        const done = (): void => {
          connection.off('readyForQuery', done).off('end', done)
          resolve()
        }
        connection.on('readyForQuery', done).on('end', done)
      })
    }
  }

  async #translate(error: unknown, context: string): Promise<unknown> {
    if (error instanceof FromCaller) return error.cause
    if (this.#options.signal.aborted) return interrupted(context)
    const known = targetError(error, context)
    if (known.sqlstate !== null && endsSession(known.sqlstate)) this.#markLost(error)
    // The driver reports a closed connection to the statement first and by the `end` event afterwards.
    if (known.sqlstate === null) await new Promise((resolve) => setImmediate(resolve))
    if (known.sqlstate === null && (this.#lost !== null || known.code === 'HF-C019')) {
      this.#markLost(error)
      return connectionLost(context, error)
    }
    return known
  }

  #markLost(error: unknown): void {
    this.#lost ??= error
  }

  #cancel(): void {
    if (!this.#busy) return
    void this.#sendCancel()
    // A server that does not answer must not hold up the second Ctrl-C.
    setTimeout(() => this.#busy && destroySocket(this.#client), CANCEL_MS).unref()
  }

  /** CancelRequest by the protocol: needs no session, so it works when all connections are taken. */
  #sendCancel(): Promise<void> {
    const { processID, secretKey } = this.#client as unknown as { processID: number; secretKey: number }
    return cancelRequest(this.#options.address, processID, secretKey)
  }
}

/** The source of the rows failed, not the target: its own error goes on unchanged. */
class FromCaller extends Error {}

async function copyInto(
  client: pg.Client,
  sql: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<number> {
  const stream = client.query(copyFrom(sql))
  let failed: Error | null = null
  let wake = (): void => {}
  const ended = new Promise<void>((resolve) => {
    stream.on('error', (error) => {
      failed ??= error
      wake()
      resolve()
    })
    stream.once('finish', resolve)
    stream.once('close', resolve)
  })
  try {
    for await (const chunk of chunks) {
      for (let start = 0; start < chunk.length && failed === null; start += PIECE_BYTES) {
        const piece = chunk.subarray(start, start + PIECE_BYTES)
        await new Promise<void>((resolve) => {
          wake = resolve
          stream.write(piece, () => resolve())
        })
      }
      if (failed !== null) break
    }
  } catch (error) {
    // CopyFail; then the server's answer must come, or the next statement would meet it.
    if (failed === null) stream.destroy(new Error('the sender gave up'))
    await ended
    throw new FromCaller('sender', { cause: error })
  }
  if (failed === null) stream.end()
  await ended
  // oxlint-disable-next-line typescript/only-throw-error -- set by the listener above, which the compiler does not see
  if (failed !== null) throw failed
  return stream.rowCount
}

async function copyOutOf(
  client: pg.Client,
  sql: string,
  onChunk: (chunk: Uint8Array) => void,
  cancel: () => Promise<void>,
): Promise<void> {
  const stream = client.query(copyTo(sql))
  const broken: { cause: unknown }[] = []
  const outcome = new Promise<Error | null>((resolve) => {
    stream.once('error', (error) => resolve(error))
    stream.once('end', () => resolve(null))
  })
  stream.on('data', (chunk: Uint8Array) => {
    if (broken.length > 0) return
    try {
      onChunk(chunk)
    } catch (error) {
      broken.push({ cause: error })
      void cancel()
    }
  })
  const error = await outcome
  const [first] = broken
  if (first !== undefined) throw new FromCaller('receiver', first)
  if (error !== null) throw error
}

/** The answer to a CancelRequest is the closed socket. */
function cancelRequest(address: Address, pid: number, secret: number): Promise<void> {
  const message = Buffer.alloc(16)
  for (const [index, value] of [16, 80_877_102, pid, secret].entries()) message.writeInt32BE(value | 0, index * 4)
  return new Promise((resolve) => {
    const where = address.host.startsWith('/')
      ? { path: `${address.host}/.s.PGSQL.${address.port}` }
      : { host: address.host, port: address.port }
    const socket = connectSocket(where, () => socket.end(message))
    socket.setTimeout(CANCEL_MS, () => socket.destroy())
    socket.resume()
    // Nothing can be done about a failed cancel; the caller's timer closes the connection instead.
    socket.on('error', () => {})
    socket.once('close', () => resolve())
  })
}

/** What Node's TLS throws when the two sides or the certificate do not fit. */
const TLS_CODES = /^(ERR_TLS|ERR_SSL|EPROTO|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA)/

function socketOf(client: pg.Client): { destroyed: boolean; destroy(): void } {
  return (client as unknown as { connection: { stream: { destroyed: boolean; destroy(): void } } }).connection.stream
}

function destroySocket(client: pg.Client): void {
  socketOf(client).destroy()
}

/** First line of a statement, for messages. */
function summary(sql: string): string {
  const line = sql.trim().split('\n', 1)[0] ?? ''
  return line.length > 80 ? `${line.slice(0, 79)}…` : line
}

/**
 * Roles and databases can carry settings of their own (ALTER ROLE … SET). These are the ones that would change what a statement means
 * or how a value prints. Some timeouts are not known to every version. At the end: the server notices within seconds that a tool was killed, and
 * within a minute that its machine is gone; until then it would hold the locks of an hour's CREATE INDEX, or of a COPY that never ends.
 * Rows that a policy would hide are an error instead: nobody counts what he cannot see. Watching a client during a statement is not possible on every system.
 */
const SETTINGS = `
set timezone = 'UTC';
set datestyle = 'ISO, YMD';
set intervalstyle = 'postgres';
set bytea_output = 'hex';
set xmloption = 'content';
set extra_float_digits = 1;
set client_encoding = 'UTF8';
set standard_conforming_strings = on;
set row_security = off;
set quote_all_identifiers = off;
set client_min_messages = warning;
set search_path = pg_catalog, pg_temp;
set statement_timeout = 0;
set lock_timeout = 0;
set default_transaction_isolation = 'read committed';
set default_transaction_deferrable = off;
set tcp_keepalives_idle = 30;
set tcp_keepalives_interval = 10;
set tcp_keepalives_count = 3;
select set_config(name, '0', false) from pg_catalog.pg_settings
where name in ('idle_in_transaction_session_timeout', 'idle_session_timeout', 'transaction_timeout');
select set_config('client_connection_check_interval', '5s', false) where version() ~ 'linux'`

const AS_SENT = { getTypeParser: () => (value: string) => value }

/** Types whose text JavaScript cannot hold exactly, or only as Date, stay text: float4, float8, date, times, interval. */
const asText = new Set([700, 701, 1082, 1083, 1114, 1184, 1186, 1266, 600, 603, 718, 1115, 1182, 1185, 1021, 1022])

function getTypeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
  if (asText.has(oid)) return (value) => value
  return pg.types.getTypeParser(oid, format) as (value: string) => unknown
}
