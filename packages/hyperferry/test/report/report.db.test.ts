// What the books say before, during and after a migration; and the report made of them.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freshPg, type FreshPg } from '../../../../test/servers/database.ts'
import { describeWith } from '../../../../test/servers/index.ts'
import { writeReport } from '../../src/report/report.ts'
import { recorded } from '../../src/recorded.ts'
import { status } from '../../src/steps/status.ts'
import type { StatusDocument } from '../../src/steps/status.ts'
import { verify } from '../../src/steps/verify.ts'
import { openTarget } from '../../src/target/connect.ts'
import { openLab, type Lab } from '../steps/verify/lab.ts'
import { plannedTable } from '../steps/verify/tables.ts'

const tables = [
  plannedTable({
    source: 'Thing',
    name: 'thing|<b>',
    keys: [{ name: 'thing_pkey', columns: ['id'], primary: true }],
    estimatedRows: 3,
    columns: [
      { name: 'id', sourceType: '', type: 'bigint' },
      { name: 'n', sourceType: '', type: 'numeric(5,1)', nullable: true },
    ],
  }),
]

const describe = await describeWith('pg18')
describe('status and report', () => {
  let folder: string
  let database: FreshPg
  let lab: Lab

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'report-'))
    const db = new DatabaseSync(join(folder, 'plant.db'))
    db.exec(
      `create table Thing (id integer primary key, n numeric); insert into Thing values (1, 1.5), (2, 41.4142), (3, null)`,
    )
    db.close()
    database = await freshPg('pg18')
  })
  afterAll(async () => {
    await lab[Symbol.asyncDispose]()
    await database.drop()
    await rm(folder, { recursive: true })
  })

  const now = (): Promise<StatusDocument> => status({ target: lab.ctx.target, plan: lab.ctx.plan })
  const gates = ({ gates: all }: StatusDocument): Record<string, boolean> =>
    Object.fromEntries(all.map((gate) => [gate.code, gate.ok]))

  // One story, in order.
  test('from nothing to different and back', async () => {
    const { signal } = new AbortController()
    const target = await openTarget(database.url, { connections: 1, signal })
    const plan = { migration: 'lab', target: { schema: 'lab' }, tables, exclude: [] } as never
    expect(await status({ target, plan })).toMatchObject({
      migration: 'lab',
      started: false,
      stage: 'off',
      epoch: 0,
      step: null,
      tables: [{ name: 'thing|<b>', status: 'waiting', rows: 0, verified: 'never' }],
      gates: [{ code: 'HF-B014', ok: false }],
    })
    await expect(writeReport({ target, plan, tool: '1', out: join(folder, 'r.json') })).rejects.toMatchObject({
      code: 'HF-B014',
    })
    await target.close()

    lab = await openLab(`sqlite:${join(folder, 'plant.db')}`, database.url, tables)
    expect(await now()).toMatchObject({ started: true, step: null, tables: [{ status: 'waiting', percent: 0 }] })
    await expect(verify(lab.ctx)).rejects.toMatchObject({ code: 'HF-V003', exitCode: 4 })

    await lab.load()
    const copied = await now()
    expect(copied.tables[0]).toMatchObject({
      rows: 2,
      quarantined: 1,
      percent: 100,
      status: 'copied',
      verified: 'never',
    })
    expect(gates(copied)).toEqual({ 'HF-V003': true, 'HF-B012': false, 'HF-V001': false })

    await recorded(lab.ctx, 'verify', () => verify(lab.ctx, { level: 'count' }))
    expect((await now()).tables[0]?.verified).toBe('never')
    const running = await recorded(lab.ctx, 'verify', async () => {
      const during = await now()
      return { during, ...(await verify(lab.ctx)) }
    })
    expect(running.during).toMatchObject({ step: 'verify', stepStatus: 'running' })
    expect(running.equal).toBe(true)
    expect(await now()).toMatchObject({ step: 'verify', stepStatus: 'done', tables: [{ status: 'verified' }] })

    await lab.sql('update lab."thing|<b>" set n = 9317.5 where id = 1')
    await recorded(lab.ctx, 'verify', () => verify(lab.ctx, { showValues: true }))
    expect(await now()).toMatchObject({ tables: [{ status: 'different', verified: 'different' }] })
    expect(gates(await now())['HF-V001']).toBe(false)
    await lab.sql('update lab."thing|<b>" set n = 1.5 where id = 1')
    await recorded(lab.ctx, 'verify', () => verify(lab.ctx, { level: 'rows' }))
    expect(await now()).toMatchObject({ tables: [{ status: 'verified', verified: 'equal' }] })

    // Receipts that change after the proof take the proof away.
    await lab.sql(`update hyperferry.receipt set digest = replace(digest, 'hf1:2:', 'hf1:3:')`)
    expect(await now()).toMatchObject({ tables: [{ status: 'copied', verified: 'stale' }] })
    await lab.sql(`update hyperferry.receipt set digest = replace(digest, 'hf1:3:', 'hf1:2:')`)
  })

  test('a report in each form, without secrets and values', async () => {
    const { target, plan } = lab.ctx
    const write = async (name: string): Promise<string> => {
      await writeReport({ target, plan, tool: '9.9.9', out: join(folder, name) })
      return readFile(join(folder, name), 'utf8')
    }
    const json = await write('r.json')
    const report: unknown = JSON.parse(json)
    expect(report).toMatchObject({
      tool: '9.9.9',
      migration: 'lab',
      proven: false,
      tables: [{ name: 'thing|<b>', source: 'Thing', rows: '2', quarantined: '1', verified: 'equal', level: 'rows' }],
      quarantine: [{ table: 'thing|<b>', code: 'HF-D003', column: 'n', rows: 1 }],
    })
    const markdown = await write('r.md')
    expect(markdown).toContain('| thing\\|\\<b\\> | relational | 2 | 1 | equal | rows |')
    expect(markdown).toContain('| thing\\|\\<b\\> | n | HF-D003 | 1 |')
    const html = await write('r.html')
    expect(html).toContain('<td>thing|&lt;b&gt;</td>')
    expect(html).not.toContain('<b>')
    for (const text of [json, markdown, html]) {
      expect(text).not.toContain(database.owner.password)
      expect(text).not.toContain('41.4142')
      expect(text).not.toContain('9317.5')
    }
    await expect(write('r.pdf')).rejects.toMatchObject({ code: 'HF-U001' })
    await expect(write('nowhere/r.json')).rejects.toMatchObject({ code: 'HF-U001' })
  })
})
