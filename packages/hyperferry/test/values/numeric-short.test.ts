// Decimals as they mostly are need no array of digits: what is written must not tell which way it took.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeNumericText } from '../../src/values/encode/numeric.ts'
import { Reject } from '../../src/values/encode/reject.ts'
import { parsePgType } from '../../src/values/pgtype.ts'
import { TupleWriter } from '../../src/values/tuple-writer.ts'

/** The code of the refusal, or the field in hex; given as a part of longer bytes. */
function numeric(text: string, type: string): string {
  const w = new TupleWriter(1)
  const bytes = Buffer.from(`9${text}9`)
  try {
    encodeNumericText(w, bytes, parsePgType(type), 1, bytes.length - 1)
  } catch (error) {
    if (error instanceof Reject) return error.code
    throw error
  }
  return w.buffer.toString('hex', 0, w.size)
}

test('short numbers take a short way to the same bytes', () => {
  const parts = fc.tuple(
    fc.constantFrom('', '-'),
    fc.constantFrom('', '0', '00'),
    fc.stringMatching(/^(0|[1-9]\d{0,3}0{0,5}|\d{1,9})$/),
    fc.option(fc.stringMatching(/^(\d{0,3}0{0,3}|0{0,3}\d{0,2})$/)),
  )
  const types = fc.constantFrom(
    'numeric',
    'numeric(10,2)',
    'numeric(9,4)',
    'numeric(4,0)',
    'numeric(3,4)',
    'numeric(2,-3)',
  )
  fc.assert(
    fc.property(parts, types, ([sign, zeros, whole, fraction], type) => {
      const number = whole + (fraction === null ? '' : `.${fraction}`)
      // Nine digits before the point are never short.
      expect(numeric(sign + zeros + number, type)).toBe(numeric(`${sign}000000000${number}`, type))
    }),
    { seed: 12, numRuns: 3000 },
  )
})
