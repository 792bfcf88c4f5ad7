import { expect, test } from 'vitest'
import { brief, bytes, columns, count, duration, rows } from '../../src/cli/format.ts'
import { toJson } from '../../src/cli/json.ts'

test.each([
  [0, '0'],
  [999, '999'],
  [1000, '1,000'],
  [1902114331, '1,902,114,331'],
  [18446744073709551615n, '18,446,744,073,709,551,615'],
  ['1234567', '1,234,567'],
  [null, '?'],
])('count %s', (value, shown) => {
  expect(count(value)).toBe(shown)
})

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [999_500_000_000, '1.0 TB'],
  [212e9, '212 GB'],
  [null, '?'],
])('bytes %s', (value, shown) => {
  expect(bytes(value)).toBe(shown)
})

test.each([
  [0.04, '0.0 s'],
  [9.94, '9.9 s'],
  [59, '59 s'],
  [130, '2 m 10 s'],
  [13_200, '3 h 40 m'],
  [Number.POSITIVE_INFINITY, '?'],
])('duration %s', (value, shown) => {
  expect(duration(value)).toBe(shown)
})

test('one row is no rows', () => {
  expect([rows(0), rows(1), rows(2n)]).toEqual(['0 rows', '1 row', '2 rows'])
})

test('long values are cut and say how long they were', () => {
  expect(brief('x'.repeat(80))).toHaveLength(80)
  expect(brief('x'.repeat(81))).toMatch(/^x{60}… \(81 characters\)$/)
  expect(brief(null)).toBe('NULL')
})

test('columns are as wide as their widest cell', () => {
  expect(
    columns(
      [
        ['a', '1'],
        ['long', '22'],
      ],
      [1],
    ),
  ).toEqual(['a      1', 'long  22'])
})

test('JSON counts are numbers when safe and strings otherwise', () => {
  expect(JSON.parse(toJson({ safe: 9007199254740991n, unsafe: 9007199254740992n, negative: -1n }))).toEqual({
    safe: 9007199254740991,
    unsafe: '9007199254740992',
    negative: -1,
  })
})
