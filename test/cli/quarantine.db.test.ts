// The quarantine as it is typed: exit codes, files, nothing done unasked, and a tool that is killed in the middle of it.
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { hyperferry } from '../helpers/hyperferry.ts'
import { freshPg } from '../servers/database.ts'
import { describeWith } from '../servers/index.ts'

const suite = await describeWith('pg17')

/** Visits 1 to 5 of a table with a key, the first four with a NUL in their text; everything copied. */
async function copied() {
  const cwd = mkdtempSync(join(tmpdir(), 'hyperferry-quarantine-'))
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }))
  const source = new DatabaseSync(join(cwd, 'plant.db'))
  onTestFinished(() => source.close())
  source.exec(`create table visit (id integer primary key, who text);
    insert into visit values (1, 'a' || char(0)), (2, 'b' || char(0)), (3, 'c' || char(0)), (4, 'd' || char(0)), (5, 'e')`)
  const { url } = await freshPg('pg17')
  const env = { HYPERFERRY_SOURCE: `sqlite:${join(cwd, 'plant.db')}`, HYPERFERRY_TARGET: url }
  const type = (args: string[], more: Record<string, string> = {}) =>
    hyperferry(args, { cwd, env: { ...env, ...more } })
  const ended = async (...args: string[]) => {
    const ran = await type([...args, '--json'])
    return [ran.exitCode, (ran.json['error'] as { code: string } | undefined)?.code ?? null]
  }
  const ask = async (sql: string): Promise<unknown[]> => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows.flatMap((row) => Object.values(row))
    } finally {
      await client.end()
    }
  }
  expect(await ended('plan')).toEqual([0, null])
  const plan = readFileSync(join(cwd, 'hyperferry.yaml'), 'utf8')
  writeFileSync(join(cwd, 'hyperferry.yaml'), plan.replace(/nul: \w+/, 'nul: quarantine'))
  expect((await type(['run', '--offline', '--yes'])).exitCode).toBe(4)
  const rows = () => ask(`select coalesce(string_agg(id || who, ' ' order by id), '') from public.visit`)
  return { cwd, source, type, ended, ask, rows }
}

suite('quarantine, typed', () => {
  test('from list to report', { timeout: 300_000 }, async () => {
    const { cwd, type, ended, rows } = await copied()
    const open = await type(['verify'])
    expect(open.exitCode).toBe(4)
    expect(open.stdout).toMatch(/HF-B012 {2}4 rows in quarantine.*\n.*Exit 4\./)

    expect((await type(['quarantine', 'list', '--limit', '1'])).stdout).toMatch(
      /^ {2}1 {2}visit {2}HF-D006 {2}id=1 {2}who/,
    )
    expect(await ended('quarantine', 'list', '--out', 'rows.jsonl')).toEqual([0, null])
    expect(await ended('quarantine', 'list', '--out', 'rows.jsonl')).toEqual([2, 'HF-U001'])
    const file = join(cwd, 'rows.jsonl')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const lines = readFileSync(file, 'utf8').trim().split('\n')
    expect(lines.map((line) => (JSON.parse(line) as { values: unknown }).values)).toEqual(
      ['61', '62', '63', '64'].map((hex, index) => ({ id: String(index + 1), who: `\\x${hex}00` })),
    )

    expect(await ended('quarantine', 'fix', '99', '--set', 'who=a', '--yes')).toEqual([2, 'HF-Q001'])
    expect(await ended('quarantine', 'fix', '1', '--set', 'whom=a', '--yes')).toEqual([2, 'HF-Q002'])
    expect(await ended('quarantine', 'fix', '1', '--set', 'who=a')).toEqual([2, 'HF-U002'])
    expect((await type(['quarantine', 'fix', '1', '--set', 'who=a', '--dry-run'])).stdout).toContain(
      '1   visit   HF-D006   who',
    )
    expect(await rows()).toEqual(['5e'])

    writeFileSync(
      file,
      lines.map((line, at) => (at < 2 ? line.replace(/}$/, `,"set":{"who":"fixed"}}`) : line)).join('\n'),
    )
    const fixed = await type(['quarantine', 'fix', '--from', 'rows.jsonl', '--yes', '--json'])
    expect([fixed.exitCode, fixed.json['counts']]).toMatchObject([0, { fixed: 2, left: 0 }])
    expect(await ended('quarantine', 'retry', '--yes')).toEqual([4, null])
    expect(
      (await type(['quarantine', 'discard', '3', '4', '--reason', 'test rows | of <2019>', '--yes'])).stdout,
    ).toContain('2 settled, 0 left. In quarantine now: 0.\nNext: hyperferry verify')
    expect(await rows()).toEqual(['1fixed 2fixed 5e'])
    expect(await ended('run', '--offline', '--yes')).toEqual([0, null])

    expect(await ended('report', '--out', 'report.md')).toEqual([0, null])
    const report = readFileSync(join(cwd, 'report.md'), 'utf8')
    expect(report).toContain('and no row was kept back')
    expect(report).toMatch(/\| visit \| fixed by hand \| who \| 2 \| hf\\_\w+\\_owner \|/)
    expect(report).toMatch(/\| visit \| given up \| +\| 2 \| hf\\_\w+\\_owner \| test rows \\\| of \\<2019\\> \|/)
  })

  test(
    'killed between a row and its status, everything is there once or not at all',
    { timeout: 300_000 },
    async () => {
      const { source, type, ended, rows } = await copied()
      source.exec(`update visit set who = 'mended' where id in (3, 4)`)
      const kill = async (args: string[], at: string): Promise<void> => {
        const ran = await type([...args, '--yes'], { HYPERFERRY_FAILPOINT: at })
        expect([at, ran.signal]).toEqual([at, 'SIGKILL'])
      }
      const fix = ['quarantine', 'fix', '1', '--set', 'who=fixed']
      const retry = ['quarantine', 'retry', '3', '4']
      await kill(fix, 'quarantine.before-commit')
      await kill(retry, 'quarantine.after-insert')
      expect(await rows()).toEqual(['5e'])
      await kill(fix, 'quarantine.after-commit')
      expect(await rows()).toEqual(['1fixed 5e'])
      for (const args of [fix, retry]) expect(await ended(...args, '--yes')).toEqual([0, null])
      expect(await rows()).toEqual(['1fixed 3mended 4mended 5e'])
      expect(await ended('run', '--offline', '--yes', '--accept-quarantine', '1')).toEqual([0, null])
    },
  )
})
