// What a store says of the error that an operation ended with.
import type { Verdict } from '../../src/stores/store.ts'

/** Throws when nothing was refused. */
export function verdict(store: { classify(error: unknown): Verdict }, refused: Promise<unknown>): Promise<Verdict> {
  return refused.then(
    () => {
      throw new Error('it was not refused')
    },
    (error: unknown) => store.classify(error),
  )
}
