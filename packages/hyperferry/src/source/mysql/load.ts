/** How busy the server is, on a connection that does nothing else. */
import { HyperferryError } from '../../errors.ts'
import type { Load, PauseLimit } from '../../model.ts'
import type { Server } from './server.ts'
import { openSession } from './session.ts'
import type { Session } from './session.ts'
import type { Address } from './url.ts'

interface Where {
  address: Address
  signal: AbortSignal
  server: Pick<Server, 'mariadb' | 'version'>
}

/** `Source.load`: opened when it is first asked, and again after a failure. */
export class LoadWatch {
  readonly #where: Where
  #session: Session | null = null
  #looking = false
  #closed = false

  constructor(where: Where) {
    this.#where = where
  }

  async look(wanted: readonly PauseLimit[]): Promise<Load> {
    // The last look hangs; its connection is not worth waiting for.
    if (this.#looking) this.#drop()
    this.#looking = true
    try {
      const session = await this.#get()
      return await lookWith(session, this.#where.server, wanted)
    } catch (error) {
      this.#drop()
      throw error
    } finally {
      this.#looking = false
    }
  }

  close(): void {
    this.#closed = true
    this.#drop()
  }

  async #get(): Promise<Session> {
    if (this.#session?.usable === true) return this.#session
    const session = await openSession(this.#where.address, this.#where.signal)
    if (this.#closed) session.destroy()
    this.#session = session
    return session
  }

  #drop(): void {
    this.#session?.destroy()
    this.#session = null
  }
}

async function lookWith(session: Session, server: Where['server'], wanted: readonly PauseLimit[]): Promise<Load> {
  const values = new Map<PauseLimit, number | null>()
  const blind: string[] = []
  if (wanted.includes('sourceThreadsRunning')) values.set('sourceThreadsRunning', await threadsRunning(session))
  if (wanted.includes('sourceReplicaLag')) {
    const { value, why } = await replicaLag(session, server)
    values.set('sourceReplicaLag', value)
    if (why !== null) blind.push(`sourceReplicaLag: ${why}`)
  }
  return { values, blind }
}

async function threadsRunning(session: Session): Promise<number> {
  const [[, running] = []] = await session.query("SHOW GLOBAL STATUS LIKE 'Threads_running'")
  // The one that asks runs too.
  return Math.max(0, Number(running) - 1)
}

/** Milliseconds; of several channels the slowest. */
async function replicaLag(
  session: Session,
  { mariadb, version }: Where['server'],
): Promise<{ value: number | null; why: string | null }> {
  const modern = version >= 8004 ? 'SHOW REPLICA STATUS' : 'SHOW SLAVE STATUS'
  try {
    const channels = await session.records(mariadb ? 'SHOW ALL SLAVES STATUS' : modern)
    const lags = channels.map((row) => row.get('seconds_behind_source') ?? row.get('seconds_behind_master') ?? null)
    if (lags.includes(null)) return { value: null, why: 'the replication of the source does not run' }
    return { value: Math.max(0, ...lags.map(Number)) * 1000, why: null }
  } catch (error) {
    if (!(error instanceof HyperferryError) || error.code !== 'HF-C004') throw error
    return { value: null, why: 'GRANT REPLICATION CLIENT (MariaDB: REPLICA MONITOR) to the account to see it' }
  }
}
