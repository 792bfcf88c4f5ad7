/** Waiting until transactions that write a table at this moment have ended: rows they wrote are visible from then on. */
import { setTimeout as sleep } from 'node:timers/promises'
import { HyperferryError } from '../errors.ts'
import type { Session } from './session.ts'

export interface WaitOptions {
  /** Backends that are no writers: other workers of the same tool. */
  except: ReadonlySet<number>
  signal: AbortSignal
  /** Longest wait in seconds. Default 60. */
  seconds?: number
  /** Called once when it takes longer than a moment. */
  onWait?: (pids: readonly number[]) => void
}

const POLL_MS = 20
const MOMENT_MS = 2000

/**
 * As the server itself waits in CREATE INDEX CONCURRENTLY: for those that hold a lock for writing on the table, its partitions or chunks now; whoever comes
 * later is not waited for. No lock is taken, so nobody waits behind this one. Throws HF-S015 when they take too long, HF-B022 when interrupted.
 */
export async function waitForWriters(session: Session, table: string, options: WaitOptions): Promise<void> {
  const began = performance.now()
  let holders = await holdersOf(session, table, options.except)
  let told = false
  while (holders.length > 0) {
    if (options.signal.aborted)
      throw new HyperferryError('HF-B022', { what: `waiting for writers of ${table}: interrupted` })
    const waited = performance.now() - began
    const pids = holders.map(({ pid }) => pid)
    if (waited > (options.seconds ?? 60) * 1000) {
      throw new HyperferryError('HF-S015', {
        what: `${table}: process ${pids.join(', ')} of the target has written to it and does not end its transaction`,
        details: { pids },
      })
    }
    if (!told && waited > MOMENT_MS) {
      told = true
      options.onWait?.(pids)
    }
    await sleep(POLL_MS)
    const { rows } = await session.query<Holder>(
      `select distinct virtualtransaction as vxid, pid from pg_locks where locktype = 'virtualxid' and granted
         and virtualxid = any ($1::text[])`,
      [holders.map(({ vxid }) => vxid)],
    )
    holders = rows
  }
}

interface Holder {
  /** Names one transaction of a backend. */
  vxid: string
  pid: number
}

async function holdersOf(session: Session, table: string, except: ReadonlySet<number>): Promise<Holder[]> {
  const { rows } = await session.query<Holder>(
    `with recursive tree as (
       select $1::regclass::oid as oid union all select i.inhrelid from pg_inherits i join tree on i.inhparent = tree.oid)
     select distinct l.virtualtransaction as vxid, l.pid from pg_locks l
     where l.locktype = 'relation' and l.granted and l.database = (select oid from pg_database where datname = current_database())
       and l.mode in ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
       and l.pid <> all ($2::int[]) and l.pid <> pg_backend_pid() and l.relation in (select oid from tree)`,
    [table, [...except]],
  )
  return rows
}
