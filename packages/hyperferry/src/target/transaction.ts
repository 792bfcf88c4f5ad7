/** BEGIN, work, COMMIT, with the one outcome that must not be guessed: a connection lost while committing. */
import { HyperferryError } from '../errors.ts'
import type { Session } from './session.ts'

/**
 * Runs `use` in one transaction. When it throws: ROLLBACK, and the error goes on. When the connection is lost during COMMIT the
 * outcome is unknown: HF-C019 with `details.commitUnknown` true, and the caller must read the receipts again.
 * `begin` may add a mode, e.g. `begin isolation level repeatable read read only`.
 */
export async function transaction<T>(session: Session, use: () => Promise<T>, begin = 'begin'): Promise<T> {
  await session.query(begin)
  let result: T
  try {
    result = await use()
  } catch (error) {
    // A failed ROLLBACK means the connection is gone or aborted: the server has rolled back, and the cause is what counts.
    if (session.state !== 'lost') await session.query('rollback').catch(() => {})
    throw error
  }
  await commit(session)
  return result
}

/** COMMIT of an aborted transaction is answered with ROLLBACK and no error; that must never pass for a commit. */
async function commit(session: Session): Promise<void> {
  let command: string
  try {
    ;({ command } = await session.query('commit'))
  } catch (error) {
    if (error instanceof HyperferryError && (session.state === 'lost' || error.code === 'HF-B022')) {
      throw error.retold({
        what: `${error.message}; whether it was committed is not known`,
        details: { commitUnknown: true },
      })
    }
    throw error
  }
  if (command !== 'COMMIT') {
    throw new HyperferryError('HF-S012', {
      what: 'the transaction could not be committed: a statement in it had failed',
    })
  }
}

/** Whether an error leaves open if the transaction was committed. */
export function commitUnknown(error: unknown): boolean {
  return error instanceof HyperferryError && error.details['commitUnknown'] === true
}
