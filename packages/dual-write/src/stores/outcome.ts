/**
 * What an adapter knows about a failure beyond the driver's error: whether anything may be in the store. The knowledge is kept beside the error, not
 * around it, so that the application gets the very error that its driver threw.
 */
import type { Verdict } from './store.ts'

export type Outcome = Verdict['outcome']

/** What a driver's error says by itself. */
export interface Reading {
  retry: Verdict['retry']
  code: string | null
}

/** A failure that an adapter finds by itself; user-supplied stores may throw it too, to say what is certain. */
export class StoreError extends Error {
  readonly code: string
  readonly outcome: Outcome
  readonly retry: Verdict['retry']

  constructor(code: string, message: string, verdict: { outcome?: Outcome; retry: Verdict['retry']; cause?: unknown }) {
    super(message, verdict.cause === undefined ? undefined : { cause: verdict.cause })
    this.name = 'StoreError'
    this.code = code
    this.outcome = verdict.outcome ?? 'definite'
    this.retry = verdict.retry
  }
}

const noted = new WeakMap<Error, Outcome>()

/** Remembers the outcome of the transaction that `thrown` ended; never makes a doubt certain. Returns the error to throw. */
export function noteOutcome(thrown: unknown, outcome: Outcome): Error {
  const error =
    thrown instanceof Error ? thrown : new Error('the driver threw something that is no error', { cause: thrown })
  if (noted.get(error) !== 'unknown') noted.set(error, outcome)
  return error
}

/** The verdict on an error that a store threw, also when somebody put it into the `cause` of another. What no adapter has noted is unknown. */
export function verdictOf(thrown: unknown, read: (error: Error) => Reading | null): Verdict {
  let outcome: Outcome | undefined
  let reading: Reading | null = null
  for (const error of causes(thrown)) {
    outcome ??= noted.get(error)
    if (error instanceof StoreError) {
      outcome ??= error.outcome
      reading ??= { retry: error.retry, code: error.code }
    }
    reading ??= read(error)
  }
  // What cannot be read may pass: a permanent verdict gives a row up.
  return {
    outcome: outcome ?? 'unknown',
    ...(reading ?? { retry: mistake(thrown) ? 'permanent' : 'transient', code: null }),
  }
}

/** Property `name` of an error, when it is a string or a number. */
export function detail(error: Error, name: string): string | number | undefined {
  const value: unknown = Reflect.get(error, name)
  return typeof value === 'string' || typeof value === 'number' ? value : undefined
}

/** A driver's complaint about the values themselves. */
function mistake(thrown: unknown): boolean {
  return thrown instanceof TypeError || thrown instanceof RangeError
}

function* causes(thrown: unknown): Generator<Error> {
  let error = thrown
  for (let depth = 0; depth < 8 && error instanceof Error; depth += 1) {
    yield error
    error = error.cause
  }
}
