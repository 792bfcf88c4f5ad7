// The same on a hypertable: new chunks, and rows that move from one to another.
import { expect, test } from 'vitest'
import { describeWith } from '../../../../../test/servers/index.ts'
import { discard, fix, retry } from '../../../src/steps/quarantine.ts'
import { copiesNothing, EQUAL, verdicts, world } from './world.ts'

const suite = await describeWith('tsl', 'mariadb')

suite('quarantine of a hypertable', () => {
  test('fix, retry and discard', async () => {
    const it = await world('mariadb', 'tsl')
    expect(await it.sql(`select hypertable_name::text as name from timescaledb_information.hypertables`)).toEqual([
      { name: 'reading' },
    ])
    await it.source(`update reading set note = 'mended' where id = 10`)
    expect((await retry(it.ctx, { codes: ['HF-D006'] })).counts.delivered).toBe(1)
    const fixes = [
      { id: await it.idOf(30), set: { at: '2031-05-05 10:00:00+00' } },
      { id: await it.idOf(40), set: { device: '1' } },
    ]
    expect((await fix(it.ctx, fixes)).counts).toMatchObject({ fixed: 2, left: 0 })
    const timeless = await fix(it.ctx, [{ id: await it.idOf(20), set: { price: '1', at: null } }])
    expect(timeless.left).toMatchObject([{ code: 'HF-Q004', sqlstate: '23502' }])
    expect((await discard(it.ctx, {}, 'x')).open).toBe(0)
    expect(await verdicts(it)).toEqual(EQUAL)
    await copiesNothing(it)
  })
})
