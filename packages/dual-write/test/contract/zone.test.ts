import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileZone } from '../../src/contract/zone.ts'
import { compileZone as engineZone } from '../../../hyperferry/src/values/zones.ts'

const ZONES = [
  'Europe/Berlin',
  'America/Sao_Paulo',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Africa/Monrovia',
  'Pacific/Apia',
  'UTC',
]

test.each(ZONES)('%s: every wall clock is what the engine takes it for', (name) => {
  const [zone, engine] = [compileZone(name), engineZone(name)]
  fc.assert(
    fc.property(fc.integer({ min: -62_000_000_000, max: 250_000_000_000 }), (second) => {
      const answer = zone.atWall(second)
      const offset = engine.offsetAtWall(second)
      expect(answer?.offset ?? NaN).toBe(offset)
      expect(answer?.fold ?? false).toBe(engine.lastWasFold)
    }),
    { seed: 20261125, numRuns: 400 },
  )
})

test.each(ZONES)('%s: around every change of clocks of a century', (name) => {
  const [zone, engine] = [compileZone(name), engineZone(name)]
  for (let second = 0; second < 3_155_760_000; second += 13 * 3600 + 7) {
    if (zone.atInstant(second) === zone.atInstant(second + 13 * 3600 + 7)) continue
    for (let near = second - 86_400; near < second + 86_400; near += 599) {
      expect(zone.atWall(near)?.offset ?? NaN).toBe(engine.offsetAtWall(near))
    }
  }
})

test.each(ZONES)('%s: an instant is on the wall, and read back the same or, at a fold, the earlier one', (name) => {
  const zone = compileZone(name)
  fc.assert(
    fc.property(fc.integer({ min: -10_000_000_000, max: 10_000_000_000 }), (instant) => {
      const wall = instant + zone.atInstant(instant)
      const answer = zone.atWall(wall)
      expect(answer).not.toBeNull()
      const back = wall - (answer?.offset ?? 0)
      expect(back === instant || (answer?.fold === true && back < instant)).toBe(true)
    }),
    { seed: 20261125, numRuns: 400 },
  )
})
