import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { openJournal } from '../../src/wal/open.ts'
import type { Journal, JournalOptions } from '../../src/journal/journal.ts'
import type { OpRecord } from '../../src/model.ts'
import { FakeDisk } from './fake-io.ts'

const record = (n: number, more: Partial<OpRecord> = {}): OpRecord => ({
  collection: n % 2 === 0 ? 'even' : 'odd',
  columns: ['n', 'text'],
  rows: [[BigInt(n), `row ${n}`]],
  at: BigInt(n),
  low: BigInt(1000 - n),
  marked: true,
  ...more,
})
const nOf = ({ rows }: OpRecord): number => Number(rows[0]?.[0])

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'hyperferry-journal-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

async function fresh(disk: FakeDisk, dir: string, more: Partial<JournalOptions> = {}): Promise<Journal> {
  return openJournal({ dir, segmentBytes: 400, keepBytes: 0, ...more }, disk)
}

/** Opens what a process left that was killed: nobody has closed it. */
async function reopened(disk: FakeDisk, dir: string, more: Partial<JournalOptions> = {}): Promise<Journal> {
  rmSync(join(dir, 'lock'), { force: true })
  return fresh(disk, dir, more)
}

type Step =
  | { do: 'intent' | 'reopen' | 'tidy' }
  | { do: 'commit' | 'abort' | 'doubt'; pick: number }
  | { do: 'deliver'; limit: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ do: 'intent' as const }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('commit' as const), pick: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('abort' as const), pick: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('doubt' as const), pick: fc.nat() }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('deliver' as const), limit: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 1, arbitrary: fc.constant({ do: 'reopen' as const }) },
)

test('keeps what it was told, in the order of the commits, through restarts and segments', async () => {
  const dir = folder()
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
      const disk = new FakeDisk()
      let journal = await reopened(disk, dir)
      const open = new Map<number, number>()
      const committed: number[] = []
      let delivered = 0
      let next = 0
      for (const one of steps) {
        const pick = 'pick' in one ? [...open.keys()][one.pick % Math.max(1, open.size)] : undefined
        if (one.do === 'intent') open.set(await journal.intent(record(next)), next++)
        else if (one.do === 'commit' && pick !== undefined) {
          committed.push(open.get(pick) ?? -1)
          open.delete(pick)
          await journal.commit(pick)
        } else if (one.do === 'abort' && pick !== undefined) {
          open.delete(pick)
          await journal.abort(pick)
        } else if (one.do === 'doubt' && pick !== undefined) journal.doubt(pick)
        else if (one.do === 'deliver') {
          const ops = await journal.deliveries(delivered, one.limit)
          expect(ops.map(({ record: r }) => nOf(r))).toEqual(committed.slice(delivered, delivered + one.limit))
          expect(ops.map(({ number }) => number)).toEqual(ops.map((_, i) => delivered + i + 1))
          delivered += ops.length
          if (ops.length > 0) await journal.delivered(delivered)
        } else if (one.do === 'reopen') {
          await journal.close()
          journal = await fresh(disk, dir)
          expect((await journal.doubtful()).map(({ record: r }) => nOf(r)).toSorted((a, b) => a - b)).toEqual(
            [...open.values()].toSorted((a, b) => a - b),
          )
        }
        expect(journal.progress).toEqual({ delivered, committed: committed.length })
        expect(journal.counts.pending).toBe(committed.length - delivered)
        expect(journal.counts.inFlight + journal.counts.inDoubt).toBe(open.size)
        const waiting = [...open.values(), ...committed.slice(delivered)]
        for (const name of ['even', 'odd']) {
          const own = waiting.filter((n) => (n % 2 === 0) === (name === 'even'))
          expect(journal.low().get(name)).toBe(own.length === 0 ? undefined : BigInt(1000 - Math.max(...own)))
        }
      }
      await journal.close()
    }),
    { seed: 7, numRuns: 150 },
  )
})

test('after a power cut every acknowledged intent is there, and no number is given out twice', async () => {
  const dir = folder()
  const run = (lazySync: boolean): Promise<void> =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ commit: fc.boolean(), deliver: fc.boolean() }), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 0, max: 100 }),
        async (ops, torn) => {
          const disk = new FakeDisk()
          let journal = await reopened(disk, dir)
          disk.lazySync = lazySync
          const known = new Map<number, number>()
          const inTarget = new Map<number, number>()
          for (const [n, { commit, deliver }] of ops.entries()) {
            const seq = await journal.intent(record(n))
            known.set(seq, n)
            if (commit) await journal.commit(seq)
            if (!deliver) continue
            for (const { number, record: r } of await journal.deliveries(inTarget.size, 100))
              inTarget.set(number, nOf(r))
          }
          disk.powerCut((size) => Math.floor((size * torn) / 100))
          disk.lazySync = false
          journal = await reopened(disk, dir)
          // Settled in any order: what was in the target under a number has it still.
          for (const { seq } of (await journal.doubtful()).toReversed()) await journal.commit(seq)
          const all = await journal.deliveries(0, 1000)
          expect(all.map(({ record: r }) => nOf(r)).toSorted((a, b) => a - b)).toEqual([...known.values()])
          for (const { number, record: r } of all) if (inTarget.has(number)) expect(nOf(r)).toBe(inTarget.get(number))
          await journal.close()
        },
      ),
      { seed: 11, numRuns: 120 },
    )
  await run(false)
  // The mutant whose flush does nothing is found.
  await expect(run(true)).rejects.toThrow()
})

