// The end of the line as a person types it: rows, aggregates, policies.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { hyperferry } from '../helpers/hyperferry.ts'
import { freshPg } from '../servers/database.ts'

test(
  'run tells which policies wait; refresh and jobs restore end it, without the source',
  { timeout: 180_000 },
  async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'hyperferry-line-'))
    onTestFinished(() => rmSync(cwd, { recursive: true, force: true }))
    const source = new DatabaseSync(join(cwd, 'plant.db'))
    source.exec(`create table reading (device integer not null, ts text not null, value real, primary key (device, ts));
    with recursive n(i) as (select 0 union all select i + 1 from n where i < 4999)
    insert into reading select i % 5, strftime('%Y-%m-%dT%H:%M:%SZ', 1704067200 + i * 600, 'unixepoch'), i / 10.0 from n`)
    source.close()
    const { url } = await freshPg('tsl')
    const env = { HYPERFERRY_SOURCE: `sqlite:${join(cwd, 'plant.db')}`, HYPERFERRY_TARGET: url }
    const type = (...args: string[]) => hyperferry([...args, '--json'], { cwd, env })
    expect((await type('plan')).exitCode).toBe(0)
    expect((await type('jobs', 'pause', '--yes')).json).toMatchObject({ error: { code: 'HF-B014' } })

    const moved = await type('run', '--offline', '--yes')
    expect(moved.exitCode, moved.stderr).toBe(0)
    expect(moved.json).toMatchObject({ verified: true })
    const waits = expect.objectContaining({ code: 'HF-G010', ok: true }) as unknown
    expect(moved.json['gates']).toContainEqual(waits)
    expect((await type('status')).json['gates']).toContainEqual(waits)
    rmSync(join(cwd, 'plant.db'))

    const client = new pg.Client({ connectionString: url })
    await client.connect()
    await client.query(
      `create materialized view daily with (timescaledb.continuous) as select time_bucket('1 day', ts) d, sum(value) from reading group by 1 with no data`,
    )
    await client.end()
    const shown = await type('refresh', '--dry-run')
    expect(shown.json).toMatchObject({ dryRun: true, lines: [expect.stringContaining('public.daily')] })
    const refused = await type('refresh')
    expect([refused.exitCode, (refused.json['error'] as { code: string }).code]).toEqual([2, 'HF-U002'])
    const refreshed = await type('refresh', '--yes')
    expect(refreshed.exitCode, refreshed.stderr).toBe(0)
    expect(refreshed.json).toMatchObject({ equal: true, aggregates: [{ name: 'public.daily', level: 1 }] })

    const status = await type('jobs', 'status')
    expect(status.json['jobs']).toMatchObject([
      { kind: 'columnstore', outcome: 'waiting', before: { scheduled: false } },
    ])
    const restored = await type('jobs', 'restore', '--yes')
    expect(restored.exitCode, restored.stderr).toBe(0)
    expect(restored.json['jobs']).toMatchObject([{ outcome: 'restored', after: { scheduled: true } }])
    expect(JSON.stringify((await type('status')).json['gates'])).not.toContain('HF-G010')
    expect((await type('jobs', 'restore')).json).toMatchObject({ jobs: [], notes: [expect.any(String)] })
  },
)
