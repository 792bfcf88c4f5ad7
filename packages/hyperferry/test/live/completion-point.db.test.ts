// `completion-point` as it is typed: what a person sees, and what a kill leaves behind.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { parseDocument } from 'yaml'
import { hyperferry } from '../../../../test/helpers/hyperferry.ts'
import { FakeWriter } from '../../../../test/live/fake-writer.ts'
import { freshPg } from '../../../../test/servers/database.ts'
import { describeWith } from '../../../../test/servers/index.ts'

const suite = await describeWith('pg17')

suite('completion-point, typed', () => {
  test('says why not, shows the picture, and a kill keeps nothing half', { timeout: 300_000 }, async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'hyperferry-t-'))
    const source = new DatabaseSync(join(cwd, 'plant.db'))
    const tables = ['reading', 'metric']
    for (const table of tables) {
      source.exec(`create table ${table} (n integer not null, ts integer not null, primary key (n, ts));
        create index ${table}_ts on ${table} (ts);
        insert into ${table} values (1, ${Date.now() - 86_400_000})`)
    }
    const { url } = await freshPg('pg17')
    const target = new pg.Client({ connectionString: url })
    await target.connect()
    onTestFinished(async () => {
      await target.end()
      source.close()
      rmSync(cwd, { recursive: true, force: true })
    })
    const type = (args: string[], more: Record<string, string> = {}) =>
      hyperferry(args, {
        cwd,
        env: { HYPERFERRY_SOURCE: `sqlite:${join(cwd, 'plant.db')}`, HYPERFERRY_TARGET: url, ...more },
      })
    const kept = async (): Promise<number> =>
      Number((await target.query<{ n: string }>('select count(*) as n from hyperferry.completion_point')).rows[0]?.n)

    await type(['plan', '--full'])
    const file = join(cwd, 'hyperferry.yaml')
    const plan = parseDocument(readFileSync(file, 'utf8'))
    plan.setIn(['migration'], 'typed')
    plan.setIn(['dualWrite', 'writers'], 1)
    for (const table of tables) {
      plan.setIn(['tables', table, 'kind'], 'timeseries')
      plan.setIn(['tables', table, 'time'], plan.createNode({ column: 'ts', unit: 'ms' }))
    }
    writeFileSync(file, plan.toString())
    expect(await type(['schema', '--yes'])).toMatchObject({ exitCode: 0 })
    expect((await type(['completion-point', '--yes', '--json'])).json).toMatchObject({ error: { code: 'HF-W014' } })
    expect(await type(['stage', 'dualwrite', '--yes'])).toMatchObject({ exitCode: 0 })
    expect(await type(['completion-point'])).toMatchObject({ exitCode: 2 })
    const refused = await type(['completion-point', '--yes', '--json'])
    expect(refused).toMatchObject({ exitCode: 4 })
    expect(refused.json).toMatchObject({ T: null, refusals: [{ code: 'HF-T011' }] })

    const writer = await FakeWriter.join(
      url,
      'w1',
      { lateness: { reading: { rows: 10, minUs: -5, maxUs: 3000, counts: [2, 1] } } },
      'typed',
    )
    onTestFinished(() => writer.close('silent'))
    await sleep(1500)
    for (const table of tables) {
      source.exec(`insert into ${table} values (2, ${Date.now()})`)
      await target.query(`insert into ${table} select 2, $1`, [
        (source.prepare(`select max(ts) as ts from ${table}`).get() as { ts: number }).ts,
      ])
    }
    const killed = await type(['completion-point', '--yes', '--json'], {
      HYPERFERRY_FAILPOINT: 'completion-point.before-commit',
    })
    expect(killed.signal).toBe('SIGKILL')
    expect(await kept()).toBe(0)

    const shown = await type(['completion-point', '--yes', '--explain'])
    expect(shown).toMatchObject({ exitCode: 0 })
    expect(shown.stdout).toMatch(/▉+ +▒+ +1 \/ 1/)
    expect(shown.stdout).toContain('◀ T')
    expect(shown.stdout).toContain('99.99 % of 10 within 0.0 s')
    expect(shown.stdout).toMatch(/1 of 1 writers, writing to both since 20.*clocks within 1 ms/)
    expect(shown.stdout).toMatch(/T = 20\S+ +proven/)
    expect(await kept()).toBe(2)
    // Killed when it looks again: what was kept is kept.
    const before = (await target.query('select * from hyperferry.completion_point order by 1')).rows
    await type(['completion-point', '--yes', '--set', new Date().toISOString()], {
      HYPERFERRY_FAILPOINT: 'completion-point.before-commit',
    })
    expect((await target.query('select * from hyperferry.completion_point order by 1')).rows).toEqual(before)
  })
})
