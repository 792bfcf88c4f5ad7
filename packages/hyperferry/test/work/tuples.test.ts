import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { EncodedBatch } from '../../src/model.ts'
import { numbered, tuplesOf, withoutRows } from '../../src/work/tuples.ts'

/** Tuples of one bytea field each. */
function batchOf(fields: readonly Uint8Array[]): EncodedBatch {
  const tuples = fields.map((field) => {
    const head = Buffer.alloc(6)
    head.writeInt16BE(1)
    head.writeInt32BE(field.length, 2)
    return Buffer.concat([head, field])
  })
  let at = 0
  const ends = Uint32Array.from(tuples.map((tuple) => (at += tuple.length)))
  return { rows: fields.length, bytes: Buffer.concat(tuples), ends, rejected: [], losses: [] }
}

const fields = fc.array(fc.uint8Array({ maxLength: 12 }), { maxLength: 20 })

test('numbering puts an int8 in front and keeps everything else', () => {
  fc.assert(
    fc.property(fields, fc.nat(), (values, first) => {
      const batch = batchOf(values)
      const rows = numbered(batch, first)
      for (let row = 0; row < batch.rows; row += 1) {
        const tuple = Buffer.from(tuplesOf(rows, row, row + 1))
        expect(tuple.readInt16BE()).toBe(2)
        expect(tuple.readInt32BE(2)).toBe(8)
        expect(tuple.readBigInt64BE(6)).toBe(BigInt(first + row))
        expect(tuple.subarray(14)).toEqual(Buffer.from(tuplesOf(batch, row, row + 1).subarray(2)))
      }
    }),
    { seed: 3 },
  )
})

test('leaving rows out keeps the others as they are', () => {
  fc.assert(
    fc.property(fields, fc.uniqueArray(fc.nat({ max: 40 })), fc.nat({ max: 20 }), (values, out, first) => {
      const without = new Set(out)
      const kept = withoutRows(batchOf(values), first, without)
      const expected = batchOf(values.filter((_value, row) => !without.has(first + row)))
      expect(Buffer.from(kept.bytes).equals(expected.bytes)).toBe(true)
      expect([...kept.ends]).toEqual([...expected.ends])
    }),
    { seed: 4 },
  )
})
