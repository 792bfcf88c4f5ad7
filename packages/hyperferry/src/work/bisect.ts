/** Finding the rows at fault. */
import { HyperferryError } from '../errors.ts'
import type { Session } from '../target/connect.ts'
import { inSavepoint } from '../target/savepoint.ts'

export interface Bisection {
  /** Does the rows `[from, to)`; on failure nothing of it may be left but what a savepoint undoes. */
  attempt(from: number, to: number): Promise<void>
  /** Called for a single row that fails on its own. */
  refuse(row: number, error: HyperferryError): Promise<void> | void
}

/**
 * Does the rows `[from, to)` of an open transaction with as few attempts as possible: all together, and after an error of a row's own (retry class
 * `data`) each half by itself. Any other error is thrown.
 */
export async function bisect(session: Session, from: number, to: number, work: Bisection): Promise<void> {
  if (from >= to) return
  const { error } = await inSavepoint(session, () => work.attempt(from, to), isDataError)
  if (error === null) return
  if (to - from === 1) {
    await work.refuse(from, error)
    return
  }
  const middle = from + Math.floor((to - from) / 2)
  await bisect(session, from, middle, work)
  await bisect(session, middle, to, work)
}

/** Whether a row is at fault, not the server or the statement. */
export function isDataError(error: unknown): error is HyperferryError {
  return error instanceof HyperferryError && error.retry === 'data'
}
