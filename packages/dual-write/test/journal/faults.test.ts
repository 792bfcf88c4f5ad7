import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openJournal } from '../../src/journal/open.ts'
import { Disk } from './disk.ts'
import { folder, nOf, numbers, record, reopened } from './stage.ts'

const refusal = { code: 'HF-DW05', retryable: true }

test('many callers share a write and a flush', async () => {
  const disk = new Disk()
  const journal = await reopened(disk, folder(), { segmentBytes: 1_000_000 })
  const { syncs, writes } = disk
  const seqs = await Promise.all(numbers(0, 99).map((n) => journal.intent(record(n))))
  expect(seqs).toEqual(numbers(1, 100))
  expect([disk.syncs - syncs, disk.writes - writes]).toEqual([1, 1])
  await Promise.all(seqs.map((seq) => journal.commit(seq)))
  expect([disk.syncs - syncs, disk.writes - writes]).toEqual([1, 2])
  await Promise.all([journal.deliveries(0, 10), journal.deliveries(0, 10)])
  expect(disk.syncs - syncs).toBe(2)
  await journal.deliveries(10, 50)
  expect(disk.syncs - syncs, 'what is on the disk is not flushed again').toBe(2)
  await journal.close()
})

test('durability process writes the same and waits for no disk', async () => {
  const dir = folder()
  const disk = new Disk()
  const journal = await reopened(disk, dir, { durability: 'process' })
  const { syncs } = disk
  const seqs = []
  for (const n of numbers(0, 20)) seqs.push(await journal.intent(record(n)))
  await journal.commit(seqs[0]!)
  await journal.deliveries(0, 10)
  expect(disk.syncs - syncs).toBe(0)
  const again = await reopened(disk, dir, { durability: 'process' })
  expect((await again.doubtful()).map(({ seq }) => seq)).toEqual(seqs.slice(1))
  // After a power loss seqs that were given may be unknown here: they are never given again.
  expect(await again.intent(record(99))).toBeGreaterThan(1_000_000)
  await again.close()
})

test('a journal that is full says so before anything is written, and takes ops again when some are delivered', async () => {
  const disk = new Disk()
  const journal = await reopened(disk, folder(), { maxBytes: 2000, keepBytes: 100_000 })
  const { writes } = disk
  const all = await Promise.allSettled(numbers(0, 49).map((n) => journal.intent(record(n))))
  const taken = all.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  for (const each of all) if (each.status === 'rejected') expect(each.reason).toMatchObject(refusal)
  expect(taken.length).toBeGreaterThan(8)
  expect(taken.length).toBeLessThan(20)
  const then = disk.writes
  expect(then).toBeGreaterThan(writes)
  await expect(journal.intent(record(50))).rejects.toMatchObject(refusal)
  expect(disk.writes).toBe(then)
  for (const seq of taken) await journal.commit(seq)
  await journal.delivered((await journal.deliveries(0, 5)).length)
  await journal.intent(record(51))
  await journal.close()
})

test('a write that fails fails its callers only; marks keep their order and their numbers', async () => {
  const dir = folder()
  const disk = new Disk()
  const journal = await reopened(disk, dir)
  const seqs = await Promise.all(numbers(0, 4).map((n) => journal.intent(record(n))))
  await journal.commit(seqs[0]!)
  disk.failWrites = true
  const failed = await Promise.allSettled([
    journal.commit(seqs[1]!),
    journal.intent(record(9)),
    journal.commit(seqs[2]!),
  ])
  for (const each of failed) expect(each).toMatchObject({ status: 'rejected', reason: refusal })
  expect(journal.progress.committed).toBe(1)
  disk.failWrites = false
  // They are open as before: whoever knows what came of them says it again.
  journal.doubt(seqs[1]!)
  expect(journal.counts).toMatchObject({ inDoubt: 1, inFlight: 3 })
  await journal.commit(seqs[2]!)
  await journal.commit(seqs[1]!)
  const expected = [0, 2, 1]
  expect((await journal.deliveries(0, 10)).map(({ record: got }) => nOf(got))).toEqual(expected)
  const again = await reopened(disk, dir)
  expect((await again.deliveries(0, 10)).map(({ record: got }) => nOf(got))).toEqual(expected)
  expect((await again.doubtful()).map(({ record: got }) => nOf(got))).toEqual([3, 4])
  await again.close()
})

test('after a failed flush nothing is taken and nothing handed out until the journal is opened anew, which believes no cache', async () => {
  const dir = folder()
  const disk = new Disk()
  const journal = await reopened(disk, dir, { segmentBytes: 1_000_000 })
  const seq = await journal.intent(record(0))
  await journal.commit(seq)
  disk.failSyncs = 1
  await expect(journal.intent(record(1))).rejects.toMatchObject(refusal)
  await expect(journal.intent(record(2))).rejects.toMatchObject(refusal)
  await expect(journal.deliveries(0, 10)).rejects.toMatchObject(refusal)
  await expect(journal.delivered(1)).rejects.toMatchObject(refusal)
  await journal.close()
  // The disk says yes now, but the pages of before never get there.
  const again = await reopened(disk, dir, { segmentBytes: 1_000_000 })
  const found = await again.deliveries(0, 10)
  expect(found.map(({ record: got }) => nOf(got))).toEqual([0])
  disk.powerCut()
  const third = await reopened(disk, dir)
  expect(third.progress.committed, 'what was handed out is on the disk').toBe(1)
  await third.close()
})

