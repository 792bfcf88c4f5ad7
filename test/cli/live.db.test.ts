// The commands of the live line as they are typed: exit codes, one document, nothing done unasked.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { hyperferry } from '../helpers/hyperferry.ts'
import { freshPg } from '../servers/database.ts'
import { describeWith } from '../servers/index.ts'

const suite = await describeWith('pg17')

suite('the live line, typed', () => {
  test('stage, writers, parked and journal', { timeout: 300_000 }, async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'hyperferry-typed-'))
    onTestFinished(() => rmSync(cwd, { recursive: true, force: true }))
    const source = new DatabaseSync(join(cwd, 'plant.db'))
    source.exec('create table device (id integer primary key, name text)')
    source.close()
    const { url } = await freshPg('pg17')
    const env = { HYPERFERRY_SOURCE: `sqlite:${join(cwd, 'plant.db')}`, HYPERFERRY_TARGET: url }
    const type = (...args: string[]) => hyperferry(args, { cwd, env })
    const ended = async (...args: string[]) => {
      const ran = await type(...args, '--json')
      return [ran.exitCode, (ran.json['error'] as { code: string } | undefined)?.code ?? null]
    }
    expect(await ended('plan')).toEqual([0, null])
    expect(await ended('stage')).toEqual([4, 'HF-B014'])
    expect(await ended('stage', 'dualwrite')).toEqual([2, 'HF-U002'])
    expect(await ended('schema', '--yes')).toEqual([0, null])
    expect(await ended('stage', 'dual', '--yes')).toEqual([2, 'HF-U001'])
    expect(await ended('stage', 'live', '--yes')).toEqual([4, 'HF-W010'])
    expect(await ended('stage', 'dualwrite', '--yes')).toEqual([0, null])
    expect(await ended('stage', 'dualwrite', '--yes')).toEqual([0, null])
    expect((await type('stage')).stdout).toMatch(
      /^stage dualwrite {3}epoch 1 {3}primary: source\nno writer has registered/,
    )

    expect(await ended('writers', 'grant')).toEqual([2, 'HF-U001'])
    expect(await ended('writers', 'declare', '--yes')).toEqual([2, 'HF-U001'])
    expect(await ended('writers', 'declare', 'import', '--max-lateness', 'soon', '--yes')).toEqual([2, 'HF-U001'])
    expect(await ended('writers', 'declare', 'import', '--max-lateness', '1 day', '--yes')).toEqual([0, null])
    expect((await type('writers')).stdout).toMatch(/import +external, declared/)
    const sql = (await type('writers', 'grant', '--role', 'app', '--print-sql')).stdout
    expect(sql).toContain('grant usage on schema hyperferry')
    expect(sql).toContain('-- create table if not exists hyperferry_op')

    expect(await ended('parked', 'list')).toEqual([0, null])
    expect(await ended('parked', 'requeue', '--id', '7', '--yes')).toEqual([2, 'HF-W015'])
    expect(await ended('journal', 'declare-lost', 'import', '--yes')).toEqual([2, 'HF-W011'])
    expect(await ended('journal', 'adopt', 'import', '--yes')).toEqual([2, 'HF-U001'])
    const status = await type('status')
    expect(status.stdout).toMatch(/stage dualwrite {3}epoch 1 {3}primary: source\n +import/)
  })
})
