/** The only way to the target: checks on the way in, then a small set of connections. */
import { HyperferryError } from '../errors.ts'
import { parseAddress } from './address.ts'
import type { Address } from './address.ts'
import { detect } from './capabilities.ts'
import type { Capabilities, TargetInfo } from './capabilities.ts'
import { interrupted } from './errors.ts'
import { knock } from './knock.ts'
import { openSession } from './session.ts'
import type { OwnedSession, Result, Session } from './session.ts'

export type { TargetInfo } from './capabilities.ts'
export type { Session } from './session.ts'

export interface TargetOptions {
  /** Sessions that may be handed out at the same time. One more connection serves `query`, and the lock has its own. */
  connections: number
  /** Aborting cancels running statements at once; everything after it throws HF-B022. */
  signal: AbortSignal
  /** Shown in pg_stat_activity. Default `hyperferry`. */
  applicationName?: string
}

export interface Target {
  readonly info: TargetInfo
  readonly capabilities: Capabilities
  /**
   * A dedicated connection; release it. Waits when `connections` are out, except for a session asked for as `extra`.
   * What a session leaves behind (settings, temporary tables, locks) is met by the next user: undo it or release with `destroy`.
   */
  session(options?: { extra?: boolean }): Promise<Session>
  /** One statement on a connection of its own, outside of any transaction. */
  query<R = Record<string, unknown>>(sql: string, params?: readonly unknown[]): Promise<Result<R>>
  /** Processes on the server that serve us now. */
  backends(): readonly number[]
  /** Lets so many sessions be out at the same time, if it were fewer. */
  roomFor(connections: number): void
  /** Closes everything, sessions that are out too. */
  close(): Promise<void>
}

/**
 * Connects and proves that this is a PostgreSQL that can be a target. Throws HF-U014, HF-C006, HF-C010 … HF-C019 with the reason, and
 * HF-B022 when the signal is aborted.
 */
export async function openTarget(url: string, options: TargetOptions): Promise<Target> {
  const address = parseAddress(url)
  const tls = await knock(address, options.signal)
  const pool = new Pool(address, tls, options)
  try {
    const desk = await pool.session({ extra: true })
    const { info, capabilities } = await detect(desk, address, () => pool.session({ extra: true }))
    pool.desk = desk
    return {
      info,
      capabilities,
      session: (which) => pool.session(which),
      query: (sql, params) => pool.query(sql, params),
      backends: () => pool.backends(),
      roomFor: (connections) => pool.roomFor(connections),
      close: () => pool.close(),
    }
  } catch (error) {
    await pool.close()
    throw error
  }
}

class Pool {
  desk: Session | null = null
  readonly #address: Address
  readonly #tls: boolean
  readonly #options: TargetOptions
  readonly #idle: OwnedSession[] = []
  readonly #all = new Set<OwnedSession>()
  /** Sessions that do not count against `connections`. */
  readonly #extra = new WeakSet<OwnedSession>()
  readonly #waiting: (() => void)[] = []
  readonly #onAbort = (): void => this.#wakeAll()
  #room: number
  #out = 0
  #closed = false

  constructor(address: Address, tls: boolean, options: TargetOptions) {
    this.#address = address
    this.#tls = tls
    this.#options = options
    this.#room = Math.max(1, options.connections)
    options.signal.addEventListener('abort', this.#onAbort)
  }

  async session({ extra = false }: { extra?: boolean } = {}): Promise<Session> {
    if (!extra) await this.#turn()
    try {
      this.#refuseIfOver()
      const session = (extra ? undefined : this.#takeIdle()) ?? (await this.#open(extra))
      return session
    } catch (error) {
      if (!extra) this.#done()
      throw error
    }
  }

  async query<R>(sql: string, params?: readonly unknown[]): Promise<Result<R>> {
    this.#refuseIfOver()
    if (this.desk === null || this.desk.state === 'lost') this.desk = await this.session({ extra: true })
    return this.desk.query<R>(sql, params)
  }

  backends(): number[] {
    return [...this.#all].map(({ pid }) => pid)
  }

  roomFor(connections: number): void {
    this.#room = Math.max(this.#room, connections)
    while (this.#out < this.#room && this.#waiting.length > 0) {
      this.#out += 1
      this.#waiting.shift()?.()
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#options.signal.removeEventListener('abort', this.#onAbort)
    this.#wakeAll()
    await this.desk?.release(true)
    // Those still handed out too: a forgotten session must not keep the process alive.
    this.#idle.length = 0
    await Promise.all([...this.#all].map((session) => this.#end(session)))
  }

  async #open(extra: boolean): Promise<OwnedSession> {
    const session = await openSession({
      address: this.#address,
      tls: this.#tls,
      applicationName: this.#options.applicationName ?? this.#address.applicationName ?? 'hyperferry',
      signal: this.#options.signal,
      giveBack: (each, reusable) => this.#giveBack(each, reusable),
    })
    if (extra) this.#extra.add(session)
    this.#all.add(session)
    return session
  }

  #takeIdle(): OwnedSession | undefined {
    for (;;) {
      const session = this.#idle.pop()
      if (session === undefined || session.state === 'idle') return session
      void this.#end(session)
    }
  }

  async #giveBack(session: OwnedSession, reusable: boolean): Promise<void> {
    const extra = this.#extra.has(session)
    if (reusable && !extra && !this.#closed) this.#idle.push(session)
    else await this.#end(session)
    if (!extra) this.#done()
  }

  async #end(session: OwnedSession): Promise<void> {
    this.#all.delete(session)
    await session.end()
  }

  /** Waits until fewer than `connections` sessions are out, in the order of asking. */
  async #turn(): Promise<void> {
    if (this.#out >= this.#room) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    } else this.#out += 1
  }

  /** The place of a session that came back goes to the one who waits longest. */
  #done(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#out -= 1
    else next()
  }

  #wakeAll(): void {
    for (const resolve of this.#waiting.splice(0)) {
      this.#out += 1
      resolve()
    }
  }

  #refuseIfOver(): void {
    if (this.#options.signal.aborted) throw interrupted('connecting to the target')
    if (this.#closed) throw new HyperferryError('HF-X001', { what: 'the target was closed and is used again' })
  }
}
