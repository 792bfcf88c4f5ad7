// Workers come and go while there is work; nothing is done twice or not at all, and nobody waits for ever.
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { inParallel } from '../../../src/steps/backfill/workers.ts'
import type { Target } from '../../../src/target/connect.ts'
import type { Pace } from '../../../src/throttle/pace.ts'
import { usualRetry } from '../../../src/work/backoff.ts'
import { MemoryBudget } from '../../../src/work/budget.ts'
import { noEvents } from '../../../src/work/events.ts'

const run = {
  // Nobody asks for a session here.
  target: {} as Target,
  budget: new MemoryBudget(),
  events: noEvents,
  retry: usualRetry,
  stop: undefined,
}
const never = new AbortController().signal

class Dial implements Pace {
  workers: number
  #closed: { promise: Promise<void>; resolve(): void } | null = null
  readonly #listeners = new Set<() => void>()
  constructor(workers: number) {
    this.workers = workers
  }
  async turn(signal: AbortSignal): Promise<void> {
    const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    while (this.#closed !== null && !signal.aborted) await Promise.race([this.#closed.promise, stopped])
    if (signal.aborted) throw new Error('stopped')
  }
  during<T>(work: () => Promise<T>): Promise<T> {
    return work()
  }
  onWorkers(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
  set(workers: number): void {
    this.workers = workers
    for (const listener of this.#listeners) listener()
  }
  shut(): void {
    if (this.#closed !== null) return
    let resolve = (): void => {}
    const promise = new Promise<void>((done) => (resolve = done))
    this.#closed = { promise, resolve }
  }
  open(): void {
    this.#closed?.resolve()
    this.#closed = null
  }
  get listening(): number {
    return this.#listeners.size
  }
}

async function* numbers(to: number): AsyncGenerator<number, void, undefined> {
  for (let each = 0; each < to; each += 1) {
    await sleep(0)
    yield each
  }
}

test('every item once, never more at a time than ever allowed, whatever is turned meanwhile', async () => {
  const turn = fc.record({ at: fc.nat(60), workers: fc.integer({ min: 1, max: 8 }), shut: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 8 }), fc.array(turn, { maxLength: 6 }), async (workers, turns) => {
      const dial = new Dial(workers)
      const done: number[] = []
      let atWork = 0
      const most = Math.max(workers, ...turns.map((one) => one.workers))
      await inParallel(run, { pace: dial, signal: never }, numbers(60), async (_, item) => {
        atWork += 1
        expect(atWork).toBeLessThanOrEqual(most)
        for (const { workers: wanted, shut } of turns.filter(({ at }) => at === item)) {
          dial.set(wanted)
          if (!shut) continue
          dial.shut()
          setTimeout(() => dial.open(), 2)
        }
        await sleep(0)
        done.push(item)
        atWork -= 1
      })
      expect(done.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, each) => each))
      expect([atWork, dial.listening]).toEqual([0, 0])
    }),
    { seed: 21, numRuns: 40 },
  )
})

test('workers are hired and sent home while the work goes on', async () => {
  const dial = new Dial(1)
  let atWork = 0
  const seen: number[] = []
  await inParallel(run, { pace: dial, signal: never }, numbers(60), async (_, item) => {
    atWork += 1
    seen[item] = atWork
    if (item === 5) dial.set(4)
    if (item === 30) dial.set(2)
    await sleep(50)
    atWork -= 1
  })
  expect(Math.max(...seen.slice(0, 6))).toBe(1)
  expect(Math.max(...seen.slice(6, 31))).toBe(4)
  expect(Math.max(...seen.slice(36))).toBe(2)
})

test('no more than workers write at a time, and no more than one thing is ahead of them', async () => {
  const turn = fc.record({ at: fc.nat(60), workers: fc.integer({ min: 1, max: 5 }) })
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 5 }), fc.array(turn, { maxLength: 4 }), async (workers, turns) => {
      const dial = new Dial(workers)
      const most = Math.max(workers, ...turns.map((one) => one.workers))
      const order: number[] = []
      let [reading, writing] = [0, 0]
      await inParallel(run, { pace: dial, signal: never, ahead: 1 }, numbers(60), async (slots, item) => {
        reading += 1
        for (const { workers: wanted } of turns.filter(({ at }) => at === item)) dial.set(wanted)
        await sleep(1)
        reading -= 1
        await slots.use(async () => {
          writing += 1
          expect(writing).toBeLessThanOrEqual(most)
          expect(writing + reading).toBeLessThanOrEqual(most + 1)
          await sleep(1)
          order.push(item)
          writing -= 1
        })
      })
      expect(order.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, each) => each))
      expect([reading, writing, dial.listening]).toEqual([0, 0, 0])
    }),
    { seed: 22, numRuns: 30 },
  )
})

test.each([1, 2, 5])('with %i workers one thing more is read while all of them write', async (workers) => {
  let begun = 0
  let allWrite = (): void => {}
  const until = new Promise<void>((resolve) => (allWrite = resolve))
  await inParallel(run, { pace: new Dial(workers), signal: never, ahead: 1 }, numbers(20), async (slots) => {
    begun += 1
    // Without it this never comes.
    if (begun === workers + 1) allWrite()
    await slots.use(() => until)
  })
  expect(begun).toBe(20)
})

test('a failure ends those that have read and wait to write', async () => {
  const written: number[] = []
  const work = inParallel(run, { pace: new Dial(1), signal: never, ahead: 1 }, numbers(20), async (slots, item) => {
    await slots.use(async () => {
      // The next one waits by then.
      await sleep(20)
      if (item === 1) throw new Error('no use')
      written.push(item)
    })
  })
  await expect(work).rejects.toThrow('no use')
  expect(written).toEqual([0])
})

test('a failure ends those that wait for their turn', async () => {
  const dial = new Dial(3)
  const work = inParallel(run, { pace: dial, signal: never }, numbers(40), async (_, item) => {
    if (item < 3) dial.shut()
    await sleep(item === 0 ? 20 : 1)
    if (item === 0) throw new Error('no use')
  })
  await expect(work).rejects.toThrow('no use')
  expect(dial.listening).toBe(0)
})
