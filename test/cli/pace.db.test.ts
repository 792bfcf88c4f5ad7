// Pausing, resuming and steering a backfill from another process, as a person does at a second terminal.
import { setTimeout as sleep } from 'node:timers/promises'
import mysql from 'mysql2/promise'
import { expect, onTestFinished, test } from 'vitest'
import { describeWith } from '../servers/index.ts'
import { paceWorld, ROWS } from './pace-world.ts'
import type { World } from './pace-world.ts'

const describe = await describeWith('mariadb', 'pg17')
const FOREVER = { timeout: 120_000 }

/** Transactions of the tool in either server. */
async function transactions({ target, admin, source }: World): Promise<number> {
  const ours = await target.query<{ n: string }>(
    `select count(*) as n from pg_stat_activity
     where application_name = 'hyperferry' and datname = current_database() and xact_start is not null`,
  )
  const [theirs] = await admin.query<mysql.RowDataPacket[]>(
    `select count(*) as n from information_schema.innodb_trx t join information_schema.processlist p on p.id = t.trx_mysql_thread_id
     where p.user = '${source.reader.name}'`,
  )
  return Number(ours.rows[0]?.n) + Number(theirs[0]?.['n'])
}

/** Nothing more is copied: running tasks may end first. */
async function stands(world: World): Promise<number> {
  await sleep(2000)
  const rows = await world.copied()
  await sleep(1000)
  expect(await world.copied()).toBe(rows)
  return rows
}

