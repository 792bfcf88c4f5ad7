import { expect, test } from 'vitest'
import type { WriteCounts } from '../../src/control/write-counts.ts'
import { Spare } from '../../src/throttle/spare.ts'
import type { SparedWrites } from '../../src/throttle/spare.ts'

/** Milliseconds of its writes when so many workers are at work. */
type Felt = (workers: number) => { p50Ms: number; p99Ms: number }

const PER_LOOK = 100

/** An application that writes a hundred times a second, looked at each second. */
class Application {
  readonly #felt: Felt
  readonly #rate: number
  readonly spare = new Spare()
  nowMs = 5_000_000
  #total = new Map<number, number>()
  #history: { ms: number; counts: WriteCounts }[] = []
  /** At each second. */
  readonly workers: number[] = []

  constructor(felt: Felt, rate = PER_LOOK) {
    this.#felt = felt
    this.#rate = rate
    for (let second = 0; second < 40; second += 1) this.#write(0)
    this.spare.begin(this.#times(), null, this.nowMs)
  }

  go(seconds: number, rules: { most?: number; slowdown?: number | null; waiting?: boolean } = {}): SparedWrites | null {
    const { most = 4, slowdown = 3, waiting = false } = rules
    let seen: SparedWrites | null = null
    for (let second = 0; second < seconds; second += 1) {
      seen = this.spare.look(this.#times(), { most, slowdown, waiting, nowMs: this.nowMs })
      const workers = waiting ? 0 : (seen?.workers ?? most)
      this.workers.push(workers)
      this.#write(workers)
    }
    return seen
  }

  /** Two of a hundred writes are as slow as the p99 says. */
  #write(workers: number): void {
    this.nowMs += 1000
    const { p50Ms, p99Ms } = this.#felt(workers)
    const counts = new Map<number, number>()
    for (let n = 0; n < this.#rate; n += 1) {
      const bucket = Math.ceil(Math.log2(n % 50 === 49 ? p99Ms : p50Ms) * 4)
      counts.set(bucket, (counts.get(bucket) ?? 0) + 1)
    }
    for (const [bucket, count] of counts) this.#total.set(bucket, (this.#total.get(bucket) ?? 0) + count)
    this.#history.push({ ms: this.nowMs, counts })
  }

  #times() {
    const lately = new Map<number, number>()
    for (const { ms, counts } of this.#history)
      if (ms > this.nowMs - 30_000)
        for (const [bucket, count] of counts) lately.set(bucket, (lately.get(bucket) ?? 0) + count)
    return [{ writer: '1', total: new Map(this.#total), lately }]
  }
}

const steady: Felt = () => ({ p50Ms: 8, p99Ms: 30 })
/** Hardly feels one worker and cannot bear two. */
const tender: Felt = (workers) => (workers < 2 ? steady(workers) : { p50Ms: 40, p99Ms: 400 })

test('an application that feels nothing: one worker, soon all of them, for as long as it lasts', () => {
  const application = new Application(steady)
  application.go(3600)
  expect(application.workers[0]).toBe(1)
  expect(application.workers.slice(15).every((workers) => workers === 4)).toBe(true)
  expect(application.go(30, { most: 8 })?.workers).toBe(8)
  expect(application.go(1, { most: 2 })?.workers).toBe(2)
})

test('an application that cannot bear two workers has them for less than a hundredth of the time', () => {
  const application = new Application(tender)
  application.go(8 * 3600)
  const tooMany = application.workers.filter((workers) => workers > 1).length
  expect(tooMany).toBeGreaterThan(0)
  expect(tooMany / application.workers.length).toBeLessThan(0.01)
  // It is tried again: what it cannot bear now it may bear later.
  expect(Math.max(...application.workers.slice(-4000))).toBe(2)
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

test('what it bore for hours and bears no more: fewer within ten seconds, more when it is over', () => {
  let busy = false
  const application = new Application((workers) =>
    busy && workers > 2 ? { p50Ms: 12, p99Ms: 200 } : { p50Ms: 8, p99Ms: 30 },
  )
  application.go(3600)
  busy = true
  application.go(10)
  expect(application.workers.at(-1)).toBeLessThan(4)
  application.go(600)
  busy = false
  application.go(3600)
  expect(application.workers.at(-1)).toBe(4)
})

test('the limit is the plan’s times what was measured before; a few milliseconds are felt by nobody', () => {
  const { limitMs, p99Ms } = new Application(steady).go(5, { slowdown: 5 })!
  expect(limitMs / 5).toBeGreaterThanOrEqual(30)
  expect(limitMs / 5).toBeLessThan(30 * 2 ** 0.25)
  expect(p99Ms).toBe(limitMs / 5)
  const quick = new Application((workers) => ({ p50Ms: 1 + workers / 10, p99Ms: 2 + workers }))
  expect(quick.go(20)).toMatchObject({ workers: 4, limitMs: 15 })
})

test('nobody is spared who hardly writes, or need not be', () => {
  expect(new Application(tender, 0).go(100)).toBeNull()
  expect(new Application(tender).go(100, { slowdown: null })).toBeNull()
})

test('a long pause shows anew how fast it is by itself, a short one does not', () => {
  let night = false
  const application = new Application((workers) => {
    const { p50Ms, p99Ms } = night ? { p50Ms: 40, p99Ms: 200 } : steady(0)
    return { p50Ms: p50Ms * (1 + workers / 100), p99Ms }
  })
  application.go(30)
  night = true
  expect(application.go(60)?.workers).toBe(1)
  application.go(20, { waiting: true })
  expect(application.go(300)?.workers).toBe(1)
  application.go(120, { waiting: true })
  expect(application.go(60)?.workers).toBe(4)
})

test('an earlier run that ended a moment ago knows better than what is seen now', () => {
  const spare = new Spare()
  const slow = [{ writer: '1', total: new Map([[40, 1000]]), lately: new Map([[40, 1000]]) }]
  spare.begin(slow, { p50Ms: 8, p99Ms: 30 }, 0)
  expect(spare.quiet).toEqual({ p50Ms: 8, p99Ms: 30 })
  expect(spare.look(slow, { most: 4, slowdown: 3, waiting: false, nowMs: 1000 })).toMatchObject({ limitMs: 90 })
})
