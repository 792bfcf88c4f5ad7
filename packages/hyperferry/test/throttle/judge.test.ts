import { expect, test } from 'vitest'
import { parseWindow } from '../../src/config/window.ts'
import { NOTHING_SAID } from '../../src/control/pacing.ts'
import type { PauseLimit } from '../../src/model.ts'
import { Judge } from '../../src/throttle/judge.ts'
import type { Known } from '../../src/throttle/judge.ts'
import { settled } from '../../src/throttle/settings.ts'
import { Track } from '../../src/throttle/track.ts'

const plan = {
  workers: 4,
  limits: new Map<PauseLimit, number>([['sourceThreadsRunning', 40]]),
  window: null,
  writerSlowdown: 3,
}
const silent = NOTHING_SAID
const known = (more: Partial<Known> = {}): Known => ({
  settings: plan,
  paused: null,
  values: new Map(),
  spared: null,
  nowMs: 0,
  epochMs: Date.parse('2026-01-01T12:00:00Z'),
  ...more,
})
const codes = (judge: Judge, more: Partial<Known>): string[] => judge.judge(known(more)).reasons.map(({ code }) => code)

test('any reason is enough, and all of them are told', () => {
  const judge = new Judge()
  expect(codes(judge, {})).toEqual([])
  const settings = { ...plan, window: parseWindow('22:00-06:00') }
  const paused = { by: 'ana@db', at: '2026-01-01T11:00:00Z', reason: 'report' }
  expect(codes(judge, { settings, paused, values: new Map([['sourceThreadsRunning', 41]]) })).toEqual([
    'pause',
    'window',
    'sourceThreadsRunning',
  ])
  expect(codes(judge, { values: new Map([['sourceThreadsRunning', 21]]) })).toEqual(['sourceThreadsRunning'])
  expect(codes(judge, { values: new Map([['sourceThreadsRunning', 20]]) })).toEqual([])
})

test('a limit that is taken away holds nobody, also when it comes back', () => {
  const judge = new Judge()
  const values = new Map<PauseLimit, number>([['sourceThreadsRunning', 41]])
  expect(codes(judge, { values })).toEqual(['sourceThreadsRunning'])
  expect(codes(judge, { values, settings: { ...plan, limits: new Map() } })).toEqual([])
  expect(codes(judge, { values: new Map([['sourceThreadsRunning', 30]]) })).toEqual([])
})

test('the newer word holds; what it does not name is the plan’s', () => {
  expect(settled(plan, silent)).toEqual(plan)
  const window = parseWindow('22:00-06:00')
  const spoken = settled(
    { ...plan, window },
    {
      ...silent,
      workers: 2,
      pauseWhen: { sourceThreadsRunning: null, targetWalRate: 5e7 },
      window: null,
      writerSlowdown: null,
    },
  )
  expect(spoken).toEqual({
    workers: 2,
    limits: new Map([['targetWalRate', 5e7]]),
    window: null,
    writerSlowdown: null,
  })
  expect(settled(plan, { ...silent, window }).window).toEqual(window)
})

test('a track tells how fast, since when, and begins anew after a step back', () => {
  const track = new Track()
  expect(track.perSecond(0, 10_000)).toBeNull()
  for (let second = 0; second <= 20; second += 1) track.put(second * 1000, second < 10 ? 0 : (second - 10) * 100)
  expect(track.perSecond(20_000, 10_000)).toBe(100)
  expect(track.sinceBeyond(500, 20_000)).toBe(4000)
  expect(track.sinceBeyond(1000, 20_000)).toBe(0)
  track.put(21_000, 5)
  expect(track.growth(21_000, 10_000)).toBeNull()
})
