// Step `backfill` while the application writes: whatever the order of things, everything is there once when all is delivered.
import { expect, test } from 'vitest'
import { drive, driveApart } from '../faults/drive.ts'
import { describeWith } from '../servers/index.ts'
import { liveFindings } from './backfill-world.ts'
import { begun } from './begun.ts'
import { traffic } from './traffic.ts'

const describe = await describeWith('pg17', 'ts-sid', 'mariadb')

describe('backfill beside writers', () => {
  for (const engine of ['sqlite', 'mariadb'] as const) {
    for (const server of ['pg17', 'ts-sid'] as const) {
      for (const workers of [1, 4]) {
        test(`${engine} into ${server}, ${workers} workers: both databases hold the same`, async () => {
          const { world, run, random } = await begun({
            engine,
            server,
            rows: 600,
            seed: workers * 7 + engine.length,
            taskRows: 40,
          })
          const writing = await traffic({
            source: world.source,
            targetUrl: run.targetUrl,
            writers: 2,
            late: 120,
            random,
          })
          const { backfill } = await drive({ ...run, workers })
          expect(backfill?.quarantined).toBe(0)
          expect(await writing.stop()).toEqual([])
          expect(await liveFindings(world.source, run.targetUrl)).toEqual([])
          const again = await drive({ ...run, workers, taskRows: 90 })
          expect(again.backfill?.quarantined).toBe(0)
          expect(await liveFindings(world.source, run.targetUrl)).toEqual([])
        })
      }
    }
  }

  for (const [place, passings] of [
    ['backfill.after-read', [1, 9]],
    ['backfill.after-receipt', [3, 40]],
    ['backfill.after-delete', [1, 5, 11]],
    ['backfill.mid-copy', [12, 50]],
    ['backfill.before-commit', [2, 60]],
    ['backfill.after-commit', [1, 45]],
    ['backfill.before-barrier', [1, 2]],
    ['backfill.mid-redo', [1, 2]],
    ['backfill.before-done', [1]],
  ] as const) {
    for (const times of passings) {
      test(`kill -9 at ${place}, passing ${times}`, async () => {
        const { world, run, random } = await begun({
          server: times % 2 === 0 ? 'pg17' : 'ts-sid',
          rows: 600,
          seed: times,
          taskRows: 40,
        })
        const writing = await traffic({
          source: world.source,
          targetUrl: run.targetUrl,
          writers: 2,
          late: 200,
          ...(place === 'backfill.mid-redo' ? { lateWith: 'event' as const } : {}),
          random,
        })
        const killed = await driveApart({ ...run, workers: 2 }, `${place}:${times}`).ended
        expect(killed.signal, killed.output).toBe('SIGKILL')
        await drive({ ...run, workers: 3, taskRows: 70, unlocked: true })
        expect(await writing.stop()).toEqual([])
        expect(await liveFindings(world.source, run.targetUrl)).toEqual([])
      })
    }
  }

  test('two tools at once', async () => {
    const { world, run, random } = await begun({ server: 'pg17', rows: 600, seed: 5, taskRows: 40 })
    const writing = await traffic({ source: world.source, targetUrl: run.targetUrl, writers: 2, late: 120, random })
    const both = [40, 55].map((taskRows) => driveApart({ ...run, taskRows, unlocked: true, workers: 2 }).ended)
    for (const each of await Promise.all(both)) expect(each.driven, each.output).not.toBeNull()
    expect(await writing.stop()).toEqual([])
    expect(await liveFindings(world.source, run.targetUrl)).toEqual([])
  })
})
