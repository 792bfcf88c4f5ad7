/** Waiting before another attempt. */
import { HyperferryError } from '../errors.ts'

export interface RetryPolicy {
  /** Failures in a row that are forgiven. */
  attempts: number
  /** Pause before the second attempt, doubled from then on. */
  firstMs: number
  /** Longest pause. */
  longestMs: number
}

/** About four minutes in all: longer than a restart or a failover takes, shorter than a person's patience. */
export const usualRetry: RetryPolicy = { attempts: 60, firstMs: 50, longestMs: 5000 }

/** Milliseconds before attempt `attempt` (the first retry is 1): doubled each time, capped, and anywhere in its upper half so that workers do not march in step. */
export function pauseBefore(attempt: number, policy: RetryPolicy, random: () => number = Math.random): number {
  const full = Math.min(policy.longestMs, policy.firstMs * 2 ** Math.min(attempt - 1, 30))
  return Math.round(full * (0.5 + random() / 2))
}

/** Waits; an aborted signal ends it with HF-B022. */
export async function pause(ms: number, signals: readonly (AbortSignal | undefined)[]): Promise<void> {
  const all = AbortSignal.any(signals.filter((signal) => signal !== undefined))
  if (all.aborted) throw interrupted()
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      all.removeEventListener('abort', stop)
      resolve()
    }, ms)
    const stop = (): void => {
      clearTimeout(timer)
      reject(interrupted())
    }
    all.addEventListener('abort', stop, { once: true })
  })
}

/** Whether trying again may help: nobody has to act. */
export function isTransient(error: unknown): error is HyperferryError {
  return error instanceof HyperferryError && error.retry === 'transient'
}

/** What is thrown when attempts are used up: always resumable (exit 4). */
export function gaveUp(error: HyperferryError, attempts: number): HyperferryError {
  return error.retold({
    code: error.exitCode === 4 ? error.code : 'HF-C019',
    what: `gave up after ${attempts} attempts: ${error.message}`,
    details: { lastCode: error.code },
  })
}

export function interrupted(): HyperferryError {
  return new HyperferryError('HF-B022', { what: 'interrupted; what is committed stays' })
}
