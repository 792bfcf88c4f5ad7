import { expect, test } from 'vitest'
import type { WriteCounts } from '../../src/control/write-counts.ts'
import type { WriteTimes } from '../../src/control/write-times.ts'
import { Spare } from '../../src/throttle/spare.ts'
import type { SparedWrites } from '../../src/throttle/spare.ts'

/** What an application goes through in a second with so many tasks at work beside it; milliseconds. */
interface Second {
  p50Ms: number
  p99Ms: number
  /** Writes that end. Default as its rate says. */
  writes?: number
  inFlight?: number
  /** Since it was heard of. */
  ageMs?: number
}
type Felt = (workers: number) => Second

interface Rules {
  most?: number
  slowdown?: number | null
  /** Nothing is at work. */
  resting?: boolean
  /** Tasks at work where they are fewer than the workers. */
  busy?: number
}

/** An application that is looked at each second. */
class Application {
  readonly spare = new Spare()
  /** At each second. */
  readonly workers: number[] = []
  nowMs = 5_000_000
  readonly #felt: Felt
  readonly #rate: number
  readonly #total = new Map<number, number>()
  #history: { ms: number; counts: WriteCounts }[] = []
  #last: Second = { p50Ms: 0, p99Ms: 0 }
  #due = 0

  constructor(felt: Felt, { rate = 100, begin = true }: { rate?: number; begin?: boolean } = {}) {
    this.#felt = felt
    this.#rate = rate
    for (let second = 0; second < 40; second += 1) this.#write(0)
    if (begin) this.spare.begin(this.times(), null, true)
  }

  go(seconds: number, { most = 4, slowdown = 3, resting = false, busy }: Rules = {}): SparedWrites | null {
    let seen: SparedWrites | null = null
    let workers = 0
    for (let second = 0; second < seconds; second += 1) {
      seen = this.spare.look(this.times(), { most, slowdown, busy: resting ? 0 : (busy ?? workers), nowMs: this.nowMs })
      workers = resting ? 0 : Math.min(busy ?? Infinity, seen?.workers ?? most)
      this.workers.push(workers)
      this.#write(workers)
    }
    return seen
  }

  /** The share of the time after the first seconds in which there were more than so many. */
  above(workers: number): number {
    return this.workers.filter((each) => each > workers).length / this.workers.length
  }

