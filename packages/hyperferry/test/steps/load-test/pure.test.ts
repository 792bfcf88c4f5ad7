// What needs no server: the file, canonical texts, comparing, percentiles.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseQueryFile } from '../../../src/config/query-file.ts'
import { HyperferryError } from '../../../src/errors.ts'
import { canonical, same } from '../../../src/steps/load-test/canonical.ts'
import { difference } from '../../../src/steps/load-test/compare.ts'
import { percentiles } from '../../../src/steps/load-test/percentiles.ts'

test('a query has defaults, and whole numbers are not rounded', () => {
  const text = `queries:\n  - name: a\n    source: s\n    target: t\n    params: [[9007199254740993, x, null]]\n  - name: b\n    target: t\n    limit: { p99: 200 ms }\n    weight: 3\n`
  expect(parseQueryFile(text, 'q.yaml')).toEqual([
    {
      name: 'a',
      source: 's',
      target: 't',
      params: [[9007199254740993n, 'x', null]],
      compare: 'unordered',
      limit: { times: 1.5 },
      weight: 1,
    },
    { name: 'b', source: null, target: 't', params: [[]], compare: 'unordered', limit: { ms: 200 }, weight: 3 },
  ])
})

test.each([
  ['queries:\n  - name: a\n', ['q.yaml:2: queries.0.target is missing']],
  ['queries:\n  - name: a\n    target: t\n    taget: t\n', ['q.yaml:4: unknown key queries.0.taget']],
  [
    'queries:\n  - name: a\n    target: t\n    limit: { p99: fast }\n',
    ['q.yaml:4: queries.0.limit.p99: expected 1.5x or 200 ms'],
  ],
  ['queries:\n  - name: a\n    target: t\n    weight: 0\n', [/^q\.yaml:4: queries\.0\.weight: /]],
  ['queries:\n  - name: a\n    target: t\n    compare: maybe\n', [/^q\.yaml:4: queries\.0\.compare: /]],
  [
    'queries:\n  - name: a\n    target: t\n    params: [[{a: 1}]]\n',
    [/^q\.yaml:4: queries\.0\.params\.0\.0: expected/],
  ],
  [
    'queries:\n  - name: a\n    target: t\n  - name: a\n    target: t\n',
    ['q.yaml:4: queries.1.name: a is there already'],
  ],
  ['queries: [\n', [/^q\.yaml:\d: /]],
  ['', [/^q\.yaml:1: /]],
])('the line of a fault: %j', (text, faults) => {
  let thrown: unknown
  try {
    parseQueryFile(text, 'q.yaml')
  } catch (error) {
    thrown = error
  }
  expect(thrown).toBeInstanceOf(HyperferryError)
  expect((thrown as HyperferryError).code).toBe('HF-U016')
  const found = (thrown as HyperferryError).details['faults'] as string[]
  expect(found).toHaveLength(faults.length)
  expect(found).toEqual(faults.map((fault) => (typeof fault === 'string' ? fault : expect.stringMatching(fault))))
})

test.each([
  ['exact', '1.0', '1'],
  ['exact', '1e3', '1000'],
  ['exact', '-0.00', '0'],
  ['exact', '.5', '0.5'],
  ['exact', '12e-4', '0.0012'],
  ['exact', '9007199254740993', '9007199254740993'],
  ['boolean', 't', '1'],
  ['boolean', 'true', '1'],
  ['boolean', '0', '0'],
  ['time', '2024-01-01 00:00:00.000', '2024-01-01 00:00:00'],
  ['time', '2024-01-01 00:00:00+00', '2024-01-01 00:00:00'],
  ['time', '2024-01-01', '2024-01-01 00:00:00'],
  ['time', '2024-01-01T01:30:00.120+05:30', '2023-12-31 20:00:00.12'],
  ['time', '0000-00-00', '0000-00-00'],
  ['bytes', 'a', '\\x61'],
  ['text', '1.0', '1.0'],
] as const)('%s %s is %s', (kind, text, expected) => expect(canonical(text, kind)).toBe(expected))

