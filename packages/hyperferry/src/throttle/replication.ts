/** How far standbys and subscribers of the target are behind. */
import type { Sight, Watched } from './sight.ts'

interface Row {
  standby: string
  /** Bytes of WAL that it has not replayed (or written, where it never replays); null: hidden, or it has never answered. */
  behind: string | null
  /** Where it is, in bytes. */
  position: string | null
  lagMs: string | null
  hidden: boolean
}

/**
 * The worst one counts. The server's own `replay_lag` stays where it was when a standby falls silent, so the lag is also measured by us: since when the WAL has been
 * beyond the place where the standby is. One that is gone is no reason to wait: nobody knows whether it comes back. Base backups are none either.
 */
export async function replication({ session, wal, nowMs }: Watched): Promise<{ lag: Sight; bytes: Sight }> {
  const { rows } = await session.query<Row>(
    `select coalesce(nullif(application_name, ''), pid::text) as standby, state is null as hidden,
       pg_wal_lsn_diff(pg_current_wal_lsn(), at) as behind, pg_wal_lsn_diff(at, '0/0') as position,
       (extract(epoch from replay_lag) * 1000)::int8 as "lagMs"
     from pg_stat_replication cross join lateral (select coalesce(replay_lsn, flush_lsn, write_lsn) as at) as place
     where state is distinct from 'backup'`,
  )
  if (rows.some(({ hidden }) => hidden)) {
    const blind = 'the state of standbys is hidden from this role; GRANT pg_read_all_stats'
    return { lag: { value: null, blind }, bytes: { value: null, blind } }
  }
  const seen = rows.filter(({ position }) => position !== null)
  const lags = seen.map(({ position, lagMs, behind }) =>
    Number(behind) <= 0 ? 0 : Math.max(Number(lagMs ?? 0), wal.sinceBeyond(Number(position), nowMs)),
  )
  return {
    lag: { value: Math.max(0, ...lags) },
    bytes: { value: Math.max(0, ...seen.map(({ behind }) => Number(behind))) },
  }
}
