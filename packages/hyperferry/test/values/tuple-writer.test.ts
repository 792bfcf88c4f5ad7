import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TupleWriter } from '../../src/values/tuple-writer.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

describe('TupleWriter', () => {
  it('writes every kind of field as PostgreSQL expects it', () => {
    const w = new TupleWriter(9)
    w.startRow()
    w.null_()
    w.int2(-2)
    w.int4(-3)
    w.int8(-4n)
    w.int8n(-5)
    w.float4(1.5)
    w.float8(-0)
    w.bool(true)
    w.bytes(Buffer.from('abcd'), 1, 3)
    w.endRow()
    expect(hex(w.take().bytes)).toBe(
      '0009' +
        'ffffffff' +
        '00000002fffe' +
        '00000004fffffffd' +
        '00000008fffffffffffffffc' +
        '00000008fffffffffffffffb' +
        '000000043fc00000' +
        '000000088000000000000000' +
        '0000000101' +
        '000000026263',
    )
  })

  it('int8n is int8 for every safe integer', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (v) => {
        const [a, b] = [new TupleWriter(1), new TupleWriter(1)]
        a.int8n(v)
        b.int8(BigInt(v))
        expect(hex(a.buffer.subarray(0, a.size))).toBe(hex(b.buffer.subarray(0, b.size)))
      }),
      { seed: 1 },
    )
  })

  it('grows, keeps ends, drops aborted rows and starts anew after take', () => {
    const rows = fc.array(fc.tuple(fc.uint8Array({ maxLength: 3000 }), fc.boolean()), { maxLength: 60 })
    fc.assert(
      fc.property(rows, (all) => {
        const w = new TupleWriter(1, 1)
        for (const round of [1, 2]) {
          for (const [bytes, abort] of all) {
            w.startRow()
            w.bytes(bytes)
            if (abort) w.abortRow()
            else w.endRow()
          }
          const kept = all.filter(([, abort]) => !abort).map(([bytes]) => hex(bytes))
          expect(w.rows).toBe(kept.length)
          const taken = w.take()
          const starts = [0, ...taken.ends]
          const fields = [...taken.ends].map((end, i) => hex(taken.bytes.subarray((starts[i] ?? 0) + 6, end)))
          expect([round, taken.rows, ...fields]).toEqual([round, kept.length, ...kept])
          expect(taken.bytes.length).toBe(taken.ends.at(-1) ?? 0)
          expect([w.rows, w.size]).toEqual([0, 0])
        }
      }),
      { seed: 2, numRuns: 30 },
    )
  })

  it('what was taken is not touched by later rows', () => {
    const w = new TupleWriter(1)
    w.startRow()
    w.int4(1)
    w.endRow()
    const first = w.take()
    w.startRow()
    w.int4(2)
    w.endRow()
    expect(hex(first.bytes)).toBe('00010000000400000001')
  })

  it('open fields get their length at the end, also when the buffer moved meanwhile', () => {
    const w = new TupleWriter(1, 1)
    w.startRow()
    const mark = w.openField()
    w.rawInt4(7)
    w.raw(Buffer.alloc(5000, 1))
    w.closeField(mark)
    w.endRow()
    const { bytes } = w.take()
    expect(hex(bytes.subarray(0, 10))).toBe('00010000138c00000007')
  })
})
