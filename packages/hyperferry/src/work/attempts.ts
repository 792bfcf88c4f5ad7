/** Doing something again after errors that pass by themselves. */
import { messageOf } from '../errors.ts'
import type { Session, Target } from '../target/connect.ts'
import { gaveUp, isTransient, pause, pauseBefore } from './backoff.ts'
import type { RetryPolicy } from './backoff.ts'
import type { MemoryBudget } from './budget.ts'
import type { Events } from './events.ts'
import { SessionSlot } from './session-slot.ts'

/** What the copying of one step shares. */
export interface CopyRun {
  target: Target
  budget: MemoryBudget
  events: Events
  retry: RetryPolicy
  /** Aborted when the work should break off now. */
  stop: AbortSignal | undefined
  /** Beside live writers: backends that copy, for those who must tell them from writers. Absent: nobody else writes. */
  copying?: Set<number>
}

/** What waiting needs to know. */
export type Waiting = Pick<CopyRun, 'events' | 'retry' | 'stop'>

/** Counts failures in a row: waits after each, and throws when the error is not transient or there were too many. */
export class Patience {
  readonly #run: Waiting
  readonly #table: string
  #failures = 0

  constructor(run: Waiting, table: string) {
    this.#run = run
    this.#table = table
  }

  get failures(): number {
    return this.#failures
  }

  /** Returns when it is time to try again. */
  async after(error: unknown): Promise<void> {
    const { events, retry, stop } = this.#run
    if (!isTransient(error)) throw error
    if (this.#failures >= retry.attempts) throw gaveUp(error, this.#failures + 1)
    this.#failures += 1
    const waitMs = pauseBefore(this.#failures, retry)
    events.emit({
      kind: 'retry',
      table: this.#table,
      code: error.code,
      message: messageOf(error),
      attempt: this.#failures,
      waitMs,
    })
    await pause(waitMs, [stop])
  }
}

/** Runs `use` until it succeeds. It must be safe to run again. */
export async function patiently<T>(run: Waiting, table: string, use: () => Promise<T>): Promise<T> {
  const patience = new Patience(run, table)
  for (;;) {
    try {
      return await use()
    } catch (error) {
      await patience.after(error)
    }
  }
}

/** The same with a session, a new one after each failure. */
export async function withSession<T>(run: CopyRun, table: string, use: (session: Session) => Promise<T>): Promise<T> {
  const slot = new SessionSlot(run.target)
  try {
    return await patiently(run, table, async () => use(await slot.get()))
  } finally {
    await slot.release()
  }
}
