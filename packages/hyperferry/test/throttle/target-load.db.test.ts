// What the target is asked about its load, with the load really there.
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { freshPg } from '../../../../test/servers/database.ts'
import { describeWith, startServer } from '../../../../test/servers/index.ts'
import { openTarget } from '../../src/target/connect.ts'
import type { Session, Target } from '../../src/target/connect.ts'
import type { Load, PauseLimit } from '../../src/model.ts'
import { TargetLoad } from '../../src/throttle/target-load.ts'
import { receiver } from './receiver.ts'

const describe = await describeWith('pg15', 'pg18')

async function connected(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString })
  client.on('error', () => {})
  await client.connect()
  onTestFinished(() => client.end())
  return client
}

async function watched(
  url: string,
): Promise<{ target: Target; session: Session; look: (...names: PauseLimit[]) => Promise<Load> }> {
  const target = await openTarget(url, { connections: 2, signal: new AbortController().signal })
  onTestFinished(() => target.close())
  const session = await target.session({ extra: true })
  const load = new TargetLoad()
  const { postgres } = target.capabilities
  return { target, session, look: (...names) => load.read(session, names, { ours: target.backends(), postgres }) }
}

describe('load of the target', () => {
  for (const server of ['pg15', 'pg18'] as const) {
    test(`${server}: somebody waits for a lock of ours, half a second long`, async () => {
      const { url } = await freshPg(server)
      const { target, look } = await watched(url)
      const ours = await target.session()
      await ours.query('create table public.t (a int primary key)')
      await ours.query('begin; insert into public.t values (1)')
      const other = await connected(url)
      const { rows: backend } = await other.query<{ pid: number }>('select pg_backend_pid() as pid')
      const blocked = other.query('insert into t values (1)').catch(() => {})
      const once = async (): Promise<number | null | undefined> =>
        (await look('targetLockWaits')).values.get('targetLockWaits')
      const atOnce = await once()
      const { rows: waits } = await ours.query<{ short: boolean }>(
        `select clock_timestamp() - waitstart < interval '500 milliseconds' as short from pg_locks where pid = $1 and not granted`,
        [backend[0]?.pid],
      )
      // Where the machine let it wait longer than that, one would be right.
      if (waits.every(({ short }) => short)) expect(atOnce).toBe(0)
      await expect.poll(once).toBe(1)
      await ours.query('rollback')
      await blocked
      expect(await once()).toBe(0)
      // Two of ours that wait for each other are nobody else's trouble.
      const second = await target.session()
      await ours.query('begin; delete from public.t')
      const waiting = second.query('delete from public.t')
      await sleep(700)
      expect(await once()).toBe(0)
      await ours.query('rollback')
      await waiting
    })

    test(`${server}: WAL per second, checkpoints asked for, sessions at work`, async () => {
      const { url, superUrl } = await freshPg(server)
      const { look } = await watched(superUrl)
      const all = ['targetWalRate', 'targetCheckpoints', 'targetActiveSessions'] as const
      const began = performance.now()
      const first = await look(...all)
      expect(first.values.get('targetWalRate')).toBeNull()
      expect(first.values.get('targetCheckpoints')).toBe(0)
      const other = await connected(url)
      await other.query('create table t (a text)')
      await other.query(`insert into t select repeat('x', 1000) from generate_series(1, 5000)`)
      const [boss, sleeper] = [await connected(superUrl), await connected(url)]
      await boss.query('checkpoint')
      const rate = (await look('targetWalRate')).values.get('targetWalRate') ?? 0
      // Five megabytes since the first look, whatever else this shared server writes.
      expect(rate * ((performance.now() - began) / 1000 + 1)).toBeGreaterThan(5e6)
      // The server counts a checkpoint a little later than it answers.
      const checkpoints = async (): Promise<number> => (await look(...all)).values.get('targetCheckpoints') ?? 0
      await expect.poll(checkpoints).toBeGreaterThanOrEqual(1)
      const busy = sleeper.query('select pg_sleep(60)').catch(() => {})
      const asleep = `from pg_stat_activity where datname = current_database() and query = 'select pg_sleep(60)' and state = 'active'`
      await expect.poll(async () => (await boss.query(`select ${asleep}`)).rowCount).toBe(1)
      const then = await look(...all)
      expect(then.values.get('targetActiveSessions')).toBeGreaterThanOrEqual(1)
      expect(then.blind).toEqual([])
      await boss.query(`select pg_cancel_backend(pid) ${asleep}`)
      await busy
    })
  }

  test('a role that may not see others says so, and counts what it sees', async () => {
    const { url, superUrl } = await freshPg('pg18')
    const { look } = await watched(url)
    await connected(superUrl)
    const { values, blind } = await look('targetActiveSessions')
    expect(values.get('targetActiveSessions')).toBe(0)
    expect(blind).toEqual([expect.stringMatching(/^targetActiveSessions: sessions of other roles are hidden/)])
    // Nothing was asked, so nothing is said.
    expect(await look()).toEqual({ values: new Map(), blind: [] })
  })

  test('a standby that falls behind, and one that falls silent', { timeout: 120_000 }, async () => {
    await using server = await startServer('pg18')
    const { look } = await watched(server.url)
    const client = await connected(server.url)
    const lsn = async (): Promise<string> => (await client.query('select pg_current_wal_lsn()::text as at')).rows[0].at
    const bytes = async (at: string): Promise<bigint> =>
      BigInt((await client.query(`select pg_wal_lsn_diff($1, '0/0')::text as n`, [at])).rows[0].n)
    const lagging = async (): Promise<[number, number]> => {
      const { values } = await look('targetReplicationLag', 'targetReplicationBytes')
      return [values.get('targetReplicationLag') ?? -1, values.get('targetReplicationBytes') ?? -1]
    }
    // Nobody follows: nothing to wait for.
    expect(await lagging()).toEqual([0, 0])
    const start = await lsn()
    const standby = await receiver(server.url, start)
    // It has never answered: what it has is not known.
    await client.query('create table t (a text)')
    expect(await lagging()).toEqual([0, 0])
    standby.replayed(await bytes(await lsn()))
    await sleep(200)
    const before = await lsn()
    await client.query(`insert into t select repeat('x', 1000) from generate_series(1, 2000)`)
    await lagging()
    await sleep(1200)
    // Silent since: the server has no lag to tell, our own clock has.
    const [lag, behind] = await lagging()
    expect(lag).toBeGreaterThanOrEqual(1200)
    expect(lag).toBeLessThan(10_000)
    expect(behind).toBeGreaterThan(1_900_000)
    expect(before).not.toBe(await lsn())
    standby.replayed(await bytes(await lsn()))
    await expect.poll(async () => (await lagging())[1]).toBeLessThan(10_000)
    // An ordinary role does not see how standbys are.
    await client.query(`create role plain login password 'plain'; grant create on database postgres to plain`)
    const plain = await watched(server.url.replace(/\/\/[^@]*@/, '//plain:plain@'))
    const blind = await plain.look('targetReplicationLag')
    expect(blind.values.get('targetReplicationLag')).toBeNull()
    expect(blind.blind).toEqual([expect.stringMatching(/pg_read_all_stats/)])
    await standby.close()
  })
})
