/** The pace of a backfill as those who work by it, watch it or change it see it. */
import type { Reason } from './reason.ts'
import type { SparedWrites } from './spare.ts'

/** For those who work. */
export interface Pace {
  /** Tasks at the same time, as of now. */
  readonly workers: number
  /** Returns when a task may start: at once, or when the last reason against it is gone. Throws HF-B022 when `signal` is aborted, HF-B040 when nobody wants to wait. */
  turn(signal: AbortSignal): Promise<void>
  /** Does the work of a task: it is seen how many are under way. */
  during<T>(work: () => Promise<T>): Promise<T>
  /** Calls `listener` when the number of workers has changed, until the returned function is called. */
  onWorkers(listener: () => void): () => void
}

/** For those who watch. */
export interface PaceState {
  /** Empty: work goes on. */
  reasons: readonly Reason[]
  /** At work at the same time. */
  workers: number
  /** The application's writes; null: nobody is spared, all workers that are wanted may work. */
  spared: SparedWrites | null
  /** All limits in force, as they stand. */
  limits: readonly Reason[]
  /** `22:00-06:00 UTC`; null: at any time. */
  window: string | null
}

export type PaceOrder = 'pause or resume' | 'more workers' | 'fewer workers'

/** What the person at the terminal wants, carried to whoever is at work; nobody listens when nothing is. */
export class PaceOrders {
  #listener: ((order: PaceOrder) => void) | null = null

  give(order: PaceOrder): void {
    this.#listener?.(order)
  }

  /** One listener at a time; null: none. */
  listen(listener: ((order: PaceOrder) => void) | null): void {
    this.#listener = listener
  }
}