describe('the pace of a backfill', () => {
  test(
    'a pause before the run is kept; waiting holds nothing; Ctrl-C, kill -9 and the next run find it',
    FOREVER,
    async () => {
      const world = await paceWorld()
      const paused = await world.type('backfill', 'pause', '--reason', 'month-end report', '--json')
      expect(paused.exitCode, paused.stderr).toBe(0)
      expect(paused.json).toMatchObject({ running: false, paused: { reason: 'month-end report' }, workers: 1 })

      const impatient = await world.type('backfill', '--yes', '--no-wait', '--json')
      expect(impatient.exitCode).toBe(4)
      expect(impatient.json['error']).toMatchObject({
        code: 'HF-B040',
        message: expect.stringMatching(/^paused: by .+@.+ since .+: month-end report$/),
      })

      const stopped = world.start('backfill', '--yes')
      await stopped.says(/paused: by .+: month-end report/)
      await sleep(1500)
      expect(await transactions(world)).toBe(0)
      const status = await world.type('status', '--json')
      expect(status.json['pace']).toMatchObject({
        running: true,
        paused: { reason: 'month-end report' },
        reasons: [{ code: 'pause' }],
      })
      const began = performance.now()
      stopped.child.kill('SIGINT')
      expect(await stopped.ended).toBe(4)
      expect(performance.now() - began).toBeLessThan(3000)
      expect(await world.copied()).toBe(0)
      expect((await world.type('status', '--json')).json['pace']).toMatchObject({ running: false, reasons: [] })

      const killed = world.start('backfill', '--yes')
      await killed.says(/paused: by/)
      killed.child.kill('SIGKILL')
      expect(await killed.ended).toBe('SIGKILL')

      const last = world.start('backfill', '--yes')
      await last.says(/paused: by/)
      expect((await world.type('backfill', 'resume')).exitCode).toBe(0)
      expect(await last.ended, last.said()).toBe(0)
      expect(await world.copied()).toBe(ROWS)
      expect(last.said()).not.toContain('\u001b')
    },
  )

  test('paused, steered and resumed in the middle, killed and run again: every row once', FOREVER, async () => {
    const world = await paceWorld()
    const run = world.start('backfill', '--yes')
    while ((await world.copied()) === 0) await sleep(20)
    const paused = await world.type('backfill', 'pause')
    expect(paused.stdout).toContain('Paused')
    const rows = await stands(world)
    expect(rows).toBeLessThan(ROWS)
    expect(rows % 500).toBe(0)
    expect(await transactions(world)).toBe(0)
    const set = await world.type(
      'backfill',
      'set',
      '--workers',
      '3',
      '--pause-when',
      'targetReplicationLag=30 s',
      '--json',
    )
    expect(set.json).toMatchObject({ running: true, workers: 3, pauseWhen: { targetReplicationLag: '30 s' } })
    await world.type('backfill', 'resume')
    await run.says(/goes on/)
    while ((await world.copied()) <= rows) await sleep(5)
    const workers = new Set<number>()
    for (let look = 0; look < 40 && workers.size < 3; look += 1) {
      const { rows: busy } = await world.target.query<{ pid: number }>(
        `select pid from pg_stat_activity where application_name = 'hyperferry' and query ilike '%copy%' and datname = current_database()`,
      )
      for (const { pid } of busy) workers.add(pid)
    }
    run.child.kill('SIGKILL')
    await run.ended
    // The pace that was set is not the killed run's alone.
    const again = world.start('backfill', '--yes')
    await again.says(/3 workers, as .+ has set/)
    expect(await again.ended, again.said()).toBe(0)
    expect(await world.copied()).toBe(ROWS)
    expect((await world.target.query('select count(distinct id)::int as n from public.reading')).rows).toEqual([
      { n: ROWS },
    ])
    // A number on the command line is newer than what was set.
    const flagged = await world.type('backfill', '--yes', '--workers', '2')
    expect(flagged.exitCode, flagged.stderr).toBe(0)
    expect(flagged.stderr).not.toMatch(/as .+ has set/)
    expect((await world.type('backfill', 'set', '--reset', '--json')).json).toMatchObject({
      workers: 1,
      pauseWhen: {},
      setBy: null,
    })
  })

  test('a busy source and the wrong time of the day are reasons to wait, and not for ever', FOREVER, async () => {
    const world = await paceWorld()
    world.edit('taskRows: 500 }', 'taskRows: 500, pauseWhen: { sourceThreadsRunning: 12 } }')
    const sleepers = await Promise.all(
      Array.from({ length: 16 }, () => mysql.createConnection(world.source.adminUrl.replace(/^mariadb/, 'mysql'))),
    )
    onTestFinished(() => Promise.all(sleepers.map((each) => each.end())).then(() => {}))
    const asleep = sleepers.map((each) => each.query('select sleep(7)'))
    const run = world.start('backfill', '--yes')
    await run.says(/paused: threads running in the source 1\d > 12 \(resumes below 7\)/)
    expect(await world.copied()).toBe(0)
    await Promise.all(asleep)
    await run.says(/goes on/)
    const hour = Math.floor(Date.now() / 3_600_000) % 24
    const later = `${String((hour + 3) % 24).padStart(2, '0')}:00-${String((hour + 4) % 24).padStart(2, '0')}:00`
    const set = await world.type('backfill', 'set', '--window', later)
    expect(set.exitCode, set.stderr).toBe(0)
    await run.says(new RegExp(`paused: outside of ${later} UTC, it is`))
    const rows = await stands(world)
    expect(rows).toBeLessThan(ROWS)
    await world.type('backfill', 'set', '--window', 'off')
    expect(await run.ended, run.said()).toBe(0)
    expect(await world.copied()).toBe(ROWS)
  })

  test('keys on a terminal, and the terminal as it was afterwards', FOREVER, async () => {
    const world = await paceWorld()
    // The source is made slow by nothing, so the pause has to come early.
    await world.type('backfill', 'pause')
    const run = world.startOnTerminal('hyperferry backfill --yes; echo "exit $?"; stty -a')
    await run.says(/paused: by .* p resume · w workers · l limits · q stop/)
    run.child.stdin?.write('l')
    await run.says(/no limits are set/)
    run.child.stdin?.write('+')
    await sleep(300)
    run.child.stdin?.write('w')
    await run.says(/workers 2: \+ one more/)
    run.child.stdin?.write('p')
    await run.says(/rows\/s/)
    run.child.stdin?.write('p')
    await run.says(/rows\/s[^]*paused: by/)
    const rows = await stands(world)
    expect([rows > 0, rows < ROWS]).toEqual([true, true])
    run.child.stdin?.write('q')
    await run.says(/exit 4[^]* icanon[^]* echo /)
    run.child.stdin?.end()
    await world.type('backfill', 'resume')
    expect((await world.type('backfill', '--yes')).exitCode).toBe(0)
    expect(await world.copied()).toBe(ROWS)
  })

  test('bad words are refused with what would be right', FOREVER, async () => {
    const world = await paceWorld()
    for (const [args, what] of [
      [['backfill', 'stop'], /choose one of: pause, resume, set/i],
      [['backfill', 'set'], /nothing to set[^]*--pause-when name=value/],
      [['backfill', 'set', '--workers', '0'], /from 1 to 64/],
      [['backfill', 'set', '--pause-when', 'targetReplicationLag=30'], /Write targetReplicationLag="30 s"/],
      [['backfill', 'set', '--window', 'nights'], /Write 22:00-06:00/],
      [['backfill', 'pause', '--window', '22:00-06:00'], /--window is out of place/],
      [['backfill', '--yes', '--pause-when', 'targetReplicationLag=30 s'], /belongs to `hyperferry backfill set`/],
    ] as const) {
      const ran = await world.type(...args)
      expect([ran.exitCode, ran.stderr]).toEqual([2, expect.stringMatching(what)])
    }
    const looked = await world.type('backfill', 'pause', '--dry-run')
    expect(looked.exitCode, looked.stderr).toBe(0)
    expect((await world.type('status', '--json')).json['pace']).toMatchObject({ paused: null })
  })
})
