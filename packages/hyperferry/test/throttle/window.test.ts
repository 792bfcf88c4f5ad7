import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseWindow, windowProblem } from '../../src/config/window.ts'
import { isInside, minuteOfDay, windowText } from '../../src/throttle/window.ts'

const minute = fc.integer({ min: 0, max: 24 * 60 - 1 })

test('around midnight: inside of a window is outside of the one from its end to its beginning', () => {
  fc.assert(
    fc.property(minute, minute, minute, (from, to, now) => {
      fc.pre(from !== to)
      expect(isInside({ from, to }, now)).toBe(!isInside({ from: to, to: from }, now))
      // Walked minute by minute, as a clock does.
      let at = from
      let inside = false
      for (; at !== to; at = (at + 1) % 1440) if (at === now) inside = true
      expect(isInside({ from, to }, now)).toBe(inside)
    }),
    { seed: 5, numRuns: 300 },
  )
})

test('what is written is what is meant', () => {
  expect(parseWindow('22:00-06:00')).toEqual({ from: 1320, to: 360, zone: 'UTC' })
  expect(parseWindow('00:30-24:00 Europe/Berlin')).toEqual({ from: 30, to: 1440, zone: 'Europe/Berlin' })
  expect(windowText(parseWindow('22:05-06:00'))).toBe('22:05-06:00 UTC')
  const window = { from: 30, to: 1440 }
  expect([29, 30, 1439].map((now) => isInside(window, now))).toEqual([false, true, true])
})

test.each([
  '',
  '22-06',
  '22:00',
  '24:00-06:00',
  '22:60-06:00',
  '22:00-24:01',
  '22:00-22:00',
  '00:00-24:00',
  '22:00-06:00 CEST5',
])('refused: %j', (text) => {
  expect(windowProblem(text)).not.toBeNull()
  expect(() => parseWindow(text)).toThrow(expect.objectContaining({ code: 'HF-U001' }))
})

test('the clock is that of the zone, in summer and in winter', () => {
  const noon = (text: string): number => Date.parse(text)
  expect(minuteOfDay(noon('2026-07-01T20:30:00Z'), 'Europe/Berlin')).toBe(22 * 60 + 30)
  expect(minuteOfDay(noon('2026-01-01T20:30:00Z'), 'Europe/Berlin')).toBe(21 * 60 + 30)
  expect(minuteOfDay(noon('2026-01-01T00:00:00Z'), 'UTC')).toBe(0)
  expect(minuteOfDay(noon('2026-01-01T23:59:59Z'), 'UTC')).toBe(1439)
})
