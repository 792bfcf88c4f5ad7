import { expect, test } from 'vitest'
import { inOrder, mustGoUnchecked } from '../../src/target/jobs.ts'
import type { JobKind } from '../../src/target/jobs.ts'

test.each([
  ['{"drop_created_before": "7 days"}', '2.19.3', true],
  ['{"drop_created_before": "7 days"}', '2.26.2', true],
  ['{"drop_created_before": "7 days"}', '2.26.3', false],
  ['{"drop_created_before": "7 days"}', '2.28.3', false],
  ['{"drop_after": "7 days"}', '2.19.3', false],
  ['{"note": "drop_created_before"}', '2.19.3', false],
  ['null', '2.19.3', false],
  [null, '2.19.3', false],
])('the check of %s is passed over on %s: %s', (config, version, expected) => {
  expect(mustGoUnchecked(config, version)).toBe(expected)
})

test('refresh by level first, retention last', () => {
  const kinds: [JobKind, number][] = [
    ['retention', 0],
    ['action', 0],
    ['refresh', 2],
    ['columnstore', 1],
    ['reorder', 0],
    ['refresh', 1],
    ['columnstore', 0],
  ]
  const jobs = kinds.map(([kind, level], at) => ({ kind, level, id: 1000 + at }))
  expect(jobs.toSorted(inOrder).map(({ kind, level }) => `${kind} ${level}`)).toEqual([
    'refresh 1',
    'refresh 2',
    'columnstore 0',
    'columnstore 1',
    'reorder 0',
    'action 0',
    'retention 0',
  ])
})