test('any spelling of a number has one canonical text, and it is the same number', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n }),
      fc.nat(20),
      fc.nat(5),
      fc.integer({ min: -30, max: 30 }),
      (digits, scale, zeros, shift) => {
        const sign = digits < 0n ? '-' : ''
        const text = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, '0')
        const plain = `${sign}${text.slice(0, text.length - scale)}.${text.slice(text.length - scale)}`
        const moved = `${sign}${text}${'0'.repeat(zeros)}e${-scale - zeros}`
        const one = canonical(plain, 'exact')
        expect(canonical(moved, 'exact')).toBe(one)
        expect(canonical(one, 'exact')).toBe(one)
        // Multiplied by a power of ten it is another number, unless it is nothing.
        expect(canonical(`${sign}${text}e${shift - scale}`, 'exact') === one).toBe(digits === 0n || shift === 0)
        expect(Number(one)).toBeCloseTo(Number(plain), 5)
      },
    ),
    { seed: 7, numRuns: 2000 },
  )
})

test('an instant is the same in every zone, and another one is not', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -60_000_000_000, max: 250_000_000_000 }),
      fc.integer({ min: -840, max: 840 }),
      (seconds, zone) => {
        const at = (shift: number): string => new Date((seconds + shift) * 1000).toISOString().slice(0, 19)
        fc.pre(at(zone * 60).length === 19 && /^[1-9]\d{3}-/.test(at(zone * 60)))
        const [hours, minutes] = [Math.floor(Math.abs(zone) / 60), Math.abs(zone) % 60]
        const offset = `${zone < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`
        expect(canonical(`${at(zone * 60)}${offset}`, 'time')).toBe(canonical(at(0), 'time'))
        expect(canonical(at(1), 'time')).not.toBe(canonical(at(0), 'time'))
      },
    ),
    { seed: 7 },
  )
})

test('noise of floats is tolerated, and nothing else', () => {
  expect(same('0.30000000000000004', '0.3', 'double')).toBe(true)
  expect(same('0.3000001', '0.3', 'double')).toBe(false)
  expect(same('1.1', '1.10000002384186', 'single')).toBe(true)
  expect(same('9007199254740993', '9007199254740992', 'exact')).toBe(false)
  expect(same('1.33', '1.34', 'exact')).toBe(false)
  expect(same('1.3333333333333333', '1.33333333333333333333', 'exact')).toBe(true)
  expect(same(null, '0', 'exact')).toBe(false)
})

test('unordered is a multiset, rows is a list', () => {
  const row: fc.Arbitrary<[string | null, string | null]> = fc.tuple(
    fc.constantFrom('a', 'b', null),
    fc.constantFrom('0.3', '0.30000000000000004', '1', null),
  )
  fc.assert(
    fc.property(fc.array(row, { minLength: 1 }), fc.infiniteStream(fc.nat()), (rows, random) => {
      const shuffled = rows
        .map((each) => ({ each, at: random.next().value as number }))
        .toSorted((a, b) => a.at - b.at)
        .map(({ each }) => each)
      const kinds = ['text', 'double'] as const
      expect(difference('unordered', { kinds, source: rows, target: shuffled })).toBeNull()
      expect(difference('rows', { kinds, source: rows, target: rows })).toBeNull()
      const changed = shuffled.with(0, ['z', '1'])
      expect(difference('unordered', { kinds, source: rows, target: changed })).not.toBeNull()
      expect(difference('rows', { kinds, source: rows, target: rows.with(0, ['z', '1']) })).toBe(
        `row 1 of ${rows.length} is different`,
      )
      expect(difference('unordered', { kinds, source: rows, target: [...rows, ['a', '1']] })).toMatch(
        /rows in the source/,
      )
    }),
    { seed: 7, numRuns: 500 },
  )
  const kinds = ['text'] as const
  expect(difference('unordered', { kinds, source: [['a'], ['a'], ['b']], target: [['a'], ['b'], ['b']] })).toBe(
    '1 of 3 rows are different',
  )
  expect(difference('rows', { kinds, source: [['a'], ['b']], target: [['b'], ['a']] })).toBe('row 1 of 2 is different')
  expect(difference('count', { kinds, source: [['a']], target: [['b']] })).toBeNull()
})

test('percentiles are samples, by nearest rank', () => {
  const samples = Array.from({ length: 100 }, (_, i) => 100 - i)
  expect(percentiles(samples)).toEqual({ p50: 50, p95: 95, p99: 99 })
  expect(percentiles([3])).toEqual({ p50: 3, p95: 3, p99: 3 })
  expect(percentiles([2, 10, 1])).toEqual({ p50: 2, p95: 10, p99: 10 })
  expect(percentiles([])).toBeNull()
})
