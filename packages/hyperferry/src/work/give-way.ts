/** Beside live writers: nobody but us may wait for us longer than a moment. */
import { setTimeout as sleep } from 'node:timers/promises'
import { HyperferryError } from '../errors.ts'
import type { Session, Target } from '../target/connect.ts'
import { withSession } from '../target/with-session.ts'

/** How long a writer may wait. A server looks for deadlocks after a second, and ends whoever looks first. */
const PATIENCE_MS = 200
const POLL_MS = 100
/** A backend that is between two statements does not hear a cancel; after so many its connection is closed. */
const CANCELS = 3

/**
 * Runs `use`; meanwhile the backends in `copying` are cancelled when another session waits for one of them: for a key that both insert, for the lock under
 * which chunks are made. The task is done again (57014 passes by itself), and finds what it was in the way of. `lock_timeout` alone is not enough: a writer that
 * has waited for us almost a second would be the one who finds the deadlock that we complete.
 */
export async function givingWay<T>(target: Target, copying: Set<number>, use: () => Promise<T>): Promise<T> {
  const end = new AbortController()
  const watched = watching(target, copying, end.signal).then(
    () => null,
    (error: unknown) => ({ error }),
  )
  try {
    return await use()
  } finally {
    end.abort()
    const failed = await watched
    // oxlint-disable-next-line no-unsafe-finally -- a watch that failed for no reason of the server's is a fault of ours
    if (failed !== null) throw failed.error
  }
}

async function watching(target: Target, copying: Set<number>, end: AbortSignal): Promise<void> {
  while (!end.aborted) {
    try {
      await withSession(target, (session) => watch(session, copying, end), { extra: true })
    } catch (error) {
      // The tasks meet the same trouble and are the ones who tell of it; the watch only has to come back when it is over.
      if (!(error instanceof HyperferryError)) throw error
      await pause(1000, end)
    }
  }
}

async function watch(session: Session, copying: Set<number>, end: AbortSignal): Promise<void> {
  const cancelled = new Map<number, number>()
  while (!end.aborted) {
    await pause(POLL_MS, end)
    if (end.aborted || copying.size === 0) continue
    const inTheWay = await blockersAmong(session, [...copying])
    for (const pid of cancelled.keys()) if (!inTheWay.includes(pid)) cancelled.delete(pid)
    for (const pid of inTheWay) {
      const times = (cancelled.get(pid) ?? 0) + 1
      cancelled.set(pid, times)
      await session.query(`select ${times > CANCELS ? 'pg_terminate_backend' : 'pg_cancel_backend'}($1)`, [pid])
    }
  }
}

async function blockersAmong(session: Session, copying: readonly number[]): Promise<number[]> {
  const { rows } = await session.query<{ pid: number }>(
    `select distinct b.pid from pg_locks w cross join lateral unnest(pg_blocking_pids(w.pid)) as b (pid)
     where not w.granted and w.waitstart < clock_timestamp() - interval '${PATIENCE_MS} milliseconds'
       and w.pid <> all ($1::int[]) and b.pid = any ($1::int[])`,
    [copying],
  )
  return rows.map(({ pid }) => pid)
}

async function pause(ms: number, end: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal: end }).catch(() => {})
}