test('cuts a torn end off, wherever it is torn, and refuses a hole in the middle', async () => {
  const dir = folder()
  const disk = new FakeDisk()
  const journal = await reopened(disk, dir, { segmentBytes: 1_000_000 })
  const seqs = [await journal.intent(record(0)), await journal.intent(record(1))]
  await journal.commit(seqs[0] ?? 0)
  const before = (disk.names().at(-2) ?? '') && disk.names().find((name) => name.endsWith('.hfj'))
  const name = before ?? ''
  const size = disk.bytes(name).length
  await journal.intent(record(2))
  const whole = Buffer.from(disk.bytes(name))
  for (let end = size; end < whole.length; end += 1) {
    const copy = new FakeDisk()
    copy.put('state.json', disk.bytes('state.json'))
    copy.put(name, Buffer.from(whole.subarray(0, end)))
    const again = await reopened(copy, dir)
    expect((await again.doubtful()).map(({ record: r }) => nOf(r))).toEqual([1])
    expect(again.progress.committed).toBe(1)
    await again.close()
  }
  const damaged = new FakeDisk()
  damaged.put('state.json', disk.bytes('state.json'))
  const bytes = Buffer.from(whole)
  bytes[size - 30] = (bytes[size - 30] ?? 0) ^ 255
  damaged.put(name, bytes)
  await expect(reopened(damaged, dir)).rejects.toMatchObject({ code: 'HF-DW05' })
  await journal.close()
})

test('a full disk refuses intents before anything is sent, keeps the order of marks, and works again when there is room', async () => {
  const dir = folder()
  const disk = new FakeDisk()
  const journal = await reopened(disk, dir, { segmentBytes: 1_000_000 })
  const seqs: number[] = []
  for (let n = 0; n < 6; n += 1) seqs.push(await journal.intent(record(n)))
  await journal.commit(seqs[0] ?? 0)
  disk.room = 10
  await expect(journal.intent(record(9))).rejects.toMatchObject({ code: 'HF-DW05', retryable: true })
  await expect(journal.commit(seqs[1] ?? 0)).rejects.toMatchObject({ code: 'HF-DW05' })
  await expect(journal.commit(seqs[2] ?? 0)).rejects.toMatchObject({ code: 'HF-DW05' })
  await expect(journal.deliveries(0, 10)).rejects.toMatchObject({ code: 'HF-DW05' })
  disk.room = Infinity
  const late = await journal.intent(record(10))
  await journal.commit(late)
  const ops = await journal.deliveries(0, 10)
  expect(ops.map(({ record: r }) => nOf(r))).toEqual([0, 1, 2, 10])
  await journal.close()
  const again = await fresh(disk, dir)
  expect((await again.deliveries(0, 10)).map(({ record: r }) => nOf(r))).toEqual([0, 1, 2, 10])
  expect((await again.doubtful()).map(({ record: r }) => nOf(r))).toEqual([3, 4, 5])
  await again.close()
})

test('after a failed flush nothing is promised any more', async () => {
  const dir = folder()
  const disk = new FakeDisk()
  const journal = await reopened(disk, dir)
  await journal.intent(record(0))
  disk.failSync = true
  await expect(journal.intent(record(1))).rejects.toMatchObject({ code: 'HF-DW05' })
  disk.failSync = false
  await expect(journal.intent(record(2))).rejects.toMatchObject({ code: 'HF-DW05' })
  await journal.close()
  const again = await fresh(disk, dir)
  expect((await again.doubtful()).map(({ record: r }) => nOf(r))).toContain(0)
  await again.close()
})

test('many at once share a flush, and a full journal says so beforehand', async () => {
  const dir = folder()
  const disk = new FakeDisk()
  const journal = await reopened(disk, dir, { segmentBytes: 1_000_000, maxBytes: 20_000 })
  const before = disk.syncs
  await Promise.all(Array.from({ length: 100 }, (_, n) => journal.intent(record(n))))
  expect(disk.syncs - before).toBeLessThan(10)
  await expect(
    (async () => {
      for (let n = 0; n < 1000; n += 1) await journal.intent(record(n))
    })(),
  ).rejects.toMatchObject({ code: 'HF-DW05' })
  await journal.close()
})

test('space of delivered records is given back, also behind an op that stays open', async () => {
  const dir = folder()
  const disk = new FakeDisk()
  const journal = await reopened(disk, dir)
  const stuck = await journal.intent(record(0))
  for (let n = 1; n < 200; n += 1) {
    await journal.commit(await journal.intent(record(n)))
    if (n % 10 === 0) await journal.delivered(n)
  }
  await journal.delivered(199)
  expect(disk.names().length).toBeLessThan(6)
  await expect(journal.deliveries(0, 10)).rejects.toMatchObject({ code: 'HF-DW05' })
  await journal.close()
  const again = await fresh(disk, dir)
  expect((await again.doubtful()).map(({ seq, record: r }) => [seq, nOf(r)])).toEqual([[stuck, 0]])
  expect(again.progress).toEqual({ delivered: 199, committed: 199 })
  expect(again.floor).toBe(stuck)
  await again.commit(stuck, { captured: { column: 'id', values: [77n] } })
  const [op] = await again.deliveries(199, 1)
  expect(op?.record.columns).toEqual(['n', 'text', 'id'])
  expect(op?.record.rows[0]?.[2]).toBe(77n)
  await again.close()
})

test('remembers small facts, and one process has it at a time', async () => {
  const dir = folder()
  const journal = await openJournal({ dir })
  await Promise.all([journal.remember({ a: 1 }), journal.remember({ a: 2 })])
  await expect(openJournal({ dir })).rejects.toMatchObject({ code: 'HF-DW06' })
  const { id } = journal
  await journal.close()
  const again = await openJournal({ dir })
  expect(again.remembered).toEqual({ a: 2 })
  expect(again.id).toBe(id)
  await again.close()
})
