/** Several workers at the same list of things to do; how many may change meanwhile. */
import type { Pace } from '../../throttle/pace.ts'
import { interrupted } from '../../work/backoff.ts'
import type { CopyRun } from '../../work/attempts.ts'
import { SessionSlot } from '../../work/session-slot.ts'

export interface Workers {
  /** How many, and when each may begin with the next thing: between two tasks no transaction, snapshot or lock is held. */
  pace: Pace
  /** Aborted when running tasks should be the last ones. */
  signal: AbortSignal
}

/** Does everything the feed gives, each with a session of the target. Throws HF-B022 after the running ones when `signal` is aborted, and the first error that waiting cannot mend. */
// eslint-disable-next-line max-params -- who, how many, at what, how
export async function inParallel<T>(
  run: CopyRun,
  { pace, signal }: Workers,
  feed: AsyncGenerator<T, void, undefined>,
  perform: (slot: SessionSlot, item: T) => Promise<void>,
): Promise<void> {
  let failure: { error: unknown } | null = null
  let number = 0
  let dry = false
  const failed = new AbortController()
  // Who waits for its turn must hear of a failure elsewhere.
  const noMore = AbortSignal.any([signal, failed.signal])
  const worker = async (): Promise<void> => {
    const slot = new SessionSlot(run.target)
    try {
      for (;;) {
        if (signal.aborted) throw interrupted()
        await pace.turn(noMore)
        if (failure !== null || number > pace.workers) return
        // Calls of `next` that overlap are answered in turn by the generator itself.
        const { value: item } = await feed.next()
        if (item === undefined) {
          dry = true
          return
        }
        await perform(slot, item)
      }
    } catch (error) {
      failure ??= { error }
      failed.abort()
    } finally {
      number -= 1
      await slot.release()
    }
  }
  const atWork = new Set<Promise<void>>()
  const hire = (): void => {
    for (; number < pace.workers && !dry && failure === null; number += 1) {
      const one = worker().finally(() => atWork.delete(one))
      atWork.add(one)
    }
  }
  const stopHiring = pace.onWorkers(hire)
  hire()
  while (atWork.size > 0) await Promise.all(atWork)
  stopHiring()
  await feed.return()
  // TypeScript cannot see that the workers set it.
  const first = failure as { error: unknown } | null
  if (first !== null) throw first.error
}

/** A list as a feed. */
// oxlint-disable-next-line typescript/require-await -- workers are fed by generators that may wait
export async function* each<T>(items: readonly T[]): AsyncGenerator<T, void, undefined> {
  yield* items
}
