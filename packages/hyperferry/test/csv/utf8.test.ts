// Strict UTF-8, also where a character lies across two blocks.
import { isUtf8 } from 'node:buffer'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { firstInvalid, Utf8Check } from '../../src/csv/utf8.ts'

const bytes = fc
  .array(
    fc.oneof(
      fc.constantFrom('a', 'é', '€', '😀', '\0').map((text) => Buffer.from(text)),
      fc
        .constantFrom([0xc3], [0xe2, 0x82], [0x80], [0xff], [0xf0, 0x9f, 0x98], [0xed, 0xa0, 0x80], [0xc0, 0xaf])
        .map((list) => Buffer.from(list)),
    ),
    { maxLength: 12 },
  )
  .map((parts) => Buffer.concat(parts))

test('the same answer for blocks and for all at once', () => {
  fc.assert(
    fc.property(bytes, fc.integer({ min: 1, max: 5 }), (text, size) => {
      const check = new Utf8Check()
      let valid = true
      for (let at = 0; at < text.length && valid; at += size) valid = check.push(text.subarray(at, at + size))
      expect(valid && check.end()).toBe(isUtf8(text))
    }),
    { seed: 11, numRuns: 5000 },
  )
})

test('where it stops being UTF-8', () => {
  fc.assert(
    fc.property(bytes, (text) => {
      const at = firstInvalid(text)
      expect(at === null).toBe(isUtf8(text))
      if (at === null) return
      expect(isUtf8(text.subarray(0, at))).toBe(true)
      for (let end = at + 1; end <= Math.min(text.length, at + 4); end += 1)
        expect(isUtf8(text.subarray(0, end))).toBe(false)
    }),
    { seed: 12, numRuns: 5000 },
  )
})
