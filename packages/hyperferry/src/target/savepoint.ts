/** Work in an open transaction that may fail without spoiling it. */
import type { HyperferryError } from '../errors.ts'
import type { Session } from './session.ts'

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
  // Of several with the same name the innermost is meant.
  await session.query('savepoint hyperferry')
  let attempt: Attempt<T>
  try {
    attempt = { result: await use(), error: null }
  } catch (error) {
    if (!forgiven(error)) throw error
    attempt = { result: null, error }
  }
  const back = undo || attempt.error !== null ? 'rollback to savepoint hyperferry; ' : ''
  await session.query(`${back}release savepoint hyperferry`)
  return attempt
}
