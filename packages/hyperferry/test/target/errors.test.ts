import { expect, test } from 'vitest'
import { targetError } from '../../src/target/errors.ts'

test.each([
  ['COPY reading, line 7, column note', 'COPY reading, line 7, column note'],
  ['COPY reading, line 7, column note: "a secret"', 'COPY reading, line 7, column note'],
  ['JSON data, line 1: {"secret\nCOPY reading, line 7, column note', 'COPY reading, line 7, column note'],
  ['SQL statement "insert into log values (\'a secret\')"', undefined],
])('where %j: the place, and nothing of the row', (where, expected) => {
  const error = Object.assign(new Error('invalid input syntax for type json'), {
    code: '22P02',
    severity: 'ERROR',
    where,
  })
  const known = targetError(error, 'copy')
  expect(known).toMatchObject({ code: 'HF-S016', retry: 'data' })
  expect(known.details['where']).toBe(expected)
  expect(JSON.stringify(known.details)).not.toContain('secret')
})
