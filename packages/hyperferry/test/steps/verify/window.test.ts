import { expect, test } from 'vitest'
import type { PlannedTable } from '../../../src/model.ts'
import { isPlaceable, windowOf } from '../../../src/steps/verify/window.ts'

function series(column: object, table: object = {}): PlannedTable {
  const columns = [{ source: 'ts', name: 'ts', rules: {}, sourceType: 'datetime(6)', type: 'timestamptz', ...column }]
  return {
    name: 'reading',
    split: 'time',
    axis: 'ts',
    time: { column: 'ts', unit: null },
    columns,
    ...table,
  } as unknown as PlannedTable
}

const from = (table: PlannedTable, text: string, zone = 'UTC') => windowOf(table, zone, { from: text }).from

test.each([
  ['s' as const, 1704067200n],
  ['ms' as const, 1704067200000n],
  ['us' as const, 1704067200000000n],
  ['ns' as const, 1704067200000000000n],
])('an instant on an integer axis in %s', (unit, position) => {
  const kept = series({ sourceType: 'bigint', type: 'bigint' }, { time: { column: 'ts', unit } })
  expect(from(kept, '2024-01-01T00:00:00Z')).toBe(position)
  const converted = series({ sourceType: 'bigint', rules: { unit } })
  expect(from(converted, '2024-01-01T00:00:00Z')).toBe(position)
})

test('an instant on a wall clock is what the clock shows', () => {
  expect(from(series({}), '2024-01-01T00:00:00Z', 'Europe/Berlin')).toBe(1704070800000000n)
  expect(from(series({ sourceType: 'timestamp(6)' }), '2024-01-01T00:00:00Z', 'Europe/Berlin')).toBe(1704067200000000n)
})

test('a table split by its key has no place for an instant, but for a position', () => {
  const relational = series({}, { split: 'pk', axis: 'id' })
  expect(isPlaceable(relational, { from: '2024-01-01' })).toBe(false)
  expect(isPlaceable(relational, { from: '-5', to: '17' })).toBe(true)
  expect(windowOf(relational, 'UTC', { from: '-5', to: '17' })).toEqual({ from: -5n, to: 17n })
  expect(() => from(relational, '2024-01-01')).toThrow('not split by time')
  expect(isPlaceable(series({}), { from: '2024-01-01' })).toBe(true)
})