  times(): WriteTimes[] {
    const lately = new Map<number, number>()
    this.#history = this.#history.filter(({ ms }) => ms > this.nowMs - 30_000)
    for (const { counts } of this.#history)
      for (const [bucket, count] of counts) lately.set(bucket, (lately.get(bucket) ?? 0) + count)
    const { inFlight = 0, ageMs = 100 } = this.#last
    return [{ writer: '1', ageMs, inFlight, total: new Map(this.#total), lately }]
  }

  /** Two of a hundred writes are as slow as the p99 says. */
  #write(workers: number): void {
    this.nowMs += 1000
    this.#last = this.#felt(workers)
    const { p50Ms, p99Ms, writes } = this.#last
    this.#due += writes ?? this.#rate
    const counts = new Map<number, number>()
    for (; this.#due >= 1; this.#due -= 1) {
      const n = (this.#n += 1)
      const bucket = Math.max(0, Math.ceil(Math.log2(n % 50 === 0 ? p99Ms : p50Ms) * 4))
      counts.set(bucket, (counts.get(bucket) ?? 0) + 1)
    }
    for (const [bucket, count] of counts) this.#total.set(bucket, (this.#total.get(bucket) ?? 0) + count)
    this.#history.push({ ms: this.nowMs, counts })
  }
  #n = 0
}

const steady: Felt = () => ({ p50Ms: 8, p99Ms: 30 })
/** Hardly feels one worker and cannot bear two. */
const tender: Felt = (workers) => (workers < 2 ? steady(workers) : { p50Ms: 40, p99Ms: 400 })
/** The same, and only one write in fifty is slow. */
const tenderAtTimes: Felt = (workers) => (workers < 2 ? steady(workers) : { p50Ms: 8, p99Ms: 400 })

test('an application that feels nothing: one worker, soon all of them, for as long as it lasts', () => {
  const application = new Application(steady)
  application.go(3600)
  expect(application.workers.slice(0, 12)).toEqual([1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 4])
  expect(application.workers.slice(12).every((workers) => workers === 4)).toBe(true)
  expect(application.go(30, { most: 16 })?.workers).toBe(16)
  expect(application.go(1, { most: 2 })?.workers).toBe(2)
})

test.each([
  ['the usual write is slow', tender],
  ['one write in fifty is slow', tenderAtTimes],
])('an application that cannot bear two workers (%s) hardly ever has them', (_what, felt) => {
  for (const rate of [100, 15, ...(felt === tender ? [1.2] : [])]) {
    const application = new Application(felt, { rate })
    application.go(3 * 3600)
    expect(application.above(1), `${rate} writes a second`).toBeLessThan(rate < 10 ? 0.05 : 0.01)
    // It is tried again: what it cannot bear now it may bear later.
    expect(Math.max(...application.workers.slice(-2000))).toBe(2)
  }
})

test('an application that stands still beside two workers does not get more of them', () => {
  for (const stuck of [
    { p50Ms: 5000, p99Ms: 5000, writes: 2, inFlight: 10 },
    { p50Ms: 0, p99Ms: 0, writes: 0, inFlight: 10 },
  ]) {
    const application = new Application((workers) => (workers < 2 ? steady(workers) : stuck))
    application.go(3600)
    expect(Math.max(...application.workers)).toBe(2)
    expect(application.above(1)).toBeLessThan(0.05)
  }
})

test('one that is not heard of gets no more, and keeps what it bore', () => {
  let heard = true
  const application = new Application((workers) =>
    heard ? steady(workers) : { ...steady(workers), writes: 0, ageMs: 9000 },
  )
  application.go(7)
  heard = false
  expect(application.go(60)?.workers).toBe(2)
  heard = true
  expect(application.go(60)?.workers).toBe(4)
})

test('one that does not write any more has nothing to be spared', () => {
  let writing = true
  const application = new Application((workers) => (writing ? tender(workers) : { ...steady(0), writes: 0 }))
  application.go(100)
  writing = false
  expect(application.go(400)?.workers).toBe(4)
})

test('one worker that is felt stays one, and is never none', () => {
  const felt: Felt = (workers) => ({ p50Ms: 8 + workers * 5, p99Ms: 30 + workers * 20 })
  const application = new Application(felt)
  application.go(3600)
  expect(new Set(application.workers)).toEqual(new Set([1]))
  const worse = new Application((workers) => (workers === 0 ? steady(0) : { p50Ms: 900, p99Ms: 9000 }))
  worse.go(3600)
  expect(new Set(worse.workers)).toEqual(new Set([1]))
})

test('what it bore for hours and bears no more: fewer within ten seconds, more in half a minute when it is over, one by one', () => {
  let busy = false
  const application = new Application((workers) =>
    busy && workers > 2 ? { p50Ms: 9, p99Ms: 200 } : { p50Ms: 8, p99Ms: 30 },
  )
  application.go(3600)
  busy = true
  expect(application.go(10)?.workers).toBeLessThan(4)
  application.go(15)
  expect(application.workers.at(-1)).toBe(2)
  busy = false
  application.go(60)
  expect([...new Set(application.workers.slice(-70))]).toEqual([2, 3, 4])
})

test('one trouble is one attempt in vain, however many steps down it takes', () => {
  let trouble = false
  const application = new Application((workers) => (trouble ? { p50Ms: 8, p99Ms: 400 } : steady(workers)))
  application.go(600, { most: 16 })
  trouble = true
  application.go(60, { most: 16 })
  trouble = false
  expect(application.go(120, { most: 16 })?.workers).toBe(16)
})

test('after five minutes of bearing as many as were felt, doubling begins anew', () => {
  let trouble = false
  const application = new Application((workers) => (trouble ? { p50Ms: 8, p99Ms: 400 } : steady(workers)))
  const lower = (seconds: number): void => {
    trouble = true
    application.go(seconds, { most: 16 })
    trouble = false
  }
  application.go(600, { most: 16 })
  lower(20)
  expect(application.go(600, { most: 16 })?.moreInMs).toBe(0)
  lower(20)
  // The second trouble is the first one again.
  expect(application.go(1, { most: 16 })?.moreInMs).toBeLessThanOrEqual(30_000)
})

test('workers without tasks prove nothing', () => {
  const application = new Application(tender)
  expect(application.go(600, { busy: 0 })?.workers).toBe(1)
  const few = new Application(steady)
  expect(few.go(600, { most: 8, busy: 3 })?.workers).toBe(4)
})

test('what is slow while nothing is at work is not our doing', () => {
  let trouble = false
  const application = new Application((workers) => (trouble ? { p50Ms: 90, p99Ms: 400 } : steady(workers)))
  application.go(60)
  trouble = true
  expect(application.go(20, { resting: true })?.workers).toBe(4)
})

test('the limits are the plan’s times what was measured before; a few milliseconds are felt by nobody', () => {
  const { limits, p50Ms, p99Ms } = new Application(steady).go(5, { slowdown: 5 })!
  expect(limits!.p50Ms / 5).toBe(8)
  const p99Limit = limits?.p99Ms ?? 0
  expect(p99Limit / 5).toBeGreaterThanOrEqual(30)
  expect(p99Limit / 5).toBeLessThan(30 * 2 ** 0.25)
  expect([p50Ms, p99Ms]).toEqual([8, p99Limit / 5])
  const quick = new Application((workers) => ({ p50Ms: 1 + workers / 10, p99Ms: 2 + workers }))
  expect(quick.go(20)).toMatchObject({ workers: 4, limits: { p50Ms: 15, p99Ms: 15 } })
})

test('nobody is spared who hardly writes, or need not be', () => {
  expect(new Application(tender, { rate: 0 }).go(100)).toBeNull()
  expect(new Application(tender, { rate: 0.5 }).go(100)).toBeNull()
  expect(new Application(tender).go(100, { slowdown: null })).toBeNull()
})

test('an application that comes later is seen beside one worker first', () => {
  let writing = false
  const application = new Application((workers) => (writing ? tender(workers) : { ...steady(0), writes: 0 }))
  expect(application.go(60)).toBeNull()
  writing = true
  expect(application.go(10)).toMatchObject({ workers: 1, most: 4, limits: null })
  expect(application.go(60)).toMatchObject({ limits: { p50Ms: 24 } })
  application.go(2 * 3600)
  expect(application.above(1)).toBeLessThan(0.02)
})

test('a first look that came late does not take what the backfill has caused for the usual', () => {
  const application = new Application((workers) => (workers < 2 ? steady(0) : { p50Ms: 80, p99Ms: 800 }), {
    begin: false,
  })
  application.spare.begin(application.times(), null, false)
  expect(application.go(10)).toMatchObject({ workers: 1, limits: null })
  expect(application.go(60)).toMatchObject({ workers: 1, limits: { p50Ms: 24 } })
})

test('a long rest shows anew how fast it is by itself, a short one does not', () => {
  let night = true
  const application = new Application((workers) => {
    const { p50Ms, p99Ms } = night ? steady(0) : { p50Ms: 40, p99Ms: 200 }
    return { p50Ms: p50Ms * (1 + workers / 100), p99Ms }
  })
  application.go(30)
  night = false
  expect(application.go(60)?.workers).toBe(1)
  application.go(20, { resting: true })
  expect(application.go(300)?.workers).toBe(1)
  application.go(120, { resting: true })
  // As if nothing had been in vain: doubled, and at once.
  application.go(12)
  expect([...new Set(application.workers.slice(-12))]).toEqual([1, 2, 4])
})

test('a run that ended a moment ago knows better than what is seen now', () => {
  const slow = [{ writer: '1', ageMs: 0, inFlight: 0, total: new Map([[40, 1000]]), lately: new Map([[40, 1000]]) }]
  const spare = new Spare()
  spare.begin(slow, { quiet: { p50Ms: 8, p99Ms: 30 } }, true)
  expect(spare.quiet).toEqual({ p50Ms: 8, p99Ms: 30 })
  const rules = { most: 4, slowdown: 3, busy: 0, nowMs: 1000 }
  expect(spare.look(slow, rules)).toMatchObject({ limits: { p50Ms: 24, p99Ms: 90 } })
  // And when it knew nothing, what is seen now is its doing all the same.
  const other = new Spare()
  other.begin(slow, { quiet: null }, true)
  expect(other.look(slow, rules)).toMatchObject({ workers: 1, limits: null })
})
