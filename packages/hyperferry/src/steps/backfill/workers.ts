/** Several workers at the same list of things to do. */
import { interrupted } from '../../work/backoff.ts'
import type { CopyRun } from '../../work/attempts.ts'
import { SessionSlot } from '../../work/session-slot.ts'

export interface Workers {
  workers: number
  /** Aborted when running tasks should be the last ones. */
  signal: AbortSignal
}

/** Does everything the feed gives, each with a session of the target. Throws HF-B022 after the running ones when `signal` is aborted, and the first error that waiting cannot mend. */
// eslint-disable-next-line max-params -- who, how many, at what, how
export async function inParallel<T>(
  run: CopyRun,
  { workers, signal }: Workers,
  feed: AsyncGenerator<T, void, undefined>,
  perform: (slot: SessionSlot, item: T) => Promise<void>,
): Promise<void> {
  let failure: { error: unknown } | null = null
  const worker = async (): Promise<void> => {
    const slot = new SessionSlot(run.target)
    try {
      for (;;) {
        if (signal.aborted) throw interrupted()
        // Calls of `next` that overlap are answered in turn by the generator itself.
        const { value: item } = failure === null ? await feed.next() : { value: undefined }
        if (item === undefined) return
        await perform(slot, item)
      }
    } catch (error) {
      failure ??= { error }
    } finally {
      await slot.release()
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, workers) }, worker))
  await feed.return()
  // TypeScript cannot see that the workers set it.
  const failed = failure as { error: unknown } | null
  if (failed !== null) throw failed.error
}