test('when what is half-written cannot be cut off, the journal is closed to everybody', async () => {
  const dir = folder()
  const disk = new Disk()
  const journal = await reopened(disk, dir)
  await journal.intent(record(0))
  disk.room = 20
  disk.failTruncate = true
  await expect(journal.intent(record(1))).rejects.toMatchObject(refusal)
  disk.room = Infinity
  disk.failTruncate = false
  await expect(journal.intent(record(2))).rejects.toMatchObject(refusal)
  await journal.close()
  const again = await reopened(disk, dir)
  expect((await again.doubtful()).map(({ record: got }) => nOf(got))).toEqual([0])
  expect(again.notes).toHaveLength(1)
  await again.close()
})

test('a full disk: opens, delivers, and makes the room it needs', async () => {
  const dir = folder()
  const disk = new Disk()
  const journal = await reopened(disk, dir)
  for (const n of numbers(0, 40)) await journal.commit(await journal.intent(record(n)))
  disk.room = 3
  await expect(journal.intent(record(41))).rejects.toMatchObject(refusal)
  const segments = disk.segments().length
  const found = await journal.deliveries(0, 30)
  await journal.delivered(found.length)
  expect(disk.segments().length).toBeLessThan(segments - 5)
  disk.room = 3
  const again = await reopened(disk, dir)
  // How far the other store is could not be written down for certain; not too far, though.
  expect(again.progress.committed).toBe(41)
  expect(again.progress.delivered).toBeGreaterThan(20)
  expect(again.progress.delivered).toBeLessThanOrEqual(30)
  expect((await again.deliveries(30, 50)).map(({ record: got }) => nOf(got))).toEqual(numbers(30, 40))
  await again.delivered(41)
  await again.intent(record(42))
  await again.close()
})

test('a real full disk', async ({ skip }) => {
  const dir = folder()
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', dir], { stdio: 'ignore' })
  } catch {
    return skip('mounting is not allowed here')
  }
  onTestFinished(() => void execFileSync('umount', ['-l', dir]))
  const options = { dir, segmentBytes: 40_000, keepBytes: 0 }
  let journal = await openJournal(options)
  expect(journal.place).toBe('ephemeral')
  const known: number[] = []
  let refused = 0
  for (const n of numbers(0, 4000)) {
    const done = await journal.intent(record(n)).then(
      async (seq) => {
        known.push(n)
        await journal.commit(seq).catch(() => journal.doubt(seq))
      },
      (error: unknown) => {
        expect(error).toMatchObject(refusal)
        return 'refused'
      },
    )
    if (done === 'refused' && ++refused > 5) break
  }
  expect(refused).toBeGreaterThan(5)
  expect((await statfs(dir)).bavail).toBeLessThan(3)
  const seen: number[] = []
  const bringOver = async (): Promise<void> => {
    for (const { seq } of await journal.doubtful()) await journal.commit(seq)
    for (;;) {
      const found = await journal.deliveries(seen.length, 100)
      if (found.length === 0) return
      seen.push(...found.map(({ record: got }) => nOf(got)))
      await journal.delivered(seen.length)
    }
  }
  const committed = journal.progress.committed
  await journal.deliveries(0, 100).then((found) => seen.push(...found.map(({ record: got }) => nOf(got))))
  await journal.delivered(seen.length)
  await journal.close()
  journal = await openJournal(options)
  expect(journal.progress.committed).toBe(committed)
  await bringOver()
  expect(seen.toSorted((a, b) => a - b)).toEqual(known)
  await journal.commit(await journal.intent(record(9999)))
  await journal.close()
})

test('remembers small facts whole, in the order they were told, or as before', async () => {
  const dir = folder()
  const disk = new Disk()
  const journal = await reopened(disk, dir)
  expect(journal.remembered).toBeNull()
  await Promise.all([journal.remember({ a: 1 }), journal.remember({ a: 2 })])
  disk.failSyncs = 1
  await expect(journal.remember({ a: 3 })).rejects.toMatchObject(refusal)
  expect(journal.remembered).toEqual({ a: 2 })
  disk.powerCut()
  const again = await reopened(disk, dir)
  expect([again.remembered, again.id]).toEqual([{ a: 2 }, journal.id])
  await again.remember({ a: 4 })
  disk.powerCut()
  const third = await reopened(disk, dir)
  expect(third.remembered).toEqual({ a: 4 })
  await third.close()
})

test('a target that went back gets what was kept; one that knows more than there is, nothing', async () => {
  const disk = new Disk()
  const journal = await reopened(disk, folder(), { keepBytes: 2000 })
  for (const n of numbers(0, 60)) await journal.commit(await journal.intent(record(n)))
  expect(await journal.deliveries(0, 100)).toHaveLength(61)
  await journal.delivered(50)
  const kept = await journal.deliveries(40, 100)
  expect(kept.map(({ number }) => number)).toEqual(numbers(41, 61))
  await expect(journal.deliveries(5, 100)).rejects.toThrow(/gone/)
  await expect(journal.deliveries(62, 100)).rejects.toMatchObject(refusal)
  await expect(journal.delivered(62)).rejects.toMatchObject(refusal)
  expect(await journal.deliveries(61, 100)).toEqual([])
  expect(await journal.deliveries(50, 100, 1)).toHaveLength(1)
  await journal.close()
})

test('says what is wrong when the folder is none', async () => {
  const file = join(folder(), 'file')
  writeFileSync(file, '')
  await expect(openJournal({ dir: file })).rejects.toMatchObject(refusal)
  const journal = await openJournal({ dir: join(folder(), 'a', 'b') })
  await journal.close()
  await expect(journal.intent(record(0))).rejects.toMatchObject(refusal)
})
