// Which rows are compared while the application writes: told alike by the target's SQL, by tuples of the source, and by canonical texts.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { TableReader } from '../../../src/source/source.ts'
import { benchOf } from '../../../src/steps/verify/bench.ts'
import { stillOdd } from '../../../src/steps/verify/looks.ts'
import { wholeRange } from '../../../src/steps/verify/ranges.ts'
import { settledPart } from '../../../src/steps/verify/settled-part.ts'
import { isoUtc } from '../../../src/values/time.ts'
import { plannedTable } from './tables.ts'

const NOW = 1_700_000_123_456_789n
const YEAR = 31_536_000_000_000n
const T = NOW - (NOW % 86_400_000_000n)

function partOf(type: string, unit: 'ms' | null) {
  const table = plannedTable({
    split: 'all',
    time: { column: 'at', unit },
    columns: [
      { name: 'at', sourceType: 'integer', type, nullable: true, rules: type === 'bigint' ? {} : { unit: 'us' } },
    ],
  })
  const scale = unit === 'ms' ? 1000n : 1n
  const point = {
    instant: T / scale,
    beyondInstant: (T + YEAR) / scale,
    position: T / scale,
    beyondPosition: (T + YEAR) / scale,
  }
  const bench = benchOf(table, {} as unknown as TableReader, { schema: 'lab', timezone: 'UTC' })
  return { part: settledPart(bench, point, NOW), scale }
}

test.each([
  ['timestamptz', null, 1n],
  ['timestamptz(3)', null, 1000n],
  ['timestamptz(0)', null, 1_000_000n],
  ['date', null, 86_400_000_000n],
  ['bigint', 'ms', 1000n],
] as const)('%s %s: rows before W and from F on', (type, unit, step) => {
  const { part, scale } = partOf(type, unit)
  const floored = NOW - (NOW % step)
  // Days are coarse: this one is cut at T, where the backfill's part ends.
  const w = floored < T ? T : floored
  const near = [w, T, T + YEAR].flatMap((each) => [each - step, each, each + step])
  fc.assert(
    fc.property(fc.oneof(fc.constantFrom(...near), fc.bigInt({ min: 0n, max: NOW * 3n })), (micros) => {
      const instant = micros - (micros % step)
      const iso = isoUtc(instant)
      const text = type === 'bigint' ? String(instant / scale) : type === 'date' ? iso.slice(0, 10) : iso.slice(0, -1)
      expect(part.isSettled([text])).toBe(instant < w || instant >= T + YEAR)
    }),
    { seed: 20260101, numRuns: 300 },
  )
  expect(part.isSettled([null])).toBe(true)
})

test('rows that differ at two looks, each as often as at both', () => {
  const finding = (missing: string[], extra: string[]) => ({
    range: wholeRange(),
    missing: missing.map((hash) => ({ hash, tuple: new Uint8Array() })),
    extra: extra.map((hash) => ({ hash, tuple: new Uint8Array() })),
    changed: [],
    unseenMissing: 0,
    unseenExtra: 0,
  })
  const hashes = (rows: readonly { hash: string }[]) => rows.map(({ hash }) => hash).toSorted()
  const few = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 6 })
  fc.assert(
    fc.property(few, few, few, few, (a, b, c, d) => {
      const [odd] = stillOdd([finding(a, b)], [finding(c, d)])
      const both = (x: string[], y: string[]) =>
        ['a', 'b', 'c'].flatMap((hash) => {
          const times = Math.min(...[x, y].map((list) => list.filter((each) => each === hash).length))
          return Array.from({ length: times }, () => hash)
        })
      expect(hashes(odd?.missing ?? [])).toEqual(both(a, c))
      expect(hashes(odd?.extra ?? [])).toEqual(both(b, d))
    }),
    { seed: 20260101, numRuns: 300 },
  )
})
