import { expect, test } from 'vitest'
import { joinTypes } from '../../../src/steps/plan/type-join.ts'

test.each([
  ['integer', 'bigint', 'bigint'],
  ['smallint', 'smallint', 'smallint'],
  ['boolean', 'boolean', 'smallint'],
  ['boolean', 'integer', 'integer'],
  ['bigint', 'numeric(20,0)', 'numeric(20,0)'],
  ['integer', 'numeric(5,2)', 'numeric(12,2)'],
  ['numeric(10,4)', 'numeric(12,0)', 'numeric(16,4)'],
  ['numeric', 'integer', 'numeric'],
  ['varchar(20)', 'varchar(64)', 'varchar(64)'],
  ['varchar(20)', 'text', 'text'],
  ['character(3)', 'varchar(5)', 'text'],
  ['real', 'double precision', 'double precision'],
  ['timestamptz(3)', 'timestamptz', 'timestamptz'],
  ['timestamptz(3)', 'timestamptz(0)', 'timestamptz(3)'],
  ['uuid', 'bytea', 'bytea'],
  ['jsonb', 'jsonb', 'text'],
  ['integer', 'text', null],
  ['timestamp', 'timestamptz', null],
  ['uuid', 'text', null],
  ['date', 'timestamptz', null],
])('%s and %s meet in %s', (a, b, expected) => {
  expect(joinTypes(a, b)).toBe(expected)
  expect(joinTypes(b, a)).toBe(expected)
})
