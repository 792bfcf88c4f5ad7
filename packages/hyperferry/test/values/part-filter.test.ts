import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { EncodedBatch } from '../../src/model.ts'
import { anyTime, compilePartFilter } from '../../src/values/part-filter.ts'
import { parsePgType } from '../../src/values/pgtype.ts'

const EPOCH = 946_684_800_000_000n
const DAY = 86_400_000_000n

/** Rows of a text, the time and an int4, in binary COPY form. */
function batchOf(rows: readonly { text: string | null; time: Buffer | null; n: number }[]): EncodedBatch {
  const field = (value: Buffer | null): Buffer => {
    const head = Buffer.alloc(4)
    head.writeInt32BE(value === null ? -1 : value.length)
    return value === null ? head : Buffer.concat([head, value])
  }
  const tuples = rows.map(({ text, time, n }) => {
    const count = Buffer.alloc(2)
    count.writeInt16BE(3)
    const number = Buffer.alloc(4)
    number.writeInt32BE(n)
    return Buffer.concat([count, field(text === null ? null : Buffer.from(text)), field(time), field(number)])
  })
  let at = 0
  const ends = Uint32Array.from(tuples.map((tuple) => (at += tuple.length)))
  const rejected = [{ code: 'HF-D001', column: null, reason: '', sqlstate: null, key: {}, values: {} }]
  return {
    rows: rows.length,
    bytes: Buffer.concat(tuples),
    ends,
    rejected,
    losses: [{ code: 'HF-L001', column: 'at', count: 1 }],
  }
}

function int(bytes: 2 | 4 | 8, value: bigint): Buffer {
  const buffer = Buffer.alloc(8)
  buffer.writeBigInt64BE(BigInt.asIntN(64, value))
  return buffer.subarray(8 - bytes)
}

interface Kind {
  type: string
  bytes: 2 | 4 | 8
  /** The instant of a raw number; null for an infinity. */
  instant: (raw: bigint) => bigint | null
}

const infinite = (raw: bigint, bits: bigint): boolean => raw === -(1n << bits) || raw === (1n << bits) - 1n
const kinds: Kind[] = [
  { type: 'timestamptz(3)', bytes: 8, instant: (raw) => (infinite(raw, 63n) ? null : raw + EPOCH) },
  { type: 'timestamp', bytes: 8, instant: (raw) => (infinite(raw, 63n) ? null : raw + EPOCH) },
  { type: 'date', bytes: 4, instant: (raw) => (infinite(raw, 31n) ? null : raw * DAY + EPOCH) },
  { type: 'bigint', bytes: 8, instant: (raw) => raw },
  { type: 'integer', bytes: 4, instant: (raw) => raw },
  { type: 'smallint', bytes: 2, instant: (raw) => raw },
]

for (const { type, bytes, instant } of kinds) {
  test(`${type}: rows in [from, to) go, all others stay as they are`, () => {
    const bits = BigInt(bytes * 8 - 1)
    const ends = [-(1n << bits), (1n << bits) - 1n]
    // Bounds and rows are near each other, so that both sides of each bound are hit.
    const near = fc.bigInt(-6n, 6n)
    const raw = fc.oneof(near, near, fc.constantFrom(...ends))
    const row = fc.record({
      text: fc.option(fc.string({ maxLength: 5 })),
      time: fc.option(raw),
      n: fc.integer({ min: -5, max: 5 }),
    })
    const column = { place: 1, type: parsePgType(type) }
    fc.assert(
      fc.property(fc.array(row, { maxLength: 30 }), near, near, fc.bigInt(-2n, 2n), (rows, a, b, off) => {
        // Days have instants between them too.
        const low = (instant(a < b ? a : b) ?? 0n) + off
        const high = (instant(a < b ? b : a) ?? 0n) + off
        const tuples = rows.map((each) => ({ ...each, time: each.time === null ? null : int(bytes, each.time) }))
        const batch = batchOf(tuples)
        const stays = tuples.filter((_, index) => {
          const time = rows[index]?.time ?? null
          const at = time === null ? null : instant(time)
          return at === null || at < low || at >= high
        })
        const kept = compilePartFilter(column, { from: low, to: high })(batch)
        const expected = batchOf(stays)
        expect(Buffer.from(kept.bytes)).toEqual(Buffer.from(expected.bytes))
        expect([...kept.ends]).toEqual([...expected.ends])
        expect([kept.rows, kept.rejected, kept.losses]).toEqual([stays.length, batch.rejected, batch.losses])
        expect(anyTime(batch, column)).toBe(rows.some(({ time }) => time !== null && instant(time) !== null))
      }),
      { seed: 11, numRuns: 300 },
    )
  })
}

test('a type that is no time is refused', () => {
  expect(() => compilePartFilter({ place: 0, type: parsePgType('text') }, { from: 0n, to: 1n })).toThrow(
    expect.objectContaining({ code: 'HF-P023' }) as Error,
  )
})
