import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jsonValue } from '../../../src/steps/verify/meaning-json.ts'

const same: [string, string][] = [
  ['{"b":1,"a":2}', ' { "a" : 2.0 , "b" : 10e-1 } '],
  ['{"a":1,"a":2}', '{"a":2}'],
  ['1e2', '100'],
  ['0.10', '1e-1'],
  ['-0.0', '0'],
  ['123456789012345678901234567890.5', '1234567890123456789012345678905e-1'],
  ['"\\u0041\\/"', '"A/"'],
  ['"\\ud83d\\ude00"', '"😀"'],
  ['[]', '[ ]'],
  ['{}', '{ }'],
]
const different: [string, string][] = [
  ['[1,2]', '[2,1]'],
  ['9007199254740993', '9007199254740992'],
  ['1e400', '1e401'],
  ['0.1', '0.10000000000000001'],
  ['"1"', '1'],
  ['null', '"null"'],
  ['"\\ud800"', '"\\ufffd"'],
  ['{"a":[1]}', '{"a":1}'],
  ['"a"', '"A"'],
  ['"é"', '"e\u0301"'],
  ['-1', '1'],
]

describe('JSON by value', () => {
  test.each(same)('%s equals %s', (left, right) => {
    expect(jsonValue(left)).not.toBeNull()
    expect(jsonValue(left)).toBe(jsonValue(right))
  })

  test.each(different)('%s differs from %s', (left, right) => {
    expect(jsonValue(left)).not.toBeNull()
    expect(jsonValue(left)).not.toBe(jsonValue(right))
  })

  test.each([
    '',
    '{',
    '[1,]',
    '{"a":}',
    '{a:1}',
    '01',
    '+1',
    '.5',
    '1.',
    '"\t"',
    '"\\x"',
    '"a',
    'nul',
    '1 2',
    '[1}',
    'NaN',
    '[,1]',
    '"\\',
  ])('%s is no JSON', (text) => expect(jsonValue(text)).toBeNull())

  test('spacing and order of keys never matter, values always do', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (left, right) => {
        const shuffled = JSON.stringify(reversed(left), null, 3)
        expect(jsonValue(shuffled)).toBe(jsonValue(JSON.stringify(left)))
        const equal = JSON.stringify(sorted(left)) === JSON.stringify(sorted(right))
        expect(jsonValue(JSON.stringify(left)) === jsonValue(JSON.stringify(right))).toBe(equal)
      }),
      { seed: 3, numRuns: 500 },
    )
  })

  test('a string of megabytes is no burden', () => {
    const text = JSON.stringify('\\"é'.repeat(500_000))
    expect(jsonValue(text)).toBe(text)
  })
})

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, each]) => [key, reversed(each)]),
  )
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return { array: value.map(sorted) }
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return { object: members.map(([key, each]) => [key, sorted(each)]) }
}
