/** One tool at a time on a migration. A courtesy to people: correctness rests on the exclusion constraint of the receipts. */
import { HyperferryError } from '../errors.ts'
import type { Session, Target } from '../target/connect.ts'

/** First key of the advisory lock; the second is a hash of the migration's name. */
const LOCK_CLASS = 0x48_46

/**
 * Holds the migration's lock on a connection of its own while `use` runs. The lock ends with the connection, so a killed tool leaves none.
 * Throws HF-B020, naming the holder, when another tool has it.
 */
export function withMigrationLock<T>(target: Target, migration: string, use: () => Promise<T>): Promise<T> {
  return withNamedLock(target, migration, `migration "${migration}"`, use)
}

/** Whether nobody holds the lock of that name; until the transaction ends nobody else can take it. */
export async function isLockFree(session: Session, name: string): Promise<boolean> {
  const { rows } = await session.query<{ free: boolean }>(
    'select pg_try_advisory_xact_lock($1, hashtext($2)) as free',
    [LOCK_CLASS, name],
  )
  return rows[0]?.free === true
}

/** The same for anything else that one tool at a time should work on; `what` names it for people. */
// eslint-disable-next-line max-params -- where, what, and what to do meanwhile
export async function withNamedLock<T>(target: Target, name: string, what: string, use: () => Promise<T>): Promise<T> {
  const session = await target.session({ extra: true })
  try {
    const { rows } = await session.query<{ mine: boolean }>('select pg_try_advisory_lock($1, hashtext($2)) as mine', [
      LOCK_CLASS,
      name,
    ])
    if (rows[0]?.mine !== true) {
      const holder = await session.query<{ who: string }>(
        `select format('%s (process %s, since %s UTC)', coalesce(nullif(a.application_name, ''), 'a session'), a.pid,
             to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS')) as who
         from pg_locks l join pg_stat_activity a on a.pid = l.pid
         where l.locktype = 'advisory' and l.granted and l.classid = $1 and l.objid = hashtext($2)::int8::bit(32)::int8
           and l.database = (select oid from pg_database where datname = current_database())`,
        [LOCK_CLASS, name],
      )
      throw new HyperferryError('HF-B020', {
        what: `${what} is in use by ${holder.rows[0]?.who ?? 'another session'}`,
      })
    }
    try {
      return await use()
    } finally {
      // The server needs a moment to notice that a connection is gone, and the next command may come before.
      if (session.state === 'idle')
        await session.query('select pg_advisory_unlock($1, hashtext($2))', [LOCK_CLASS, name]).catch(() => {})
    }
  } finally {
    await session.release(true)
  }
}
