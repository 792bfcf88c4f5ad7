import { expect, test } from 'vitest'
import { Excused } from '../../../src/steps/verify/excused.ts'
import { plannedTable } from './tables.ts'

const table = plannedTable({
  columns: [
    { name: 'id', sourceType: 'int', type: 'integer' },
    { name: 'at', sourceType: 'datetime', type: 'timestamptz' },
    { name: 'code', sourceType: 'text', type: 'text' },
    { name: 'v', sourceType: 'double', type: 'double precision' },
  ],
})
const values = { id: '7', at: '2024-01-01 10:00:00', code: '007', v: 'NaN' }
const text = (row: Record<string, string | null>) => (name: string) => row[name]

test('a row is excused once, by its key', () => {
  const excused = new Excused(table, [{ how: 'open', column: 'v', key: { id: '7' }, values }])
  expect(excused.take(text({ id: '8', code: '007' }))).toBeNull()
  expect(excused.take(text({ id: '7', code: 'other' }))).not.toBeNull()
  expect(excused.take(text({ id: '7', code: 'other' }))).toBeNull()
  expect(excused.left).toBe(0)
})

test('without a migrated key all columns but the one at fault must agree', () => {
  const kept = [{ how: 'open' as const, column: 'v', key: { rowid: '99' }, values }]
  expect(
    new Excused(table, kept).take(text({ id: '7', at: '2024-01-01T10:00:00.000000', code: '007', v: '1' })),
  ).not.toBeNull()
  expect(
    new Excused(table, kept).take(text({ id: '7', at: '2024-01-01T10:00:01.000000', code: '007', v: '1' })),
  ).toBeNull()
  expect(new Excused(table, kept).take(text({ id: '7.0', code: '007' }))).not.toBeNull()
  expect(new Excused(table, kept).take(text({ id: '7', code: '7' }))).toBeNull()
  expect(new Excused(table, kept).take(text({ id: null, code: '007' }))).toBeNull()
})

test('nothing to compare excuses nothing', () => {
  const excused = new Excused(table, [{ how: 'open', column: 'id', key: { id: '7' }, values: { id: '7' } }])
  expect(excused.take(() => undefined)).toBeNull()
  expect(excused.take(text({ id: '7' }))).toBeNull()
})
