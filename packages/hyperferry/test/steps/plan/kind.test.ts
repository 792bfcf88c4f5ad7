import { describe, expect, test } from 'vitest'
import { chooseKind } from '../../../src/steps/plan/kind.ts'
import type { GivenTable } from './given.ts'
import { draftInput } from './given.ts'

type Context = Parameters<typeof chooseKind>[2]
const choose = (name: string, table: GivenTable, context: Partial<Context> = {}): ReturnType<typeof chooseKind> => {
  const { inventory, assessments } = draftInput({ tables: { [name]: table } })
  return chooseKind(inventory.tables[0]!, assessments.get(name)!, {
    referencedBy: [],
    seriesRows: 100_000,
    forced: null,
    ...context,
  })
}
const log: GivenTable = {
  columns: { id: { autoIncrement: true }, at: { type: 'datetime', to: 'timestamptz' } },
  key: ['id'],
  rows: 60_000,
  times: [{ column: 'at', access: 'index', rowsPerDay: 1200 }],
}

describe('time series', () => {
  test('an append-only log of middling size', () => {
    expect(choose('x', log).series?.column).toBe('at')
  })

  test('a small table whose key holds the time', () => {
    const readings = { columns: { d: {}, ts: { to: 'timestamptz' } }, key: ['d', 'ts'], times: [{ column: 'ts' }] }
    expect(choose('x', { ...readings, rows: 2000 }).series?.column).toBe('ts')
    expect(choose('x', { ...readings, rows: 0 }).series?.column).toBe('ts')
  })

  test('a table without any key', () => {
    const given = {
      columns: { t: { to: 'bigint' }, v: {} },
      rows: 3000,
      times: [{ column: 't', type: 'bigint', unit: 'ms' as const, access: 'index' as const }],
    }
    expect(choose('x', given).series?.column).toBe('t')
    // An empty integer column says nothing.
    expect(choose('x', { ...given, rows: 0 }).series).toBeNull()
  })

  test('the best of several columns is taken', () => {
    const two = {
      ...log,
      times: [
        { column: 'created_at', monotone: 1 },
        { column: 'at', access: 'index' as const, rowsPerDay: 2000 },
      ],
    }
    expect(choose('x', two).series?.column).toBe('at')
  })
})

describe('relational', () => {
  test('whatever others refer to', () => {
    expect(choose('x', log, { referencedBy: ['y'] })).toMatchObject({
      series: null,
      reasons: ['its key is referred to by y'],
    })
  })

  test('a table without a plausible time', () => {
    expect(choose('x', { ...log, times: [] }).series).toBeNull()
    expect(choose('x', { ...log, times: [{ ...log.times![0]!, plausible: 0.5 }] }).series).toBeNull()
    expect(
      choose('x', { ...log, times: [{ ...log.times![0]!, unusable: { value: 20_000, exact: true } }] }).series,
    ).toBeNull()
  })

  test('entities: updated rows, a unique name, a time of creation', () => {
    const users: GivenTable = {
      columns: {
        id: {},
        email: {},
        created_at: { to: 'timestamptz' },
        updated_at: { to: 'timestamptz', onUpdateNow: true },
      },
      key: ['id'],
      indexes: [{ name: 'email', unique: true, on: ['email'] }],
      rows: 5_000_000,
      times: [{ column: 'created_at', rowsPerDay: 4000 }],
    }
    expect(choose('users', users).series).toBeNull()
    expect(choose('users', { ...users, indexes: [] }).series).toBeNull()
  })

  test('a handful of rows', () => {
    expect(choose('x', { ...log, rows: 500, times: [{ column: 'at' }] }).series).toBeNull()
  })
})

test('a person decides against the points', () => {
  expect(choose('x', log, { forced: 'relational' }).series).toBeNull()
  expect(choose('x', { ...log, rows: 5 }, { forced: 'timeseries' }).series?.column).toBe('at')
  expect(choose('x', { ...log, times: [] }, { forced: 'timeseries' }).series).toBeNull()
})
