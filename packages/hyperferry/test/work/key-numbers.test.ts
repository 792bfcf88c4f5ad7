// Segments are told by the bytes of their key.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { KeyNumbers } from '../../src/work/key-numbers.ts'

test('the same number for the same bytes only, in the order in which they are first seen', () => {
  // Few different bytes and lengths, so that the same come again, and beginnings of each other.
  const keys = fc.array(fc.uint8Array({ max: 2, maxLength: 5 }), { maxLength: 600, size: 'max' })
  fc.assert(
    fc.property(keys, (list) => {
      const numbers = new KeyNumbers()
      const seen: string[] = []
      for (const key of list) {
        const text = Buffer.from(key).toString('hex')
        if (!seen.includes(text)) seen.push(text)
        // Behind the key stands what is no part of it.
        const [before, longer] = [seen.indexOf(text), Buffer.concat([key, Buffer.from([1, 2])])]
        expect(numbers.numberOf(longer, key.length)).toBe(before)
      }
      expect(numbers.count).toBe(seen.length)
    }),
    { seed: 5, numRuns: 60 },
  )
})

test('a hundred thousand keys, and long ones', () => {
  const numbers = new KeyNumbers()
  const key = Buffer.alloc(300, 7)
  for (const round of [0, 1])
    for (let n = 0; n < 100_000; n += 1) {
      key.writeUInt32BE(n, n % 200)
      const number = numbers.numberOf(key, key.length)
      if (number !== n) expect({ round, number }).toEqual({ round, number: n })
      key.fill(7)
    }
  expect(numbers.count).toBe(100_000)
})
