import { expect, test } from 'vitest'
import type { Plan, PlannedColumn } from '../../../src/model.ts'
import { clockFindings } from '../../../src/steps/plan/clock-changes.ts'

function planOf(timezone: string, column: Partial<PlannedColumn>): Plan {
  const columns = [{ source: 'at', name: 'at', rules: {}, ...column }]
  return { source: { timezone }, tables: [{ source: 'log', columns }] } as unknown as Plan
}

const datetime = { sourceType: 'datetime(6)', type: 'timestamptz' }

test('a wall clock in a zone with summer time is told', () => {
  expect(clockFindings(planOf('Europe/Berlin', datetime))).toMatchObject([
    { code: 'HF-P206', table: 'log', column: 'at', message: 'at: Europe/Berlin changes its clocks' },
  ])
})

test('the zone of the column counts', () => {
  expect(clockFindings(planOf('UTC', { ...datetime, rules: { timezone: 'America/New_York' } }))).toHaveLength(1)
  expect(clockFindings(planOf('Europe/Berlin', { ...datetime, rules: { timezone: 'UTC' } }))).toEqual([])
})

test.each([
  ['UTC', datetime],
  ['Etc/GMT-2', datetime],
  ['Europe/Berlin', { sourceType: 'timestamp(6)', type: 'timestamptz' }],
  ['Europe/Berlin', { sourceType: 'datetime', type: 'timestamp' }],
  ['Europe/Berlin', { sourceType: 'bigint', type: 'timestamptz', rules: { unit: 'ms' as const } }],
])('nothing to tell of %s %j', (zone, column) => {
  expect(clockFindings(planOf(zone, column))).toEqual([])
})
