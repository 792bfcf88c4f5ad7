// No room: in the work space, and in the target. Needs the right to mount a small file system.
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { freshPg } from '../servers/database.ts'
import { describeWith, startServer } from '../servers/index.ts'
import { ownedBy, runProgram } from '../servers/system.ts'
import { drive, driveApart } from './drive.ts'
import type { Drive } from './drive.ts'
import { findings } from './findings.ts'
import { makeWorld } from './world.ts'

/** A folder with room for `size` only; null where nobody may mount. */
async function smallFolder(size: string): Promise<string | null> {
  const folder = await mkdtemp(join(tmpdir(), 'hyperferry-small-'))
  const mounted = await runProgram(['mount', '-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder]).then(
    () => true,
    () => false,
  )
  if (!mounted) await rm(folder, { recursive: true })
  else {
    onTestFinished(async () => {
      await runProgram(['umount', '-l', folder])
      await rm(folder, { recursive: true })
    })
  }
  return mounted ? folder : null
}

const describe = await describeWith('pg17')

describe('no room', () => {
  test('in the work space: the step stops, nothing is half-done, and it goes on elsewhere', async ({ skip }) => {
    const folder = await smallFolder('16k')
    if (folder === null) return skip('mounting is not allowed here')
    const world = makeWorld(800)
    onTestFinished(() => world.remove())
    const { url } = await freshPg('pg17')
    const run = { sourceUrl: world.sourceUrl, targetUrl: url, plan: world.plan, acceptQuarantine: world.unfit }
    await drive({ ...run, steps: ['schema', 'relational'] })
    const tight = await driveApart({ ...run, steps: ['backfill'], memory: 0, taskRows: 790, tmpdir: folder }).ended
    expect([tight.error, tight.code], tight.output).toEqual(['HF-B015', 4])
    await drive(run)
    expect(await findings(world, url)).toEqual([])
  })

  test('in the folder of an export: it stops, what is finished is kept, and it goes on when there is room', async ({
    skip,
  }) => {
    const folder = await smallFolder('60k')
    if (folder === null) return skip('mounting is not allowed here')
    const world = makeWorld(2000)
    onTestFinished(() => world.remove())
    const { url } = await freshPg('pg17')
    const run = { sourceUrl: world.sourceUrl, targetUrl: url, plan: world.plan, acceptQuarantine: world.unfit }
    const exporting: Drive = {
      ...run,
      steps: ['export'],
      workers: 1,
      export: { tables: ['reading', 'event', 'line'], out: folder },
    }
    await expect(drive(exporting)).rejects.toMatchObject({ code: 'HF-E014', exitCode: 4 })
    const kept = (await readdir(join(folder, 'reading'))).filter((name) => name.endsWith('.csv'))
    expect(kept.length).toBeGreaterThan(2)
    const times = await Promise.all(kept.map((name) => stat(join(folder, 'reading', name))))
    await runProgram(['mount', '-o', 'remount,size=8m', folder])
    await drive(exporting)
    const again = await Promise.all(kept.map((name) => stat(join(folder, 'reading', name))))
    expect(again.map(({ mtimeMs }) => mtimeMs)).toEqual(times.map(({ mtimeMs }) => mtimeMs))
    await drive({ ...run, steps: ['schema', 'backfill'], fromCsv: folder })
    await drive({ ...run, steps: ['relational'] })
    expect(await findings(world, url)).toEqual([])
  })

  test('in the target: the step stops at once, nothing is half-done, and it goes on when there is room', async ({
    skip,
  }) => {
    const folder = await smallFolder('800k')
    if (folder === null) return skip('mounting is not allowed here')
    const world = makeWorld(4000)
    onTestFinished(() => world.remove())
    await using server = await startServer('pg17')
    await ownedBy(folder, 'postgres')
    const client = new pg.Client({ connectionString: server.url })
    await client.connect()
    await client.query(`create tablespace small location '${folder}'`)
    await client.query('create database tight tablespace pg_default')
    await client.query('alter database tight set default_tablespace = small')
    const url = server.url.replace(/\/postgres$/, '/tight')
    const run = { sourceUrl: world.sourceUrl, targetUrl: url, plan: world.plan, acceptQuarantine: world.unfit }
    await expect(drive(run)).rejects.toMatchObject({ code: 'HF-S014', exitCode: 4 })
    expect((await findings(world, url)).filter((fault) => /too many|overlap|kept/.test(fault))).toEqual([])
    await runProgram(['mount', '-o', 'remount,size=64m', folder])
    await drive({ ...run, workers: 1 })
    expect(await findings(world, url)).toEqual([])
    await client.end()
  })
})
