/** How busy the target is: each limit that somebody asked for is one small question. */
import { HyperferryError } from '../errors.ts'
import type { Load, PauseLimit } from '../model.ts'
import type { Session } from '../target/connect.ts'
import { checkpointsAsked } from './checkpoints.ts'
import { replication } from './replication.ts'
import type { Sight, Watched } from './sight.ts'
import { Track } from './track.ts'

const WAL_RATE_MS = 10_000
const LOCK_WAIT = '500 milliseconds'

type TargetLimit = Extract<PauseLimit, `target${string}`>
const LOOKS: Record<TargetLimit, (watched: Watched) => Promise<Sight>> = {
  targetReplicationLag: async (watched) => (await replication(watched)).lag,
  targetReplicationBytes: async (watched) => (await replication(watched)).bytes,
  targetWalRate: ({ wal, nowMs }) => Promise.resolve({ value: wal.perSecond(nowMs, WAL_RATE_MS) }),
  targetLockWaits: lockWaits,
  targetCheckpoints: checkpointsAsked,
  targetActiveSessions: activeSessions,
}

/** Remembers what has to be compared with earlier looks. */
export class TargetLoad {
  readonly #wal = new Track()
  readonly #checkpoints = new Track()

  /** Throws when the session is lost; what the role may not ask is no error. */
  async read(
    session: Session,
    wanted: readonly PauseLimit[],
    server: { ours: readonly number[]; postgres: number },
  ): Promise<Load> {
    const values = new Map<PauseLimit, number | null>()
    const blind: string[] = []
    const looks = Object.entries(LOOKS).filter(([name]) => wanted.includes(name as PauseLimit))
    if (looks.length === 0) return { values, blind }
    const nowMs = performance.now()
    this.#wal.put(nowMs, await walPosition(session))
    const watched = { ...server, session, wal: this.#wal, checkpoints: this.#checkpoints, nowMs }
    for (const [name, look] of looks) {
      const { value, blind: why } = await look(watched).catch(refused)
      values.set(name as PauseLimit, value)
      if (why !== undefined) blind.push(`${name}: ${why}`)
    }
    return { values, blind }
  }
}

/** A statement that the server refuses is a thing that cannot be seen; a lost connection is another matter. */
function refused(error: unknown): Sight {
  if (error instanceof HyperferryError && error.retry === 'refused' && error.code !== 'HF-B022')
    return { value: null, blind: error.message }
  throw error
}

/** In bytes since the beginning of time; a double is exact far beyond what a cluster ever writes. */
async function walPosition(session: Session): Promise<number> {
  const { rows } = await session.query<{ at: string }>(`select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') as at`)
  return Number(rows[0]?.at)
}

/** Ours may wait for each other: only others count. */
async function lockWaits({ session, ours }: Watched): Promise<Sight> {
  const { rows } = await session.query<{ waiting: string }>(
    `select count(distinct w.pid) as waiting from pg_locks w cross join lateral unnest(pg_blocking_pids(w.pid)) as b (pid)
     where not w.granted and w.waitstart < clock_timestamp() - interval '${LOCK_WAIT}'
       and w.pid <> all ($1::int[]) and b.pid = any ($1::int[])`,
    [ours],
  )
  return { value: Number(rows[0]?.waiting) }
}

async function activeSessions({ session, ours }: Watched): Promise<Sight> {
  const { rows } = await session.query<{ active: string; hidden: string }>(
    `select count(*) filter (where state = 'active') as active, count(*) filter (where state is null and usesysid is not null) as hidden
     from pg_stat_activity where pid <> all ($1::int[]) and coalesce(backend_type, 'client backend') = 'client backend'`,
    [ours],
  )
  const { active, hidden } = rows[0] ?? { active: '0', hidden: '0' }
  const sight = { value: Number(active) }
  if (hidden === '0') return sight
  return {
    ...sight,
    blind: 'sessions of other roles are hidden from this one and not counted; GRANT pg_read_all_stats',
  }
}
