import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { COPY_HEADER, COPY_TRAILER, CopyParser } from '../../src/values/copy-stream.ts'
import { TupleWriter } from '../../src/values/tuple-writer.ts'

type Row = (Uint8Array | null)[]

function stream(rows: readonly Row[], fields: number): { bytes: Buffer; tuples: string[] } {
  const w = new TupleWriter(fields)
  for (const row of rows) {
    w.startRow()
    for (const field of row) {
      if (field === null) w.null_()
      else w.bytes(field)
    }
    w.endRow()
  }
  const { bytes, ends } = w.take()
  const tuples = [...ends].map((end, i) => Buffer.from(bytes.subarray(ends[i - 1] ?? 0, end)).toString('hex'))
  return { bytes: Buffer.concat([COPY_HEADER, bytes, COPY_TRAILER]), tuples }
}

function parse(bytes: Uint8Array, cuts: readonly number[], end = true): string[] {
  const parser = new CopyParser()
  const tuples: string[] = []
  const borders = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]
  for (const [i, border] of borders.slice(1).entries()) {
    // A fresh copy each time, overwritten afterwards, as a socket's buffer may be.
    const chunk = Buffer.from(bytes.subarray(borders[i], border))
    parser.push(chunk, (some, ends) => {
      ends.forEach((to, n) => tuples.push(Buffer.from(some.subarray(ends[n - 1] ?? 0, to)).toString('hex')))
    })
    chunk.fill(0xee)
  }
  if (end) parser.end()
  return tuples
}

const field = fc.option(fc.uint8Array({ maxLength: 40 }), { nil: null })
const table = fc
  .nat(4)
  .chain((fields) =>
    fc.tuple(
      fc.constant(fields),
      fc.array(fc.array(field, { minLength: fields, maxLength: fields }), { maxLength: 300 }),
    ),
  )

describe('CopyParser', () => {
  it('finds the same tuples however the stream is cut', () => {
    fc.assert(
      fc.property(table, fc.array(fc.nat(), { maxLength: 50 }), ([fields, rows], cuts) => {
        const { bytes, tuples } = stream(rows, fields)
        expect(parse(bytes, cuts)).toEqual(tuples)
      }),
      { seed: 10, numRuns: 200 },
    )
  })

  it('byte by byte, and rows much longer than chunks', () => {
    const { bytes, tuples } = stream(
      [
        [Buffer.from('a'), null],
        [Buffer.alloc(5000, 7), Buffer.alloc(0)],
      ],
      2,
    )
    expect(parse(bytes, Array.from(bytes.keys()))).toEqual(tuples)
  })

  it('a stream that stops anywhere is not whole', () => {
    const { bytes } = stream([[Buffer.from('abc')], [null]], 1)
    for (let length = 0; length < bytes.length; length += 1) {
      expect(() => parse(bytes.subarray(0, length), [])).toThrow(expect.objectContaining({ code: 'HF-C019' }))
    }
  })

  it('refuses what is no such stream', () => {
    const { bytes } = stream([[Buffer.from('abc')]], 1)
    const spoilt = (at: number, value: number): Buffer => {
      const copy = Buffer.from(bytes)
      copy[at] = value
      return copy
    }
    const wrong = [
      Buffer.from('PGDUMP'),
      spoilt(0, 0),
      spoilt(11, 1),
      spoilt(21, 0x80),
      Buffer.concat([bytes, Buffer.from([0])]),
    ]
    for (const each of wrong) expect(() => parse(each, [])).toThrow(expect.objectContaining({ code: 'HF-X001' }))
    const parser = new CopyParser()
    parser.push(bytes, () => {})
    expect(() => parser.push(Buffer.from([0]), () => {})).toThrow(expect.objectContaining({ code: 'HF-X001' }))
  })

  it('skips the header extension it does not know', () => {
    const { bytes, tuples } = stream([[Buffer.from('abc')]], 1)
    const extended = Buffer.concat([bytes.subarray(0, 15), Buffer.from([0, 0, 0, 3, 9, 9, 9]), bytes.subarray(19)])
    expect(parse(extended, [16, 20])).toEqual(tuples)
  })
})
