import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { daysFromCivil } from '../../src/values/time.ts'
import { compileZone } from '../../src/values/zones.ts'

const wall = (text: string): bigint => BigInt(Date.parse(`${text}Z`)) * 1000n
const show = (name: string, text: string): string => {
  const answer = compileZone(name).toUtcMicros(wall(text))
  if (answer === 'gap') return 'gap'
  return `${new Date(Number(answer.micros / 1000n)).toISOString()}${answer.fold ? ' fold' : ''}`
}

describe('compileZone', () => {
  it.each([
    ['Europe/Berlin', '2024-03-31T01:59:59', '2024-03-31T00:59:59.000Z'],
    ['Europe/Berlin', '2024-03-31T02:00:00', 'gap'],
    ['Europe/Berlin', '2024-03-31T02:59:59', 'gap'],
    ['Europe/Berlin', '2024-03-31T03:00:00', '2024-03-31T01:00:00.000Z'],
    ['Europe/Berlin', '2024-10-27T01:59:59', '2024-10-26T23:59:59.000Z'],
    ['Europe/Berlin', '2024-10-27T02:00:00', '2024-10-27T00:00:00.000Z fold'],
    ['Europe/Berlin', '2024-10-27T02:59:59', '2024-10-27T00:59:59.000Z fold'],
    ['Europe/Berlin', '2024-10-27T03:00:00', '2024-10-27T02:00:00.000Z'],
    ['Australia/Lord_Howe', '2024-10-06T02:15:00', 'gap'],
    ['Australia/Lord_Howe', '2024-04-07T01:45:00', '2024-04-06T14:45:00.000Z fold'],
    ['Asia/Kathmandu', '1985-12-31T23:59:59', '1985-12-31T18:29:59.000Z'],
    ['Asia/Kathmandu', '1986-01-01T00:10:00', 'gap'],
    ['Asia/Kathmandu', '1986-01-01T00:15:00', '1985-12-31T18:30:00.000Z'],
    ['Pacific/Apia', '2011-12-30T12:00:00', 'gap'],
    ['Pacific/Apia', '2011-12-31T00:00:00', '2011-12-30T10:00:00.000Z'],
    ['Europe/Berlin', '1850-01-01T00:00:00', '1849-12-31T23:06:32.000Z'],
    ['America/New_York', '2400-07-01T00:00:00', '2400-07-01T04:00:00.000Z'],
    ['Etc/GMT-2', '2024-01-01T00:00:00', '2023-12-31T22:00:00.000Z'],
    ['UTC', '2024-03-31T02:30:00', '2024-03-31T02:30:00.000Z'],
    ['Etc/UTC', '2024-03-31T02:30:00', '2024-03-31T02:30:00.000Z'],
  ])('%s %s', (name, text, expected) => {
    expect(show(name, text)).toBe(expected)
  })

  it('is monotone over a year of every kind, in any order of asking', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(
          'Europe/Berlin',
          'America/New_York',
          'Australia/Lord_Howe',
          'Pacific/Apia',
          'Africa/Casablanca',
        ),
        fc.integer({ min: -4_000_000_000, max: 20_000_000_000 }),
        fc.integer({ min: 1, max: 40_000_000 }),
        (name, a, distance) => {
          const zone = compileZone(name)
          const [later, earlier] = [a + distance, a].map((v) => zone.toUtcMicros(BigInt(v) * 1_000_000n))
          const micros = (answer: typeof earlier): bigint | null => (answer === 'gap' || !answer ? null : answer.micros)
          const [first, second] = [micros(earlier), micros(later)]
          expect(first === null || second === null || first < second).toBe(true)
        },
      ),
      { seed: 9, numRuns: 500 },
    )
  })

  it('reaches as far as PostgreSQL does', () => {
    const zone = compileZone('Europe/Berlin')
    expect(zone.offsetAtWall(daysFromCivil(294276, 7, 1) * 86400)).toBe(7200)
    expect(zone.offsetAtWall(daysFromCivil(294276, 1, 1) * 86400)).toBe(3600)
    expect(zone.offsetAtWall(daysFromCivil(-4713, 12, 1) * 86400)).toBe(3208)
    // 9999-03-28 is a last Sunday of March.
    expect(zone.offsetAtWall(daysFromCivil(9999, 3, 28) * 86400 + 9000)).toBeNaN()
    expect(zone.toUtcMicros(-1n)).toEqual({ micros: -3_600_000_001n, fold: false })
  })

  it('tells where a gap ends', () => {
    const zone = compileZone('Europe/Berlin')
    const at = Number(wall('2024-03-31T02:30:00') / 1_000_000n)
    expect(zone.gapEnd(at)).toEqual({ wallSeconds: Number(wall('2024-03-31T03:00:00') / 1_000_000n), offset: 7200 })
  })

  it.each([
    ['+02:00', / Etc\/GMT-2 /],
    ['-5', / Etc\/GMT\+5 /],
    ['+05:30', /Berlin\.$/],
  ])('refuses %s, which PostgreSQL would read as the opposite', (name, hint) => {
    expect(() => compileZone(name)).toThrow(
      expect.objectContaining({ code: 'HF-P023', hint: expect.stringMatching(hint) as unknown }),
    )
    expect(compileZone('+00:00').isUtc).toBe(true)
  })

  it.each(['Europe/Atlantis', '', 'CEST5'])('refuses %j', (name) => {
    expect(() => compileZone(name)).toThrow(expect.objectContaining({ code: 'HF-P023' }))
  })
})
