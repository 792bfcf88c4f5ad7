// The journal against a model that is a few lists: any sequence of calls, restarts, kills and power cuts.
/* eslint-disable vitest/no-standalone-expect, typescript/no-non-null-assertion -- each call is compared with the model where it is made */
import fc from 'fast-check'
import { expect } from 'vitest'
import type { Outcome } from '../../src/journal/journal.ts'
import { Disk } from './disk.ts'
import { ascending, nOf, numbers, record, reopened } from './stage.ts'
import type { Open, Opened } from './stage.ts'

type Step =
  | { do: 'intents'; count: number }
  | { do: 'commit' | 'abort' | 'doubt'; pick: number; how: number }
  | { do: 'read'; limit: number; back: number }
  | { do: 'delivered'; share: number }
  | { do: 'close' | 'kill' | 'doubtful' }
  /** Ops that go all the way. */
  | { do: 'flow'; count: number }
  | { do: 'power'; kept: number }
  /** Intents and a commit while so many bytes fit on the disk. */
  | { do: 'full'; room: number }

const small = { min: 1, max: 5 }
export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('intents' as const), count: fc.integer(small) }) },
    {
      weight: 9,
      arbitrary: fc.record({
        do: fc.constantFrom(
          'commit' as const,
          'commit' as const,
          'commit' as const,
          'abort' as const,
          'doubt' as const,
        ),
        pick: fc.nat(),
        how: fc.nat(3),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('read' as const), limit: fc.integer(small), back: fc.nat(3) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('delivered' as const), share: fc.integer({ min: 1, max: 100 }) }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('flow' as const), count: fc.integer({ min: 1, max: 12 }) }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constantFrom('close' as const, 'kill' as const, 'doubtful' as const) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('full' as const), room: fc.nat(400) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('power' as const), kept: fc.nat(100) }) },
  ),
  { maxLength: 80, size: 'max' },
)

interface Committed {
  seq: number
  n: number
  outcome: Outcome
}

/** Runs the steps and throws where journal and model differ. */
export async function compare(all: readonly Step[], dir: string, open?: Open): Promise<void> {
  await using run = new Run(dir, open)
  await run.start()
  for (const one of all) {
    await run.step(one)
    run.look()
  }
  // Whatever happened: everything that was ever acknowledged can still be brought over, once.
  await run.step({ do: 'kill' })
  await run.settleAll()
  run.look()
}

class Run {
  readonly #dir: string
  readonly #open: { open?: Open }
  readonly #disk = new Disk()
  #journal!: Opened
  #next = 0
  /** Seq → n of what is open, in doubt or not. */
  readonly #waiting = new Map<number, number>()
  readonly #doubted = new Set<number>()
  readonly #aborted = new Map<number, number>()
  #committed: Committed[] = []
  #delivered = 0
  /** How far the other store is: its numbers are never used again. */
  #seen = 0

  constructor(dir: string, open?: Open) {
    this.#dir = dir
    this.#open = open === undefined ? {} : { open }
  }

  async start(): Promise<void> {
    this.#journal = await reopened(this.#disk, this.#dir, this.#open)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#journal.close().catch(() => {})
  }

