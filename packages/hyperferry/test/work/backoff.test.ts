import { expect, test } from 'vitest'
import { HyperferryError } from '../../src/errors.ts'
import { gaveUp, isTransient, pause, pauseBefore } from '../../src/work/backoff.ts'

const policy = { attempts: 3, firstMs: 100, longestMs: 1000 }

test('pauses double, are capped, and workers do not march in step', () => {
  expect([1, 2, 3, 4, 5, 60, 5000].map((attempt) => pauseBefore(attempt, policy, () => 1))).toEqual([
    100, 200, 400, 800, 1000, 1000, 1000,
  ])
  expect([1, 2, 5].map((attempt) => pauseBefore(attempt, policy, () => 0))).toEqual([50, 100, 500])
})

test('a pause ends at once when the work has to stop', async () => {
  const stop = new AbortController()
  const waiting = pause(3_600_000, [undefined, stop.signal])
  stop.abort()
  await expect(waiting).rejects.toMatchObject({ code: 'HF-B022' })
  await expect(pause(0, [stop.signal])).rejects.toMatchObject({ code: 'HF-B022' })
})

test('giving up is resumable whatever the last error was', () => {
  const away = gaveUp(new HyperferryError('HF-C010', { what: 'nobody there' }), 4)
  expect(away).toMatchObject({ code: 'HF-C019', exitCode: 4, details: { lastCode: 'HF-C010' } })
  expect(gaveUp(new HyperferryError('HF-B011', { what: 'overlap' }), 4)).toMatchObject({ code: 'HF-B011', exitCode: 4 })
})

test('only errors that pass by themselves are transient', () => {
  expect(isTransient(new HyperferryError('HF-C019', { what: '' }))).toBe(true)
  expect(isTransient(new HyperferryError('HF-S014', { what: '' }))).toBe(false)
  expect(isTransient(new Error('x'))).toBe(false)
})
