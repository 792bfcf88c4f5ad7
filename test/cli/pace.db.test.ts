// Pausing, resuming and steering a backfill from another process, as a person does at a second terminal.
import { setTimeout as sleep } from 'node:timers/promises'
import mysql from 'mysql2/promise'
import { expect, onTestFinished, test } from 'vitest'
import { backfill, backfillPause, backfillResume, backfillSet, status } from '../../packages/hyperferry/src/index.ts'
import { describeWith } from '../servers/index.ts'
import { paceWorld, ROWS } from './pace-world.ts'
import type { World } from './pace-world.ts'

const describe = await describeWith('mariadb', 'pg17')
const PATIENT = { timeout: 240_000 }

/** Transactions of the tool in either server; those of a look at the pace are over at once. */
async function transactions({ target, admin, source }: World): Promise<number> {
  const ours = await target.query<{ n: string }>(
    `select count(*) as n from pg_stat_activity
     where application_name = 'hyperferry' and datname = current_database() and xact_start < clock_timestamp() - interval '1 second'`,
  )
  const [theirs] = await admin.query<mysql.RowDataPacket[]>(
    `select count(*) as n from information_schema.innodb_trx t join information_schema.processlist p on p.id = t.trx_mysql_thread_id
     where p.user = '${source.reader.name}'`,
  )
  return Number(ours.rows[0]?.n) + Number(theirs[0]?.['n'])
}

/** Nothing more is copied, for a run that says that it has paused: running tasks may end first. */
async function stands(world: World): Promise<number> {
  let rows = await world.copied()
  for (let seconds = 0; seconds < 30; seconds += 1) {
    await sleep(1000)
    const now = await world.copied()
    if (now === rows) return rows
    rows = now
  }
  throw new Error(`does not stand: ${rows} rows`)
}

