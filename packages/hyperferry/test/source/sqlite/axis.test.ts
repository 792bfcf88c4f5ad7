// The time axis in a column that holds anything: numbers are in exactly one range, everything else is the residual.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Slice } from '../../../src/model.ts'
import { fieldsOf } from './decode.ts'
import { makeDatabase, openFile, planOf, readAll } from './helpers.ts'

const VALUES = [
  'NULL',
  "''",
  "'5'",
  "'text'",
  "x'00'",
  "x''",
  '-9e999',
  '9e999',
  '-9223372036854775808',
  '9223372036854775807',
  '9223372036854775807.0',
  '1e300',
  '-1e300',
  '0',
  '-0.0',
  '0.5',
  '-0.5',
  '1',
  '1',
  '1.5',
  '1.5',
  '2',
  '3',
  '3',
  '3',
  '1e18',
]
const INSERTS = VALUES.map((value, i) => `INSERT INTO t VALUES (${i}, ${value});`).join(' ')
const MAX = 2n ** 63n - 1n
const MIN = -(2n ** 63n)

describe.each(['', 'INTEGER', 'REAL', 'NUMERIC', 'DATETIME'])('an axis declared "%s"', (declared) => {
  async function setUp(index = 'CREATE INDEX t_at ON t (at)') {
    const { path } = makeDatabase(`CREATE TABLE t (n INT, at ${declared}); ${index}; ${INSERTS}`)
    const source = await openFile(path)
    const reader = source.reader(await planOf(source, 't', { n: 'bigint' }, { split: 'time', axis: 'at' }))
    const ids = async (slice: Slice) =>
      (await readAll(reader, slice))
        .flatMap(({ bytes, ends }) => fieldsOf(bytes, ends))
        .map(([n]) => Number(n?.readBigInt64BE()))
    return { reader, ids }
  }

  it.each(['CREATE INDEX t_at ON t (at)', 'CREATE INDEX t_at ON t (at DESC, n)', ''])(
    'is covered exactly, with %s',
    async (index) => {
      const { reader, ids } = await setUp(index)
      const all = (await ids({ kind: 'all' })).toSorted((a, b) => a - b)
      expect(all).toEqual(VALUES.map((_, i) => i))
      const boundary = fc.oneof(
        fc.constantFrom(MIN, MIN - 1n, MAX, MAX + 1n, 10n ** 300n, -(10n ** 300n), 0n, 1n, 2n, 3n, 4n),
        fc.bigInt(MIN, MAX),
      )
      await fc.assert(
        fc.asyncProperty(fc.uniqueArray(boundary, { maxLength: 6 }), async (boundaries) => {
          const edges = [null, ...boundaries.toSorted((a, b) => (a < b ? -1 : 1)), null]
          const slices: Slice[] = [
            ...edges.slice(1).map((to, i): Slice => ({ kind: 'range', from: edges[i] ?? null, to })),
            { kind: 'residual' },
          ]
          const parts: number[] = []
          for (const slice of slices) {
            const found = await ids(slice)
            expect(await reader.count(slice)).toBe(BigInt(found.length))
            parts.push(...found)
          }
          expect(parts.toSorted((a, b) => a - b)).toEqual(all)
        }),
        { seed: 7, numRuns: 30 },
      )
    },
  )

  it('advances over reals, infinities and equal positions to the end', async () => {
    const { reader } = await setUp()
    for (const step of [1, 2, 3, 5, 100]) {
      const boundaries: bigint[] = []
      for (let at: bigint | null = null; ;) {
        const next = await reader.advance(at, step)
        if (next === null) break
        expect(at === null || next > at).toBe(true)
        boundaries.push(next)
        at = next
      }
      expect(boundaries.length).toBeLessThan(VALUES.length)
      expect(boundaries.length > 4).toBe(step <= 3)
      const edges = [null, ...boundaries, null]
      for (const [i, to] of edges.slice(1).entries()) {
        expect(await reader.count({ kind: 'range', from: edges[i] ?? null, to })).toBeGreaterThan(0n)
      }
    }
  })

  it('has a finite extent', async () => {
    const { reader } = await setUp()
    expect(await reader.extent()).toEqual({ min: BigInt(-1e300), max: BigInt(1e300) })
  })
})

describe('keys as axis', () => {
  it.each([
    ['the rowid', 'CREATE TABLE t (n INT, at INT)', 'rowid', 0n],
    ['a rowid behind a column of that name', 'CREATE TABLE t (n INT, at INT, "ROWID" TEXT)', null, null],
    ['an INTEGER PRIMARY KEY', 'CREATE TABLE t (n INTEGER PRIMARY KEY, at INT)', 'n', 0n],
    ['INT PRIMARY KEY, which is none', 'CREATE TABLE t (n INT PRIMARY KEY, at INT)', 'rowid', 0n],
    ['INTEGER PRIMARY KEY DESC, which is none', 'CREATE TABLE t (n INTEGER PRIMARY KEY DESC, at INT)', 'rowid', 0n],
    ['the leading key WITHOUT ROWID', 'CREATE TABLE t (n INT, at INT, PRIMARY KEY (n, at)) WITHOUT ROWID', 'n', 0n],
    ['no number WITHOUT ROWID', 'CREATE TABLE t (n TEXT, at INT, PRIMARY KEY (n, at)) WITHOUT ROWID', null, null],
  ])('%s', async (_what, sql, axis, residual) => {
    const { path } = makeDatabase(`${sql}; INSERT INTO t (n, at) VALUES (1, 10), (2, 20), (5, 50)`)
    const source = await openFile(path)
    const [table] = (await source.inventory()).tables
    const { keyAxis } = await source.assess(table!, { full: true, sampleRows: 10 })
    expect(keyAxis?.column ?? null).toBe(axis)
    if (axis === null) return
    const reader = source.reader(await planOf(source, 't', { n: 'bigint' }, { split: 'pk', axis }))
    expect(await reader.count({ kind: 'residual' })).toBe(residual)
    expect(await reader.count({ kind: 'range', from: null, to: 2n })).toBe(1n)
    expect(await reader.extent()).toEqual({ min: 1n, max: axis === 'n' ? 5n : 3n })
    expect(await reader.advance(null, 1)).toBe(2n)
  })

  it('sees text in the key of a WITHOUT ROWID table as residual', async () => {
    const { path } = makeDatabase(
      `CREATE TABLE t (n INT PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO t VALUES (1, 1), ('x', 2), (x'00', 3), (1.5, 4)`,
    )
    const source = await openFile(path)
    const reader = source.reader(await planOf(source, 't', { v: 'bigint' }, { split: 'pk', axis: 'n' }))
    expect(await reader.count({ kind: 'residual' })).toBe(2n)
    expect(await reader.count({ kind: 'range', from: null, to: null })).toBe(2n)
  })
})

it('has no positions in a column that turns numbers into text', async () => {
  const { path } = makeDatabase(`CREATE TABLE t (n INT, at TEXT); CREATE INDEX t_at ON t (at); ${INSERTS}`)
  const source = await openFile(path)
  const reader = source.reader(await planOf(source, 't', { n: 'bigint' }, { split: 'time', axis: 'at' }))
  expect(await reader.count({ kind: 'residual' })).toBe(BigInt(VALUES.length))
  for (const [from, to] of [
    [null, null],
    [0n, null],
    [null, 5n],
    [0n, 5n],
  ] as const) {
    expect(await reader.count({ kind: 'range', from, to })).toBe(0n)
  }
  expect(await reader.extent()).toBeNull()
  expect(await reader.advance(null, 1)).toBeNull()
})
