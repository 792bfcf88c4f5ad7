// Rows of the quarantine fixed, tried again, given up: what the target, the books and verify say after each.
import { expect, test } from 'vitest'
import { describeWith } from '../../../../../test/servers/index.ts'
import { discard, fix, retry } from '../../../src/steps/quarantine.ts'
import type { SettledRows } from '../../../src/steps/quarantine.ts'
import { verify } from '../../../src/steps/verify.ts'
import { copiesNothing, EQUAL, ROWS, verdicts, world } from './world.ts'
import type { Engine, World } from './world.ts'

const suite = await describeWith('pg18', 'mariadb')

const codes = (result: SettledRows): string[] => result.left.map(({ code }) => code).toSorted()

async function fixAll(it: World): Promise<SettledRows> {
  const set: Record<number, Record<string, string | null>> = {
    10: { note: 'a-b' },
    20: { price: '1.23' },
    30: { at: '2024-01-05 10:00:00.000030+00', note: null },
    40: { device: '7' },
  }
  const fixes = await Promise.all(
    Object.entries(set).map(async ([row, each]) => ({ id: await it.idOf(Number(row)), set: each })),
  )
  return fix(it.ctx, fixes)
}

suite.each<Engine>(['sqlite', 'mariadb'])('quarantine of %s', (engine) => {
  test('as it begins: every kind of row is kept, and what is compared is equal without them', async () => {
    const it = await world(engine)
    const kept = await it.kept()
    expect(kept.map(({ values, code }) => [values['id'], code])).toEqual(
      expect.arrayContaining([
        ['10', 'HF-D006'],
        ['20', 'HF-D003'],
        ['30', engine === 'sqlite' ? 'HF-D001' : 'HF-D005'],
        ['40', 'HF-D021'],
      ]),
    )
    expect(kept).toHaveLength(4)
    expect(await verdicts(it)).toEqual(EQUAL)
    // Nothing was mended: all stay, with their reasons, and nothing is changed.
    const again = await retry(it.ctx, {})
    expect([again.counts.left, again.counts.delivered, again.exitCode]).toEqual([4, 0, 4])
    expect(codes(again)).toEqual(kept.map(({ code }) => code).toSorted())
    expect(await verdicts(it)).toEqual(EQUAL)
    await copiesNothing(it)
  })

  test('retry brings what was mended in the source, once', async () => {
    const it = await world(engine)
    await it.source(`update reading set note = 'mended' where id = 10`)
    await it.source(`update reading set price = 1.25 where id = 20`)
    await it.source(`update reading set at = '2024-01-07 11:00:00.000030' where id = 30`)
    await it.source(`update reading set device = 8 where id = 40`)
    const first = await retry(it.ctx, { codes: ['HF-D006'] })
    expect([first.counts.delivered, first.open, first.exitCode]).toEqual([1, 3, 0])
    expect((await retry(it.ctx, {})).counts).toMatchObject({ delivered: 3, left: 0 })
    expect(
      await it.sql('select id::int, device, price::text, note from lab.reading where id in (10, 20, 40) order by id'),
    ).toEqual([
      { id: 10, device: 3, price: '10.25', note: 'mended' },
      { id: 20, device: 6, price: '1.25', note: 'note 20' },
      { id: 40, device: 8, price: '40.25', note: 'note 40' },
    ])
    expect(await verdicts(it)).toEqual(EQUAL)
    await copiesNothing(it)
    const twice = await retry(it.ctx, { ids: [await it.idOf(10), await it.idOf(40)] })
    expect([twice.counts.unchanged, twice.counts.delivered, twice.exitCode]).toEqual([2, 0, 0])
    expect((await it.sql('select count(*)::int as n from lab.reading'))[0]).toEqual({ n: ROWS })
  })

  test('a row that is mended by half stays with its new reason, and fits when the target gives way', async () => {
    const it = await world(engine)
    await it.source(`update reading set note = 'mended', device = 950 where id = 10`)
    const id = await it.idOf(10)
    const half = await retry(it.ctx, { ids: [id] })
    expect(half.left).toMatchObject([{ id, code: 'HF-D021', sqlstate: '23514' }])
    expect((await it.kept()).find((row) => row.id === id)).toMatchObject({
      code: 'HF-D021',
      key: { id: '10' },
      values: { device: '950' },
    })
    expect(await verdicts(it)).toEqual(EQUAL)
    await it.sql('alter table lab.reading drop constraint small')
    expect((await retry(it.ctx, {})).counts).toMatchObject({ delivered: 2, left: 2 })
    expect(await verdicts(it)).toEqual(EQUAL)
    await copiesNothing(it)
  })

  test('rows that the source has no more leave the books', async () => {
    const it = await world(engine)
    await it.source('delete from reading where id in (10, 40)')
    const result = await retry(it.ctx, {})
    // Row 40 was sent before: where its place is not told by its key, nobody can say that it is gone.
    expect(result.counts).toMatchObject({ gone: 2, left: 2 })
    expect(await verdicts(it)).toEqual(EQUAL)
    await copiesNothing(it)
  })

  test('fix puts values of a person into the target, and verify knows', async () => {
    const it = await world(engine)
    const result = await fixAll(it)
    expect(result).toMatchObject({ counts: { fixed: 4, left: 0 }, open: 0, exitCode: 0 })
    expect(
      await it.sql(
        `select id::int, at at time zone 'UTC' as at, device, price::text, note from lab.reading where id in (10, 20, 30, 40) order by id`,
      ),
    ).toEqual([
      { id: 10, at: '2024-01-11 10:00:00.00001', device: 3, price: '10.25', note: 'a-b' },
      { id: 20, at: '2024-01-01 10:00:00.00002', device: 6, price: '1.23', note: 'note 20' },
      { id: 30, at: '2024-01-05 10:00:00.00003', device: 2, price: '30.25', note: null },
      { id: 40, at: '2024-01-01 10:00:00.00004', device: 7, price: '40.25', note: 'note 40' },
    ])
    expect(await verdicts(it)).toEqual(EQUAL)
    await copiesNothing(it)
    const [row] = (await it.kept(true)).filter(({ values }) => values['id'] === '30')
    expect(row).toMatchObject({
      status: 'delivered',
      how: 'fix',
      settledValues: { at: '2024-01-05 10:00:00.000030+00', note: null },
    })
    expect(row?.by).toMatch(/_owner$/)
    const twice = await fixAll(it)
    expect([twice.counts.unchanged, twice.counts.fixed]).toEqual([4, 0])
    expect(await verdicts(it)).toEqual(EQUAL)
  })

  test('nothing else hides behind a fixed row', async () => {
    const it = await world(engine)
    await fixAll(it)
    const sabotage = [
      'update lab.reading set price = 9 where id = 10',
      'delete from lab.reading where id = 10',
      'update lab.reading set price = 9 where id = 40',
      'delete from lab.reading where id = 40',
      `update lab.reading set note = 'other' where id = 11`,
      'delete from lab.reading where id = 41',
    ]
    await it.sql('create table lab.saved as select * from lab.reading')
    for (const one of sabotage) {
      await it.sql(one)
      for (const level of ['digest', 'rows'] as const)
        expect([one, (await verify(it.ctx, { level, sampleRows: 0 })).equal]).toEqual([one, false])
      await it.sql('truncate lab.reading; insert into lab.reading select * from lab.saved')
    }
    expect((await verify(it.ctx, { level: 'rows' })).equal).toBe(true)
  })

  test('a decision is about the row as it was: when the source changes, the difference shows', async () => {
    const it = await world(engine)
    await fixAll(it)
    await it.source(`update reading set note = 'something else' where id = 10`)
    expect((await verify(it.ctx, { level: 'rows' })).tables[0]?.different).toMatchObject([
      { missing: 0, extra: 0, changed: 1 },
    ])
    // Mended to what the person had given: equal again.
    await it.source(`update reading set note = 'a-b' where id = 10`)
    expect((await verify(it.ctx, { level: 'rows' })).equal).toBe(true)
  })

  test('discard gives rows up, with name and reason', async () => {
    const it = await world(engine)
    const ids = await Promise.all([10, 40].map((row) => it.idOf(row)))
    const result = await discard(it.ctx, { ids }, 'rows of a test')
    expect(result).toMatchObject({ counts: { discarded: 2, left: 0 }, open: 2, exitCode: 0 })
    expect(await verdicts(it)).toEqual(EQUAL)
    await copiesNothing(it)
    expect((await it.kept(true)).filter(({ status }) => status === 'discarded')).toMatchObject([
      { how: 'discard', settledReason: 'rows of a test' },
      { how: 'discard', settledReason: 'rows of a test' },
    ])
    expect((await discard(it.ctx, { ids }, 'again')).counts).toMatchObject({ discarded: 0, unchanged: 2 })
    await expect(fix(it.ctx, [{ id: ids[0] ?? '', set: { note: 'x' } }])).rejects.toMatchObject({ code: 'HF-Q007' })
    await expect(retry(it.ctx, { ids })).rejects.toMatchObject({ code: 'HF-Q007' })
    // Nothing hides behind them either.
    await it.sql('delete from lab.reading where id = 41')
    for (const level of ['count', 'digest', 'rows'] as const)
      expect((await verify(it.ctx, { level })).equal).toBe(false)
    await it.sql(`delete from lab.reading where id = 11`)
    const [table] = (await verify(it.ctx, { level: 'rows' })).tables
    expect(table?.different.reduce((sum, each) => sum + each.missing, 0)).toBe(2)
  })

  test('bad input changes nothing', async () => {
    const it = await world(engine)
    const id = await it.idOf(10)
    const left = async (set: Record<string, string | null>, row = 10) =>
      (await fix(it.ctx, [{ id: await it.idOf(row), set }])).left[0]
    await expect(fix(it.ctx, [{ id: '999999', set: { note: 'x' } }])).rejects.toMatchObject({ code: 'HF-Q001' })
    await expect(discard(it.ctx, { ids: ['999999'] }, 'x')).rejects.toMatchObject({ code: 'HF-Q001' })
    await expect(fix(it.ctx, [{ id, set: { nothing: 'x' } }])).rejects.toMatchObject({ code: 'HF-Q002', exitCode: 2 })
    expect(await left({ price: '1' })).toMatchObject({ code: 'HF-Q003', column: 'note' })
    expect(await left({ note: 'x', price: '1.234' })).toMatchObject({ code: 'HF-Q003', column: 'price' })
    expect(await left({ note: 'x', device: 'seven' })).toMatchObject({
      code: 'HF-Q003',
      column: 'device',
      sqlstate: '22P02',
    })
    expect(await left({ note: 'x', device: '950' })).toMatchObject({ code: 'HF-Q004', sqlstate: '23514' })
    expect(await left({ note: 'x', at: null })).toMatchObject({ code: 'HF-Q004', sqlstate: '23502' })
    const taken = { id: '11', at: '2024-01-12 10:00:00.000011+00', note: 'x' }
    expect(await left(taken)).toMatchObject({ code: 'HF-Q004', sqlstate: '23505' })
    expect(await left({ ...taken, device: '1' }, 40)).toMatchObject({ code: 'HF-Q004', sqlstate: '23505' })
    expect(await it.kept()).toHaveLength(4)
    expect(await verdicts(it)).toEqual(EQUAL)
    await copiesNothing(it)
  })
})
