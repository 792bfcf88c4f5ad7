// The governor on a real target: what stops it, what changes it, and what must not hold it up.
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { describeWith } from '../../../../test/servers/index.ts'
import { liftPause, putPause, setPace } from '../../src/control/pacing.ts'
import { readQuietTimes, readWriteTimes } from '../../src/control/write-times.ts'
import type { Load, PauseLimit } from '../../src/model.ts'
import { Governor } from '../../src/throttle/governor.ts'
import type { PaceState } from '../../src/throttle/pace.ts'
import type { Session } from '../../src/target/connect.ts'
import { claimed } from '../control/claimed.ts'
import { planOf, relationalTable } from '../target/plans.ts'

const describe = await describeWith('pg17')
const never = new AbortController().signal

interface Lab {
  governor: Governor
  session: Session
  migrationId: number
  notes: string[]
  states: (PaceState | null)[]
  room: number[]
}

async function lab(
  sourceLoad: () => Promise<Load>,
  more: { noWait?: boolean; limits?: [PauseLimit, number][]; prepare?: (session: Session) => Promise<void> } = {},
): Promise<Lab> {
  const { target, migrationId } = await claimed('pg17', planOf([relationalTable('device')]))
  const session = await target.session()
  await more.prepare?.(session)
  const [notes, states, room]: [string[], (PaceState | null)[], number[]] = [[], [], []]
  const governor = new Governor({
    target,
    migrationId,
    plan: {
      workers: 2,
      limits: new Map(more.limits ?? [['sourceThreadsRunning', 40]]),
      window: null,
      writerSlowdown: 3,
    },
    sourceLoad,
    roomFor: (workers) => void room.push(workers),
    noWait: more.noWait ?? false,
    person: 'ana@desk',
    tell: (state) => void states.push(state),
    note: (message) => void notes.push(message),
  })
  onTestFinished(() => governor.stop())
  return { governor, session, migrationId, notes, states, room }
}

const threads = (running: number): Load => ({ values: new Map([['sourceThreadsRunning', running]]), blind: [] })

