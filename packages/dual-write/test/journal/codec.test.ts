import fc from 'fast-check'
import * as zlib from 'node:zlib'
import { expect, test } from 'vitest'
import { decodeRecord, encodeRecord } from '../../src/journal/codec.ts'
import { crc32, crc32ByTable } from '../../src/journal/crc32.ts'
import { findFrame, frame, readFrame } from '../../src/journal/frame.ts'
import { applyOutcome, checkOutcome } from '../../src/journal/outcome.ts'
import { NumberIndex } from '../../src/journal/index.ts'
import { MinWindow } from '../../src/journal/window.ts'
import type { Cell, OpRecord } from '../../src/model.ts'

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('\0', '\ud800', '\udc00', '😀', '"', '\\', '\u2028', 'a', '\uffff') }),
)
const cell: fc.Arbitrary<Cell> = fc.oneof(
  fc.constantFrom(null, true, false, Infinity, -Infinity, NaN, Number.MIN_VALUE, Number.MAX_VALUE, 2 ** 53 + 2, ''),
  fc.double().map((value) => (value === 0 ? 0 : value)),
  fc.bigInt(),
  text,
  fc.uint8Array(),
)
const record: fc.Arbitrary<OpRecord> = fc.record({
  collection: text,
  columns: fc.array(text),
  rows: fc.array(fc.array(cell)),
  at: fc.bigInt(),
  low: fc.option(fc.bigInt()),
  marked: fc.boolean(),
})

test('a record survives as text, cell for cell and type for type', () => {
  fc.assert(
    fc.property(record, (one) => {
      const coded = encodeRecord(one)
      expect(decodeRecord(coded)).toEqual(one)
      // What a json column does: store the text as UTF-8, hand it out again.
      expect(decodeRecord(Buffer.from(coded).toString())).toEqual(one)
      expect(coded).toBe(coded.toWellFormed())
    }),
    { seed: 1, numRuns: 2000 },
  )
})

test('no cell makes an escape that PostgreSQL cannot turn to text', () => {
  fc.assert(
    fc.property(fc.array(cell), (cells) => {
      const coded = encodeRecord({ collection: 't', columns: [], rows: [cells], at: 0n, low: null, marked: false })
      expect(coded.replaceAll('\\\\', '')).not.toMatch(/\\u0000|\\ud[89a-f]/i)
    }),
    { seed: 2, numRuns: 1000 },
  )
})

test('what is no record, and what is no cell, is refused', () => {
  for (const wrong of ['', '{}', '[]', '{"c":"t","k":[],"r":[[]],"at":"x","low":null}', 'null'])
    expect(() => decodeRecord(wrong), wrong).toThrow(expect.objectContaining({ code: 'HF-DW05' }))
  const date = new Date() as unknown as Cell
  const one = { collection: 't', columns: ['a'], rows: [[date]], at: 0n, low: null, marked: false }
  expect(() => encodeRecord(one)).toThrow(TypeError)
})

test('both checksums are the same', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(crc32ByTable(bytes)).toBe(zlib.crc32(bytes))
      expect(crc32(bytes)).toBe(zlib.crc32(bytes))
    }),
    { seed: 3 },
  )
})

test('a frame is whole or nothing', () => {
  fc.assert(
    fc.property(
      text.map((value) => `[${value.toWellFormed()}`),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (payload, at, flip) => {
        const bytes = frame(payload)
        expect(readFrame(bytes, 0)).toBe(payload)
        expect(findFrame(Buffer.concat([Buffer.alloc(5), bytes]), 0)).toBe(5)
        const hurt = Buffer.from(bytes)
        hurt[at % hurt.length]! ^= flip
        expect(readFrame(hurt, 0)).toBeNull()
        for (let end = 0; end < bytes.length; end++) expect(readFrame(bytes.subarray(0, end), 0)).toBeNull()
      },
    ),
    { seed: 4, numRuns: 300 },
  )
  expect(readFrame(Buffer.alloc(64), 0)).toBeNull()
})

test('the outcome changes the record as the store has it', () => {
  const one: OpRecord = { collection: 't', columns: ['a'], rows: [[1], [2], [3]], at: 0n, low: null, marked: true }
  const captured = { column: 'id', values: [7, 8n, '9'] }
  expect(applyOutcome(one, { captured })).toMatchObject({
    columns: ['a', 'id'],
    rows: [
      [1, 7],
      [2, 8n],
      [3, '9'],
    ],
  })
  expect(applyOutcome(one, { only: [2, 0] }).rows).toEqual([[3], [1]])
  expect(applyOutcome(one, { captured, only: [1] }).rows).toEqual([[2, 8n]])
  expect(applyOutcome(one, { captured: { column: 'a', values: [4, 5, 6] } })).toMatchObject({
    columns: ['a'],
    rows: [[4], [5], [6]],
  })
  expect(() => checkOutcome({ captured: { column: 'id', values: [1] } }, 3)).toThrow(/1 captured values for 3 rows/)
  expect(() => checkOutcome({ only: [3] }, 3)).toThrow(/no row 3/)
})

test('the index gives back what it was given, over many blocks', () => {
  const index = new NumberIndex(41)
  const place = (n: number, size: number) => ({ segment: Math.ceil(n / 100), offset: n * 64, size })
  const one = (n: number) => ({ seq: n * 3, intent: place(n, 60), mark: place(n + 5, 30), outcome: n % 3 === 0 })
  for (let n = 42; n < 20_000; n++) index.push(one(n))
  expect([index.first, index.last]).toEqual([42, 19_999])
  index.dropBelow(9000)
  for (let n = 9000; n < 20_000; n += 7) expect(index.get(n)).toEqual(one(n))
  expect(() => index.get(8999)).toThrow(RangeError)
  expect(() => index.get(20_000)).toThrow(RangeError)
  index.dropBelow(50_000)
  expect([index.first, index.last]).toEqual([20_000, 19_999])
  index.push(one(20_000))
  expect(index.get(20_000)).toEqual(one(20_000))
})

test('the window knows the smallest of what waits', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.bigInt({ min: -20n, max: 20n }), { freq: 3 }), { maxLength: 4000 }), (steps) => {
      const window = new MinWindow<bigint>()
      const all: bigint[] = []
      let gone = 0
      for (const value of steps) {
        if (value !== null) window.push(all.push(value), value)
        else window.dropTo((gone = Math.min(all.length, gone + 2)))
        const waiting = all.slice(gone)
        expect(window.min).toBe(
          waiting.reduce<bigint | undefined>((a, b) => (a === undefined || b < a ? b : a), undefined),
        )
      }
    }),
    { seed: 5, numRuns: 60 },
  )
})
