import { expect, test } from 'vitest'
import { Loop } from '../src/loop.ts'

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

test('goes on at once while there is something to do, then waits for the next word', async () => {
  const turns: string[] = []
  let work = 3
  const loop = new Loop({
    idleMs: () => 60_000,
    longestMs: 1000,
    turn: async () => {
      turns.push(`turn ${work}`)
      work -= 1
      return work > 0
    },
    onError: () => {},
  })
  loop.start()
  await sleep(20)
  expect(turns).toEqual(['turn 3', 'turn 2', 'turn 1'])
  work = 1
  loop.wake()
  await sleep(20)
  expect(turns).toHaveLength(4)
  await loop.stop()
})

test('a word that comes during a turn is not lost', async () => {
  let turns = 0
  const loop = new Loop({
    idleMs: () => 60_000,
    longestMs: 1000,
    turn: async () => {
      turns += 1
      if (turns === 1) loop.wake()
      await sleep(5)
      return false
    },
    onError: () => {},
  })
  loop.start()
  await sleep(60)
  expect(turns).toBe(2)
  await loop.stop()
})

test('failures are told and slow it down, and new work does not hurry it', async () => {
  const errors: unknown[] = []
  let turns = 0
  const loop = new Loop({
    idleMs: () => 0,
    longestMs: 10_000,
    turn: () => {
      turns += 1
      return Promise.reject(new Error(`turn ${turns}`))
    },
    onError: (error) => errors.push(error),
  })
  const began = performance.now()
  loop.start()
  for (let n = 0; n < 20; n += 1) {
    loop.wake()
    await sleep(5)
  }
  // Pauses double from 50 ms on, at least.
  expect(turns).toBeLessThanOrEqual(3 + Math.log2((performance.now() - began) / 50 + 1))
  expect(errors).toHaveLength(turns)
  await loop.stop()
  const after = turns
  await sleep(50)
  expect(turns).toBe(after)
})

test('stop waits for the turn that runs', async () => {
  let ended = false
  const loop = new Loop({
    idleMs: () => 0,
    longestMs: 1000,
    turn: async () => {
      await sleep(30)
      ended = true
      return false
    },
    onError: () => {},
  })
  loop.start()
  await sleep(5)
  await loop.stop()
  expect(ended).toBe(true)
})
