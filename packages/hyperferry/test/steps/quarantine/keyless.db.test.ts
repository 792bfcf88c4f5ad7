// Rows that nothing names: what can still be done about them, and what is refused with a code.
import { expect, onTestFinished, test } from 'vitest'
import mysql from 'mysql2/promise'
import { freshMysql, freshPg } from '../../../../../test/servers/database.ts'
import { describeWith } from '../../../../../test/servers/index.ts'
import { listQuarantine } from '../../../src/control/quarantine.ts'
import { backfill } from '../../../src/steps/backfill.ts'
import { fix, retry } from '../../../src/steps/quarantine.ts'
import { schema } from '../../../src/steps/schema.ts'
import { verify } from '../../../src/steps/verify.ts'
import { openLab } from '../verify/lab.ts'
import { plannedTable } from '../verify/tables.ts'

const suite = await describeWith('pg18', 'mariadb')

/** `k` is a key of the target alone. */
async function keyless(rows: string, options: { isKeyed: boolean; check?: string }) {
  const fresh = await freshMysql('mariadb')
  const connection = await mysql.createConnection(fresh.adminUrl)
  await connection.query('create table event (k int, at datetime, note varchar(20), index (at))')
  await connection.query(`insert into event values ${rows}`)
  const { url } = await freshPg('pg18')
  const table = plannedTable({
    source: 'event',
    name: 'event',
    kind: 'timeseries',
    time: { column: 'at', unit: null },
    chunkInterval: '1 day',
    split: 'time',
    axis: 'at',
    mode: options.isKeyed ? 'merge' : 'replace',
    keys: options.isKeyed ? [{ name: 'event_pkey', columns: ['k', 'at'], primary: true }] : [],
    columns: [
      { name: 'k', sourceType: '', type: 'integer' },
      { name: 'at', sourceType: '', type: 'timestamptz' },
      { name: 'note', sourceType: '', type: 'text', nullable: true },
    ],
  })
  const lab = await openLab(fresh.url, url, [table], { taskRows: 3 })
  onTestFinished(async () => {
    await lab[Symbol.asyncDispose]()
    await connection.end()
  })
  const { ctx } = lab
  await schema(ctx)
  if (options.check !== undefined) await lab.sql(`alter table lab.event add constraint small check (${options.check})`)
  await backfill(ctx, { acceptQuarantine: 100 })
  const session = await ctx.target.session()
  const kept = await listQuarantine(session, ctx.migrationId)
  await session.release()
  const equal = async (): Promise<(boolean | null)[]> => {
    const said = []
    for (const level of ['count', 'digest', 'rows'] as const) said.push((await verify(ctx, { level })).equal)
    await backfill(ctx, { acceptQuarantine: 100 })
    return said
  }
  return { ctx, lab, kept, equal, source: (sql: string) => connection.query(sql) }
}

const TWINS = `(1, '2024-01-01', 'x'), (1, '2024-01-01', 'x'), (2, '2024-01-02', 'y'), (3, '2024-01-03', 'z')`
const TRUE = [true, true, true]

suite('rows that nothing names', () => {
  test('of two equal rows one stays out, and leaves the books when the source has only one left', async () => {
    const { ctx, kept, equal, source } = await keyless(TWINS, { isKeyed: true })
    expect(kept.map(({ code }) => code)).toEqual(['HF-D020'])
    expect((await retry(ctx, {})).left).toMatchObject([{ code: 'HF-D020', sqlstate: '23505' }])
    expect(await equal()).toEqual(TRUE)
    await source(`delete from event where k = 1 limit 1`)
    expect((await retry(ctx, {})).counts).toMatchObject({ gone: 1, delivered: 0, left: 0 })
    expect(await equal()).toEqual(TRUE)
  })

  test('a row that got another key is not guessed at; a person says which it is', async () => {
    const { ctx, kept, equal, source } = await keyless(TWINS.replace(`'x'`, `'w'`), { isKeyed: true })
    await source(`update event set k = 9 where note = '${kept[0]?.values['note']}'`)
    expect((await retry(ctx, {})).left).toMatchObject([{ code: 'HF-Q005' }])
    expect((await fix(ctx, [{ id: kept[0]?.id ?? '', set: { k: '9' } }])).counts.fixed).toBe(1)
    expect(await equal()).toEqual(TRUE)
  })

  test('what was sent before is known by its bytes, each as often as it is there', async () => {
    const rows = `(1, '2024-01-01', 'bad'), (1, '2024-01-01', 'bad'), (2, '2024-01-02', 'y'), (3, '2024-01-03', 'bad')`
    const { ctx, lab, kept, equal } = await keyless(rows, { isKeyed: false, check: `note <> 'bad'` })
    expect(kept).toHaveLength(3)
    await lab.sql('alter table lab.event drop constraint small')
    expect((await retry(ctx, {})).counts).toMatchObject({ delivered: 3, left: 0 })
    expect(await equal()).toEqual(TRUE)
  })

  test('what was never sent cannot be read again; a fix needs what is not sure', async () => {
    const rows = `(1, '2024-01-01', concat('a', char(0))), (2, '2024-01-02', 'y'), (3, null, 'z')`
    const { ctx, kept, equal } = await keyless(rows, { isKeyed: false })
    expect(kept.map(({ code }) => code).toSorted()).toEqual(['HF-D001', 'HF-D006'])
    expect((await retry(ctx, {})).left.map(({ code }) => code)).toEqual(['HF-Q005', 'HF-Q005'])
    const id = kept.find(({ code }) => code === 'HF-D006')?.id ?? ''
    expect((await fix(ctx, [{ id, set: { note: 'a' } }])).left).toMatchObject([{ code: 'HF-Q005' }])
    const given = { note: 'a', at: '2024-01-01 00:00:00+00' }
    expect((await fix(ctx, [{ id, set: given }])).counts.fixed).toBe(1)
    const other = kept.find(({ code }) => code === 'HF-D001')?.id ?? ''
    expect((await fix(ctx, [{ id: other, set: { at: '2024-05-01 00:00:00+00' } }])).counts.fixed).toBe(1)
    expect(await equal()).toEqual(TRUE)
  })
})