describe('the pace of a backfill', () => {
  test(
    'a pause before the run is kept; waiting holds nothing; Ctrl-C, kill -9 and the next run find it',
    PATIENT,
    async () => {
      const world = await paceWorld()
      world.edit('taskRows: 100', 'taskRows: 20000')
      const paused = await world.type('backfill', 'pause', '--reason', 'month-end report', '--json')
      expect(paused.exitCode, paused.stderr).toBe(0)
      expect(paused.json).toMatchObject({ running: false, paused: { reason: 'month-end report' }, workers: 1 })
      await expect(backfill({ ...world.plan, noWait: true })).rejects.toMatchObject({
        code: 'HF-B040',
        exitCode: 4,
        message: expect.stringMatching(/^paused: by .+@.+ since .+: month-end report$/),
      })

      const stopped = world.start('backfill', '--yes')
      await stopped.says(/paused: by .+: month-end report/)
      await sleep(1500)
      expect(await transactions(world)).toBe(0)
      expect((await status(world.plan)).pace).toMatchObject({
        running: true,
        paused: { reason: 'month-end report' },
        reasons: [{ code: 'pause' }],
      })
      const began = performance.now()
      stopped.child.kill('SIGINT')
      expect(await stopped.ended).toBe(4)
      expect(performance.now() - began).toBeLessThan(20_000)
      expect(await world.copied()).toBe(0)
      expect((await status(world.plan)).pace).toMatchObject({ running: false, reasons: [] })

      const killed = world.start('backfill', '--yes')
      await killed.says(/paused: by/)
      killed.child.kill('SIGKILL')
      expect(await killed.ended).toBe('SIGKILL')

      const last = world.start('backfill', '--yes')
      await last.says(/paused: by/)
      await backfillResume(world.plan)
      expect(await last.ended, last.said()).toBe(0)
      expect(await world.copied()).toBe(ROWS)
      expect(last.said()).not.toContain('\u001b')
    },
  )

  test('paused, steered and resumed in the middle, killed and run again: every row once', PATIENT, async () => {
    const world = await paceWorld()
    const run = world.start('backfill', '--yes')
    while ((await world.copied()) === 0) await sleep(20)
    await backfillPause(world.plan)
    await run.says(/paused: by/)
    const rows = await stands(world)
    expect(rows).toBeLessThan(ROWS)
    expect(await transactions(world)).toBe(0)
    const set = await backfillSet({
      ...world.plan,
      workers: 3,
      pauseWhen: ['targetReplicationLag=30 s'],
      writerSlowdown: '5',
    })
    expect(set).toMatchObject({
      running: true,
      workers: 3,
      pauseWhen: { targetReplicationLag: '30 s' },
      writerSlowdown: 5,
    })
    await backfillResume(world.plan)
    await run.says(/goes on/)
    while ((await world.copied()) <= rows) await sleep(5)
    run.child.kill('SIGKILL')
    await run.ended
    // The pace that was set is not the killed run's alone.
    const again = world.start('backfill', '--yes')
    await again.says(/3 workers, as .+ has set/)
    expect(await again.ended, again.said()).toBe(0)
    const { rows: counted } = await world.target.query(
      'select count(*)::int as n, count(distinct id)::int as keys from public.reading',
    )
    expect(counted).toEqual([{ n: ROWS, keys: ROWS }])
    // A number on the command line is newer than what was set.
    await backfill({ ...world.plan, workers: 2 })
    expect((await status(world.plan)).pace).toMatchObject({ workers: 1, pauseWhen: { targetReplicationLag: '30 s' } })
    expect(await backfillSet({ ...world.plan, reset: true })).toMatchObject({
      workers: 1,
      pauseWhen: {},
      writerSlowdown: 3,
      setBy: null,
    })
  })

  test('a busy source and the wrong time of the day are reasons to wait, and not for ever', PATIENT, async () => {
    const world = await paceWorld()
    world.edit('taskRows: 100 }', 'taskRows: 100, pauseWhen: { sourceThreadsRunning: 12 } }')
    const sleepers = await Promise.all(
      Array.from({ length: 16 }, () => mysql.createConnection(world.source.adminUrl.replace(/^mariadb/, 'mysql'))),
    )
    onTestFinished(() => Promise.all(sleepers.map((each) => each.end())).then(() => {}))
    const asleep = sleepers.map((each) => each.query('select sleep(60)').catch(() => {}))
    const run = world.start('backfill', '--yes')
    await run.says(/paused: threads running in the source \d\d > 12 \(resumes below 7\)/)
    expect(await world.copied()).toBe(0)
    for (const { threadId } of sleepers) await world.admin.query(`kill query ${threadId}`)
    await Promise.all(asleep)
    await run.says(/goes on/)
    const hour = Math.floor(Date.now() / 3_600_000) % 24
    const later = `${String((hour + 3) % 24).padStart(2, '0')}:00-${String((hour + 4) % 24).padStart(2, '0')}:00`
    await backfillSet({ ...world.plan, window: later })
    await run.says(new RegExp(`paused: outside of ${later} UTC, it is`))
    expect(await stands(world)).toBeLessThan(ROWS)
    await backfillSet({ ...world.plan, window: 'off', workers: 4 })
    expect(await run.ended, run.said()).toBe(0)
    expect(await world.copied()).toBe(ROWS)
  })

  test('keys on a terminal, and the terminal as it was afterwards', PATIENT, async () => {
    const world = await paceWorld()
    await backfillPause(world.plan)
    const run = world.startOnTerminal('hyperferry backfill --yes; echo "exit $?"; stty -a')
    const press = (key: string): void => void run.child.stdin?.write(key)
    await run.says(/paused: by .* p resume · w workers · l limits · q stop/)
    press('l')
    await run.says(/no limits are set/)
    press('+')
    await expect.poll(async () => (await status(world.plan)).pace?.workers).toBe(2)
    press('w')
    await run.says(/2 workers: \+ one more/)
    press('p')
    await run.says(/rows\/s/)
    press('p')
    await run.says(/rows\/s[^]*paused: by/)
    const rows = await stands(world)
    expect([rows > 0, rows < ROWS]).toEqual([true, true])
    press('q')
    await run.says(/exit 4[^]* icanon[^]* echo /)
    run.child.stdin?.end()
    await backfillResume(world.plan)
    await backfill({ ...world.plan, workers: 4 })
    expect(await world.copied()).toBe(ROWS)
  })
})