  async step(one: Step): Promise<void> {
    switch (one.do) {
      case 'intents': {
        const from = this.#next
        this.#next += one.count
        const ns = numbers(from, this.#next - 1)
        const seqs = await Promise.all(ns.map((n) => this.#journal.intent(record(n))))
        for (const [index, seq] of seqs.entries()) {
          expect(this.#waiting.has(seq) || this.#committed.some((each) => each.seq === seq), 'a seq given twice').toBe(
            false,
          )
          this.#waiting.set(seq, ns[index]!)
        }
        return
      }
      case 'commit':
      case 'abort':
      case 'doubt':
        return this.#tell(one.do, one.pick, one.how)
      case 'read':
        return this.#read(Math.max(0, this.#seen - one.back), one.limit)
      case 'delivered': {
        this.#delivered = Math.max(this.#delivered, Math.floor((this.#seen * one.share) / 100))
        return this.#journal.delivered(this.#delivered)
      }
      case 'flow':
        return this.#flow(one.count)
      case 'doubtful':
        return this.#doubtful(this.#doubted)
      case 'close':
        await this.#journal.close()
        return this.#again()
      case 'kill':
        return this.#again()
      case 'full':
        return this.#full(one.room)
      case 'power':
        return this.#power(one.kept)
    }
  }

  look(): void {
    const { progress, counts, floor } = this.#journal
    expect(progress).toEqual({ delivered: this.#delivered, committed: this.#committed.length })
    expect(counts).toMatchObject({
      pending: this.#committed.length - this.#delivered,
      inDoubt: this.#doubted.size,
      inFlight: this.#waiting.size - this.#doubted.size,
    })
    const rest = [...this.#waiting, ...this.#committed.slice(this.#delivered).map(({ seq, n }) => [seq, n] as const)]
    if (rest.length > 0) expect(floor).toBe(Math.min(...rest.map(([seq]) => seq)))
    else for (const { seq } of this.#committed) expect(floor).toBeGreaterThan(seq)
    const low = new Map<string, bigint>()
    for (const [, n] of rest) {
      const { collection, low: own } = record(n)
      if (own! < (low.get(collection) ?? 1000n)) low.set(collection, own!)
    }
    expect(this.#journal.low()).toEqual(low)
  }

  async settleAll(): Promise<void> {
    for (const seq of ascending(this.#waiting.keys()).toReversed()) await this.#commit(seq, 0)
    await this.#read(this.#seen, 10_000)
    expect(this.#seen).toBe(this.#committed.length)
  }

  async #tell(what: 'commit' | 'abort' | 'doubt', pick: number, how: number): Promise<void> {
    const seq = [...this.#waiting.keys()][pick % Math.max(1, this.#waiting.size)]
    if (seq === undefined) return
    if (what === 'doubt') {
      this.#doubted.add(seq)
      return this.#journal.doubt(seq)
    }
    if (what === 'commit') return this.#commit(seq, how)
    this.#aborted.set(seq, this.#waiting.get(seq)!)
    this.#forget(seq)
    await this.#journal.abort(seq)
  }

  async #commit(seq: number, how: number): Promise<void> {
    const n = this.#waiting.get(seq)!
    const outcome = how === 1 ? { captured: { column: 'id', values: [BigInt(n)] } } : how === 2 ? { only: [] } : {}
    this.#committed.push({ seq, n, outcome })
    this.#forget(seq)
    const done = this.#journal.commit(seq, outcome)
    await expect(this.#journal.abort(seq)).rejects.toMatchObject({ code: 'HF-DW05' })
    await done
  }

  async #flow(count: number): Promise<void> {
    await this.step({ do: 'intents', count })
    for (const seq of [...this.#waiting.keys()].slice(-count)) await this.#commit(seq, 0)
    await this.#read(this.#seen, 10_000)
    // One op is settled in the very moment in which its segment may be given back.
    const [oldest] = this.#waiting.keys()
    const settled = oldest === undefined ? null : this.#commit(oldest, 0)
    await this.step({ do: 'delivered', share: 100 })
    await settled
  }

  async #full(room: number): Promise<void> {
    this.#disk.room = room
    const [oldest] = this.#waiting.keys()
    const commit = oldest === undefined ? null : this.#journal.commit(oldest)
    const ns = [this.#next++, this.#next++]
    const intents = await Promise.allSettled(ns.map((n) => this.#journal.intent(record(n))))
    const [committed] = await Promise.allSettled([commit])
    this.#disk.room = Infinity
    for (const each of [...intents, committed])
      if (each.status === 'rejected') expect(each.reason).toMatchObject({ code: 'HF-DW05', retryable: true })
    for (const [index, each] of intents.entries())
      if (each.status === 'fulfilled') this.#waiting.set(each.value, ns[index]!)
    if (oldest === undefined || committed.status === 'rejected') return
    this.#committed.push({ seq: oldest, n: this.#waiting.get(oldest)!, outcome: {} })
    this.#forget(oldest)
  }

  async #read(after: number, limit: number): Promise<void> {
    const reading = this.#journal.deliveries(after, limit)
    // Records below are kept as long as there is room; here there is none.
    if (after < this.#delivered && after < this.#committed.length) return void (await reading.catch(() => {}))
    const found = await reading
    const expected = this.#committed.slice(after, after + limit)
    expect(found.map(({ number }) => number)).toEqual(expected.map((_, index) => after + index + 1))
    expect(found.map(({ seq }) => seq)).toEqual(expected.map(({ seq }) => seq))
    for (const [index, { record: got }] of found.entries()) {
      const { n, outcome } = expected[index]!
      const { columns, rows } = record(n)
      if (outcome.only !== undefined) expect(got.rows).toEqual([])
      else if (outcome.captured === undefined) expect(got).toEqual(record(n))
      else expect(got).toMatchObject({ columns: [...columns, 'id'], rows: [[...rows[0]!, BigInt(n)]] })
    }
    this.#seen = Math.max(this.#seen, after + found.length)
  }

  async #doubtful(expected: Iterable<number>): Promise<void> {
    const found = await this.#journal.doubtful()
    expect(ascending(found.map(({ seq }) => seq))).toEqual(ascending(expected))
    for (const { seq, record: got } of found) expect(nOf(got)).toBe(this.#waiting.get(seq))
  }

  async #again(): Promise<void> {
    await this.start()
    for (const seq of this.#waiting.keys()) this.#doubted.add(seq)
    await this.#doubtful(this.#doubted)
  }

  /** What was only handed to the system may be gone: marks at the end, never in the middle, and none that was handed out. */
  async #power(kept: number): Promise<void> {
    this.#disk.powerCut((lost) => lost.subarray(0, Math.floor((lost.length * kept) / 100)))
    await this.start()
    const { delivered, committed } = this.#journal.progress
    expect(committed, 'a mark that was handed out is gone').toBeGreaterThanOrEqual(this.#seen)
    expect(committed).toBeLessThanOrEqual(this.#committed.length)
    for (const { seq, n } of this.#committed.splice(committed)) this.#waiting.set(seq, n)
    expect(delivered).toBeLessThanOrEqual(this.#delivered)
    this.#delivered = delivered
    const found = new Set((await this.#journal.doubtful()).map(({ seq }) => seq))
    for (const [seq, n] of this.#aborted) if (found.has(seq)) this.#waiting.set(seq, n)
    this.#doubted.clear()
    for (const seq of this.#waiting.keys()) this.#doubted.add(seq)
    await this.#doubtful(this.#doubted)
  }

  #forget(seq: number): void {
    this.#waiting.delete(seq)
    this.#doubted.delete(seq)
  }
}
