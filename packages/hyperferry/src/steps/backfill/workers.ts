/** Several workers at the same list of things to do; how many may change meanwhile. */
import type { Pace } from '../../throttle/pace.ts'
import { interrupted } from '../../work/backoff.ts'
import type { CopyRun } from '../../work/attempts.ts'
import type { SessionSlot } from '../../work/session-slot.ts'
import { SessionSlots } from '../../work/session-slots.ts'

export interface Workers {
  /** How many, and when each may begin with the next thing: between two tasks no transaction, snapshot or lock is held. */
  pace: Pace
  /** Aborted when running tasks should be the last ones. */
  signal: AbortSignal
  /** Things that are begun beside those of the workers, and then wait for a session: their source is read while the others write. Default 0. */
  ahead?: number
}

/** Does everything the feed gives; as many as workers have a session of the target at the same time. Throws HF-B022 after the running ones when `signal` is aborted, and the first error that waiting cannot mend. */
// eslint-disable-next-line max-params -- who, how many, at what, how
export async function inParallel<T>(
  run: CopyRun,
  { pace, signal, ahead = 0 }: Workers,
  feed: AsyncGenerator<T, void, undefined>,
  perform: (slots: SessionSlots, item: T) => Promise<void>,
): Promise<void> {
  let failure: { error: unknown } | null = null
  let number = 0
  let dry = false
  const most = (): number => pace.workers + ahead
  const slots = new SessionSlots(run.target, () => pace.workers)
  const failed = new AbortController()
  // Who waits for its turn must hear of a failure elsewhere.
  const noMore = AbortSignal.any([signal, failed.signal])
  const worker = async (): Promise<void> => {
    try {
      for (;;) {
        if (signal.aborted) throw interrupted()
        await pace.turn(noMore)
        if (failure !== null || number > most()) return
        // Calls of `next` that overlap are answered in turn by the generator itself.
        const { value: item } = await feed.next()
        if (item === undefined) {
          dry = true
          return
        }
        await pace.during(() => perform(slots, item))
      }
    } catch (error) {
      failure ??= { error }
      failed.abort()
      slots.close()
    } finally {
      number -= 1
    }
  }
  const atWork = new Set<Promise<void>>()
  const hire = (): void => {
    slots.look()
    for (; number < most() && !dry && failure === null; number += 1) {
      const one = worker().finally(() => atWork.delete(one))
      atWork.add(one)
    }
  }
  const stopHiring = pace.onWorkers(hire)
  hire()
  while (atWork.size > 0) await Promise.all(atWork)
  stopHiring()
  await slots.release()
  await feed.return()
  // TypeScript cannot see that the workers set it.
  const first = failure as { error: unknown } | null
  if (first !== null) throw first.error
}

/** For what needs its session from the beginning. */
export function withSlot<T>(
  perform: (slot: SessionSlot, item: T) => Promise<void>,
): (slots: SessionSlots, item: T) => Promise<void> {
  return (slots, item) => slots.use((slot) => perform(slot, item))
}

/** A list as a feed. */
// oxlint-disable-next-line typescript/require-await -- workers are fed by generators that may wait
export async function* each<T>(items: readonly T[]): AsyncGenerator<T, void, undefined> {
  yield* items
}
