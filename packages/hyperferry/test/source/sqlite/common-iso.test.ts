import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseCommonIso } from '../../../src/source/sqlite/common-iso.ts'
import { parseIsoInstant } from '../../../src/values/time.ts'
import { TEXTS } from './odd-values.ts'

const out = { days: NaN, microsOfDay: NaN, isUtc: false }

/** What it takes, it reads as the full parser does; what it leaves is left to that one. */
function agrees(text: string): boolean {
  if (!parseCommonIso(text, out)) return false
  const full = parseIsoInstant(text)
  expect(full, text).toEqual({
    days: out.days,
    microsOfDay: out.microsOfDay,
    floored: false,
    offsetMinutes: out.isUtc ? 0 : null,
  })
  return true
}

it('reads what it takes as the full parser does', () => {
  const two = fc.integer({ min: 0, max: 65 }).map((n) => String(n).padStart(2, '0'))
  const year = fc.integer({ min: 0, max: 9999 }).map((n) => String(n).padStart(4, '0'))
  const fraction = fc.oneof(fc.constant(''), fc.stringMatching(/^\.\d{0,8}$/))
  const text = fc.tuple(
    year,
    two,
    two,
    fc.constantFrom(' ', 'T', 't', '_'),
    two,
    two,
    two,
    fraction,
    fc.constantFrom('', 'Z', 'z', '+01'),
  )
  let taken = 0
  fc.assert(
    fc.property(text, ([y, mo, d, t, h, mi, s, f, z]) => {
      if (agrees(`${y}-${mo}-${d}${t}${h}:${mi}:${s}${f}${z}`)) taken += 1
    }),
    { seed: 3, numRuns: 20_000 },
  )
  expect(taken).toBeGreaterThan(100)
})

it('is not led astray by odd texts', () => {
  const taken = TEXTS.filter((text) => agrees(text))
  expect(taken).toContain('2024-01-31 23:59:59')
  expect(taken).toContain('2024-01-31T23:59:59.123456Z')
  for (const text of [
    '2024-01-31 23:59:5x',
    '2024-01-31 23:5\u00b2:59',
    '2O24-01-31 23:59:59',
    '2024-01-31 23:59:59.Z',
    '2024-01-31 23:59:59.12 4',
  ]) {
    expect(parseCommonIso(text, out), text).toBe(false)
  }
})
