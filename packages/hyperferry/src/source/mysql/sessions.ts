/** A handful of sessions shared by all readers of a source, each used by one caller at a time. */
import { HyperferryError } from '../../errors.ts'
import { interrupted } from './interrupted.ts'
import { openSession } from './session.ts'
import type { Session } from './session.ts'
import type { Address } from './url.ts'

/** Where a reader gets its session from: the pool, or the one session of a snapshot. */
export interface SessionScope {
  /** A session in a read transaction of its own (or the snapshot's). Must be given back once. */
  begin(): Promise<Lease>
}

export interface Lease {
  readonly session: Session
  /** Ends the transaction and gives the session back; `abandoned` means a result is still on the wire, so the connection is closed. */
  end(abandoned?: boolean): Promise<void>
}

export class Sessions implements SessionScope {
  readonly #address: Address
  #limit: number
  readonly #signal: AbortSignal
  readonly #idle: Session[] = []
  readonly #busy = new Set<Session>()
  readonly #queue: { resolve(): void; reject(error: Error): void }[] = []
  #open = 0
  #closed = false

  constructor(address: Address, limit: number, signal: AbortSignal) {
    this.#address = address
    this.#limit = Math.max(1, limit)
    this.#signal = signal
    signal.addEventListener('abort', this.#onAbort)
  }

  /** A session with nothing under way. */
  async acquire(): Promise<Session> {
    for (;;) {
      this.#check()
      const idle = this.#idle.pop()
      if (idle?.usable === true) {
        this.#busy.add(idle)
        return idle
      }
      if (idle !== undefined) {
        this.#open -= 1
        continue
      }
      if (this.#open < this.#limit) return this.#connect()
      await new Promise<void>((resolve, reject) => this.#queue.push({ resolve, reject }))
    }
  }

  /** Gives a session back; a broken one is forgotten. */
  release(session: Session): void {
    if (!this.#busy.delete(session)) return
    if (session.usable && !this.#closed) this.#idle.push(session)
    else this.#open -= 1
    this.#queue.shift()?.resolve()
  }

  /** Runs one thing on a session outside of a transaction. */
  async use<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const session = await this.acquire()
    try {
      return await work(session)
    } finally {
      this.release(session)
    }
  }

  async begin(): Promise<Lease> {
    const session = await this.acquire()
    try {
      await session.query('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY')
    } catch (error) {
      session.destroy()
      this.release(session)
      throw error
    }
    const end = async (abandoned = false): Promise<void> => {
      try {
        if (abandoned) session.destroy()
        if (session.usable) await session.query('COMMIT')
      } catch (error) {
        session.destroy()
        throw error
      } finally {
        this.release(session)
      }
    }
    return { session, end }
  }

  roomFor(connections: number): void {
    const more = connections - this.#limit
    if (more <= 0) return
    this.#limit = connections
    for (const waiter of this.#queue.splice(0, more)) waiter.resolve()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#signal.removeEventListener('abort', this.#onAbort)
    for (const session of this.#busy) session.destroy()
    for (const waiter of this.#queue.splice(0)) waiter.resolve()
    await Promise.all(this.#idle.splice(0).map((session) => session.close()))
  }

  readonly #onAbort = (): void => {
    const reason = interrupted()
    for (const session of [...this.#busy, ...this.#idle]) session.destroy(reason)
    for (const waiter of this.#queue.splice(0)) waiter.reject(reason)
  }

  #check(): void {
    if (this.#signal.aborted) throw interrupted()
    if (this.#closed) throw new HyperferryError('HF-X001', { what: 'the source was closed already' })
  }

  async #connect(): Promise<Session> {
    this.#open += 1
    try {
      const session = await openSession(this.#address, this.#signal)
      this.#busy.add(session)
      if (this.#signal.aborted) session.destroy(interrupted())
      return session
    } catch (error) {
      this.#open -= 1
      this.#queue.shift()?.resolve()
      throw error
    }
  }
}

/** One session, one transaction: readers take turns. */
export class SnapshotScope implements SessionScope {
  readonly #lease: Lease
  #turn: Promise<void> = Promise.resolve()

  constructor(lease: Lease) {
    this.#lease = lease
  }

  async begin(): Promise<Lease> {
    const before = this.#turn
    let over: () => void = () => {}
    this.#turn = new Promise((resolve) => (over = resolve))
    await before
    const { session } = this.#lease
    if (!session.usable) {
      over()
      throw new HyperferryError('HF-R002', {
        what: 'the snapshot of the source ended with the read that was broken off',
      })
    }
    const end = (abandoned = false): Promise<void> => {
      if (abandoned) session.destroy()
      over()
      return Promise.resolve()
    }
    return { session, end }
  }
}
