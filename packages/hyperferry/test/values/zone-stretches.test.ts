import { describe, expect, it } from 'vitest'
import { daysFromCivil } from '../../src/values/time.ts'
import { stretchesOfYear } from '../../src/values/zone-stretches.ts'

describe('stretchesOfYear', () => {
  it('has no holes, and finds two changes within a day', () => {
    const start = daysFromCivil(2001, 1, 1) * 86400
    const end = daysFromCivil(2002, 1, 1) * 86400
    const noon = start + 100 * 86400 + 43200
    // At noon one hour forward, at three o'clock UTC back by two.
    const offsetAt = (utc: number): number => (utc < noon ? 0 : utc < noon + 10_800 ? 3600 : -3600)
    expect(stretchesOfYear(2001, offsetAt)).toEqual([
      { from: start, to: noon, offset: 0, fold: false },
      { from: noon, to: noon + 3600, offset: NaN, fold: false },
      { from: noon + 3600, to: noon + 7200, offset: 3600, fold: false },
      { from: noon + 7200, to: noon + 14_400, offset: 3600, fold: true },
      { from: noon + 14_400, to: end, offset: -3600, fold: false },
    ])
  })

  it('finds a change whose effect is gone by the next day', () => {
    const noon = daysFromCivil(2001, 6, 1) * 86400 + 43200
    const offsetAt = (utc: number): number => (utc >= noon && utc < noon + 46_800 ? 3600 : 0)
    expect(stretchesOfYear(2001, offsetAt).map((each) => each.offset)).toEqual([0, NaN, 3600, 3600, 0])
  })
})
