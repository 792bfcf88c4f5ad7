/** Work in an open transaction that may fail without spoiling it. */
import type { HyperferryError } from '../errors.ts'
import type { Session } from './session.ts'

let made = 0

export type Attempt<T> = { result: T; error: null } | { result: null; error: HyperferryError }

/**
 * Runs `use` within a savepoint. An error that is `forgiven` is taken back and returned; any other one is thrown, and then the transaction is good for nothing but ROLLBACK.
 * `undo`: what succeeded is taken back too.
 */
// eslint-disable-next-line max-params -- where, what, what of it may fail, and what becomes of it
export async function inSavepoint<T>(
  session: Session,
  use: () => Promise<T>,
  forgiven: (error: unknown) => error is HyperferryError,
  { undo = false } = {},
): Promise<Attempt<T>> {
  // One that was left by an error is not to be mistaken for an outer one.
  const name = `hyperferry_${(made += 1)}`
  await session.query(`savepoint ${name}`)
  let attempt: Attempt<T>
  try {
    attempt = { result: await use(), error: null }
  } catch (error) {
    if (!forgiven(error)) throw error
    attempt = { result: null, error }
  }
  const back = undo || attempt.error !== null ? `rollback to savepoint ${name}; ` : ''
  await session.query(`${back}release savepoint ${name}`)
  return attempt
}
