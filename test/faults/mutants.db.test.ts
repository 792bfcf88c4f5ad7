// The suite against tools that are wrong on purpose: each fault must be seen, by the step itself or by the checker.
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { freshPg } from '../servers/database.ts'
import { describeWith } from '../servers/index.ts'
import { drive, driveApart } from './drive.ts'
import type { Drive } from './drive.ts'
import { findings } from './findings.ts'
import { meet } from './meet.ts'
import { makeWorld } from './world.ts'
import type { World } from './world.ts'

const describe = await describeWith('pg17')

describe('mutants', () => {
  let world: World
  beforeAll(() => {
    world = makeWorld(900)
  })
  afterAll(() => world.remove())

  async function prepared(change: string | null = null): Promise<Drive> {
    const { url, superUrl } = await freshPg('pg17')
    const run: Drive = {
      sourceUrl: world.sourceUrl,
      targetUrl: url,
      plan: world.plan,
      acceptQuarantine: world.unfit,
      unlocked: true,
    }
    await drive({ ...run, steps: ['schema', 'relational'] })
    if (change !== null) await execute(superUrl, change)
    return { ...run, steps: ['backfill'] }
  }

  for (const mutant of ['residual-skipped', 'row-lost', 'row-twice'] as const) {
    it(`${mutant}: the books do not close`, async () => {
      const run = await prepared()
      await expect(drive({ ...run, mutant })).rejects.toMatchObject({ code: 'HF-B010' })
    })
  }

  it('receipt committed before its data: the control schema refuses', async () => {
    const run = await prepared()
    await expect(drive({ ...run, mutant: 'receipt-apart' })).rejects.toMatchObject({ sqlstate: '23514' })
  })

  it('receipt committed before its data, with that guard gone: a kill loses rows and the checker sees it', async () => {
    const run = await prepared('alter table hyperferry.receipt disable trigger receipt_is_complete')
    const killed = await driveApart({ ...run, mutant: 'receipt-apart' }, 'backfill.mid-copy:4').ended
    expect(killed.signal, killed.output).toBe('SIGKILL')
    await expect(drive(run)).rejects.toMatchObject({ code: 'HF-B010' })
    expect((await findings(world, run.targetUrl)).join()).toMatch(/rows missing/)
  })

  it('data committed before its receipt, with that guard gone: a kill is seen', async () => {
    const run = await prepared('alter table hyperferry.receipt disable trigger receipt_is_complete')
    const killed = await driveApart({ ...run, mutant: 'data-apart' }, 'backfill.before-commit:4').ended
    expect(killed.signal, killed.output).toBe('SIGKILL')
    await expect(drive(run)).rejects.toMatchObject({ code: 'HF-B010' })
  })

  it('no exclusion constraint: two tools copy a table without a key twice, and the checker sees it', async () => {
    const run = await prepared('alter table hyperferry.receipt drop constraint receipt_no_overlap')
    const startAt = join(tmpdir(), `hyperferry-go-${Date.now()}`)
    onTestFinished(() => rm(startAt, { force: true }))
    const both = [1, 2].map(() => driveApart({ ...run, startAt, taskRows: 40, tables: ['line'] }))
    await Promise.all(both.map((each) => each.ready))
    await meet(run.targetUrl, startAt, run.plan.backfill.workers + 1)
    await Promise.all(both.map((each) => each.ended))
    const found = (await findings(world, run.targetUrl)).join()
    expect(found).toMatch(/rows too many/)
    expect(found).toMatch(/receipts overlap/)
  })

  it('a tool that forgets receipts is stopped by the constraint, not believed', async () => {
    const run = await prepared()
    await drive(run)
    await expect(drive({ ...run, mutant: 'receipts-forgotten', attempts: 4 })).rejects.toMatchObject({
      code: 'HF-B011',
    })
    expect(await findings(world, run.targetUrl)).toEqual([])
  })
})

async function execute(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(sql)
  await client.end()
}
