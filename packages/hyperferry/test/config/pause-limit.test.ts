import { expect, test } from 'vitest'
import { limitNumbers, parseLimit } from '../../src/config/pause-limit.ts'
import { PAUSE_LIMITS } from '../../src/model.ts'
import type { PauseLimit } from '../../src/model.ts'
import { parsePlan } from '../../src/config/plan-file.ts'

test.each([
  ['targetReplicationLag=30 s', 'targetReplicationLag', 30_000],
  ['targetReplicationLag=2 minutes', 'targetReplicationLag', 120_000],
  ['sourceThreadsRunning=40', 'sourceThreadsRunning', 40],
  ['targetWalRate=50 MB', 'targetWalRate', 50e6],
  ['targetReplicationBytes=1GB', 'targetReplicationBytes', 1e9],
  ['targetLockWaits=off', 'targetLockWaits', null],
])('%s', (text, name, value) => {
  expect(parseLimit(text)).toEqual({ name, value })
})

test.each([
  ['targetReplicationLag', /not a limit/],
  ['targetReplicationLag=', /not a limit/],
  ['targetReplicationLag=30', /not a limit/],
  ['targetReplicationLag=0 s', /too low/],
  ['sourceThreadsRunning=1', /too low/],
  ['sourceThreadsRunning=1.5', /not a limit/],
  ['targetWalRate=50 M', /not a limit/],
  ['targetLag=30 s', /unknown limit targetLag/],
  ['', /unknown limit/],
])('refused: %j', (text, what) => {
  expect(() => parseLimit(text)).toThrow(
    expect.objectContaining({ code: 'HF-U001', message: expect.stringMatching(what) }),
  )
})

test('a name that is nearly right is shown right', () => {
  expect(() => parseLimit('sourceThreadRuning=3')).toThrow(
    expect.objectContaining({ hint: 'Did you mean sourceThreadsRunning?' }),
  )
})

test('every limit can be written in the plan and on the command line alike', () => {
  const texts = { count: 7, ms: '7 s', bytes: '7 MB', 'bytes/s': '7 MB' }
  for (const name of Object.keys(PAUSE_LIMITS) as PauseLimit[]) {
    const value = texts[PAUSE_LIMITS[name].unit]
    expect(limitNumbers({ [name]: value }).get(name)).toBe(parseLimit(`${name}=${value}`).value)
  }
})

test('the plan refuses what could never be met, with its line', () => {
  const plan = (backfill: string): string => `migration: m
source: { url: "sqlite:a.db", timezone: UTC, fingerprint: x }
target: { url: "postgres://a/b", schema: public }
tables: { t: { kind: relational, split: all, mode: replace, columns: { a: { type: text, sourceType: text } } } }
backfill: { workers: 1, taskRows: 1, ${backfill} }
verify: { sampleRows: 1 }
`
  expect(parsePlan(plan('pauseWhen: { targetReplicationLag: 30 s }, window: "22:00-06:00"'), {}).plan.backfill).toEqual(
    {
      workers: 1,
      taskRows: 1,
      pauseWhen: { targetReplicationLag: '30 s' },
      window: '22:00-06:00',
    },
  )
  for (const [bad, why] of [
    ['pauseWhen: { targetReplicationLag: 0 s }', /:5: nothing is below half of zero/],
    ['pauseWhen: { targetLag: 30 s }', /:5: unknown key backfill.pauseWhen.targetLag/],
    ['writerSlowdown: 1.9', /:5: backfill.writerSlowdown/],
    ['writerSlowdown: no', /:5: backfill.writerSlowdown/],
    ['pauseWhen: { sourceThreadsRunning: 1 }', /:5: backfill.pauseWhen.sourceThreadsRunning/],
    ['window: "22:00-22:00"', /:5: begins when it ends/],
    ['window: "22:00-06:00 Europe/Atlantis"', /:5: Europe\/Atlantis is no IANA time zone/],
    ['window: "25:00-06:00"', /:5: backfill.window: expected a time of day/],
  ] as const) {
    expect(() => parsePlan(plan(bad), {})).toThrow(why)
  }
})