describe('governor', () => {
  test('waits for the source, tells why, and goes on below half', async () => {
    let running = 41
    const { governor, states } = await lab(() => Promise.resolve(threads(running)))
    await governor.start()
    let went = false
    const turn = governor.turn(never).then(() => (went = true))
    running = 30
    await sleep(1300)
    expect(went).toBe(false)
    expect(states.at(-1)?.reasons).toEqual([
      {
        code: 'sourceThreadsRunning',
        what: 'threads running in the source',
        now: '30',
        limit: '40',
        resumesBelow: '21',
      },
    ])
    running = 20
    await turn
    expect(states.at(-1)?.reasons).toEqual([])
    await governor.stop()
    expect(states.at(-1)).toBeNull()
  })

  test('a source that cannot be asked, or does not answer, is said once and holds nobody up', async () => {
    const broken = await lab(() => Promise.reject(new Error('no such status')))
    await broken.governor.start()
    await sleep(2200)
    await broken.governor.turn(never)
    expect(broken.notes).toEqual(['the source cannot be watched, work goes on: no such status'])
    const silent = await lab(() => new Promise(() => {}))
    const began = performance.now()
    await silent.governor.start()
    expect(performance.now() - began).toBeGreaterThan(4000)
    await silent.governor.turn(never)
    expect(silent.notes).toEqual(['the source cannot be watched, work goes on: no answer within 5 s'])
    await silent.governor.stop()
  })

  test('a word from elsewhere is heard, also after its session was killed', async () => {
    const { governor, session, migrationId, room } = await lab(() => Promise.resolve(threads(1)))
    await governor.start()
    await governor.turn(never)
    await session.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
         and usename = current_user and query like '%hyperferry.pacing%'`,
    )
    await sleep(1500)
    await putPause(session, migrationId, { by: 'bob@desk', reason: null })
    await setPace(session, migrationId, { by: 'bob@desk', workers: 5 })
    const heard = new Promise<void>((resolve) => governor.onWorkers(resolve))
    const began = performance.now()
    await heard
    expect(performance.now() - began).toBeLessThan(15_000)
    expect([governor.workers, room]).toEqual([5, [5]])
    const stop = new AbortController()
    const turn = governor.turn(stop.signal)
    stop.abort()
    await expect(turn).rejects.toMatchObject({ code: 'HF-B022', exitCode: 4 })
    await liftPause(session, migrationId, 'bob@desk')
    await governor.turn(never)
  })

  test('the application has the first word: one worker, all of them when it feels nothing, one when it does', async () => {
    // Buckets are quarters of a doubling: 12 is 8 ms, 20 is 32 ms, 28 is 128 ms.
    const total: Record<string, number> = { 12: 970, 20: 30 }
    const heartbeat = async (session: Session): Promise<void> => {
      const facts = JSON.stringify({ writeTimes: { total, lately: { 12: 970, 20: 30 } } })
      await session.query(`update hyperferry.writer set facts = $1, heartbeat_at = clock_timestamp()`, [facts])
    }
    const { governor, session, migrationId, states, room } = await lab(() => Promise.resolve(threads(1)), {
      prepare: async (one) => {
        await one.query(
          `insert into hyperferry.writer (migration_id, name, kind, journal) select id, 'w', 'library', gen_random_uuid() from hyperferry.migration`,
        )
        await heartbeat(one)
      },
    })
    await governor.start()
    expect(governor.workers).toBe(1)
    let slow = false
    let going = true
    const application = (async () => {
      while (going) {
        total[slow ? 28 : 12] = (total[slow ? 28 : 12] ?? 0) + 50
        await heartbeat(session)
        await sleep(200)
      }
    })()
    let end = (): void => {}
    const ended = new Promise<void>((resolve) => (end = resolve))
    const tasks = [1, 2].map(() => governor.during(() => ended))
    await expect.poll(() => governor.workers, { timeout: 20_000 }).toBe(2)
    slow = true
    await expect.poll(() => governor.workers, { timeout: 20_000 }).toBe(1)
    going = false
    await application
    expect(states.at(-1)).toMatchObject({
      workers: 1,
      spared: { workers: 1, most: 2, limits: { p50Ms: 24, p99Ms: 96 } },
    })
    end()
    await Promise.all(tasks)
    await governor.stop()
    // A run that follows at once would take what it has caused itself for the usual.
    expect(await readQuietTimes(session, migrationId)).toEqual({ quiet: { p50Ms: 8, p99Ms: 32 } })
    expect(room).toEqual([2])
    await session.query(`update hyperferry.pacing set worked_at = worked_at - interval '61 seconds'`)
    expect(await readQuietTimes(session, migrationId)).toBeNull()
  })

  test('writers that have gone, are silent, or say nothing of their writes are not looked at', async () => {
    const { session, migrationId } = await lab(() => Promise.resolve(threads(1)))
    const facts = JSON.stringify({ writeTimes: { total: { 12: 5, x: 1, 900: 3, 4: -1 }, lately: null } })
    for (const [name, more] of [
      ['alive', ''],
      ['closed', `closed = 'clean', closed_at = clock_timestamp()`],
      ['silent', `heartbeat_at = clock_timestamp() - interval '2 minutes'`],
      ['old', `facts = '{}'`],
    ] as const) {
      await session.query(
        `insert into hyperferry.writer (migration_id, name, kind, journal, facts, in_flight) values ($1, $2, 'library', gen_random_uuid(), $3, 2)`,
        [migrationId, name, facts],
      )
      if (more !== '') await session.query(`update hyperferry.writer set ${more} where name = $1`, [name])
    }
    const times = await readWriteTimes(session, migrationId)
    expect(times).toEqual([
      { writer: '1', ageMs: expect.any(Number), inFlight: 2, total: new Map([[12, 5]]), lately: new Map() },
    ])
  })

  test('orders of the terminal hold for everybody, and are not waited for', async () => {
    const { governor, session, migrationId } = await lab(() => Promise.resolve(threads(1)), { noWait: true })
    await governor.start()
    const changed = new Promise<void>((resolve) => governor.onWorkers(resolve))
    governor.obey('fewer workers')
    await changed
    expect(governor.workers).toBe(1)
    governor.obey('fewer workers')
    governor.obey('pause or resume')
    await expect
      .poll(() =>
        governor.turn(never).then(
          () => null,
          (error: { code: string }) => error.code,
        ),
      )
      .toBe('HF-B040')
    const { rows } = await session.query('select paused_by, workers from hyperferry.pacing where migration_id = $1', [
      migrationId,
    ])
    expect(rows).toEqual([{ paused_by: 'ana@desk', workers: 1 }])
  })
})
