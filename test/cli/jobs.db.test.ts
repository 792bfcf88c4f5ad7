// Where there are no policies the commands say so and succeed, before anything was started too.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { hyperferry } from '../helpers/hyperferry.ts'
import { freshPg } from '../servers/database.ts'
import { describeWith } from '../servers/index.ts'

const suite = await describeWith('pg18', 'ts-2.19')
const COMMANDS = [
  ['jobs', 'pause', '--yes'],
  ['jobs', 'restore'],
  ['jobs', 'status'],
  ['jobs', 'run', '--job', '1000'],
  ['refresh', '--yes'],
  ['refresh', '--dry-run'],
]

suite('jobs and refresh', () => {
  test.each(['pg18', 'ts-2.19'] as const)('have nothing to do on %s', { timeout: 120_000 }, async (server) => {
    const cwd = mkdtempSync(join(tmpdir(), 'hyperferry-jobs-'))
    onTestFinished(() => rmSync(cwd, { recursive: true, force: true }))
    const source = new DatabaseSync(join(cwd, 'plant.db'))
    source.exec("create table device (id integer primary key, name text); insert into device values (1, 'a')")
    source.close()
    const { url } = await freshPg(server)
    const env = { HYPERFERRY_SOURCE: `sqlite:${join(cwd, 'plant.db')}`, HYPERFERRY_TARGET: url }
    const type = (...args: string[]) => hyperferry([...args, '--json'], { cwd, env })
    expect((await type('plan')).exitCode).toBe(0)
    for (const command of COMMANDS) {
      const ran = await type(...command)
      expect(ran.exitCode, ran.stderr).toBe(0)
      expect(ran.json['notes']).toEqual([expect.stringMatching(/nothing to do/)])
    }
    const moved = await type('run', '--offline', '--yes')
    expect(moved.exitCode, moved.stderr).toBe(0)
    expect(JSON.stringify(moved.json['gates'])).not.toContain('HF-G010')
    // The source is not needed any more.
    rmSync(join(cwd, 'plant.db'))
    expect((await type('jobs', 'restore')).exitCode).toBe(0)
    const wrong = await type('jobs', 'run')
    expect([wrong.exitCode, (wrong.json['error'] as { code: string }).code]).toEqual([2, 'HF-U001'])
    const own = await type('jobs', 'run', '--job', '3')
    expect([own.exitCode, (own.json['error'] as { code: string }).code]).toEqual([2, 'HF-U001'])
  })
})
