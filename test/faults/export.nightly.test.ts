// kill -9 at every place of export and load, each in a world of its own.
import { readdir } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Failpoint } from '../../packages/hyperferry/src/failpoints.ts'
import { describeWith } from '../servers/index.ts'
import { drive, driveApart } from './drive.ts'
import { exporting, folder, loading, stand } from './export-stand.ts'
import { findings } from './findings.ts'
import { makeWorld } from './world.ts'
import type { World } from './world.ts'

const describe = await describeWith('pg17', 'ts-2.19')

describe('kill -9 in export and load', () => {
  let world: World
  beforeAll(() => {
    world = makeWorld(900)
  })
  afterAll(() => world.remove())

  const EXPORT_PLACES: [Failpoint, number[]][] = [
    ['export.before-entry', [1, 9]],
    ['export.before-rename', [2, 11]],
    ['export.after-file', [1, 5]],
    ['export.before-manifest', [1, 3]],
    ['export.before-done', [1]],
  ]
  test.for(EXPORT_PLACES.flatMap(([place, times]) => times.map((time) => `${place}:${time}` as const)))(
    'kill -9 at %s, then again with another number of workers',
    async (place) => {
      const run = await stand(world)
      const out = await folder()
      const killed = await driveApart(exporting(run, out), place).ended
      expect(killed.signal, killed.output).toBe('SIGKILL')
      await drive({ ...exporting(run, out), workers: 4 })
      const names = (await readdir(out, { recursive: true })).filter((name) => /partial|jsonl|lock/.test(name))
      expect(names.filter((name) => !name.includes('rejected'))).toEqual([])
      await drive(loading(run, out))
      expect(await findings(world, run.targetUrl)).toEqual([])
    },
  )

  const LOAD_PLACES: [Failpoint, number[]][] = [
    ['backfill.after-receipt', [1, 12]],
    ['backfill.mid-copy', [2, 15]],
    ['backfill.before-commit', [3, 20]],
    ['backfill.after-commit', [1, 14]],
    ['backfill.before-post', [1]],
  ]
  test('kill -9 while files are loaded, then again, also from the source', async () => {
    const out = await folder()
    let exported = false
    for (const [place, times] of LOAD_PLACES) {
      for (const time of times) {
        const run = await stand(world)
        if (!exported) await drive(exporting(run, out))
        exported = true
        const killed = await driveApart(loading(run, out), `${place}:${time}`).ended
        expect(killed.signal, killed.output).toBe('SIGKILL')
        // Ranges of other sizes, read from the source, fill the gaps: the receipts alone say what is left.
        if (time > 10) await drive({ ...run, taskRows: 70, unlocked: true })
        else {
          await drive({ ...loading(run, out), workers: 4 })
          await drive({ ...run, unlocked: true })
        }
        expect(await findings(world, run.targetUrl), `${place}:${time}`).toEqual([])
      }
    }
  })
})
