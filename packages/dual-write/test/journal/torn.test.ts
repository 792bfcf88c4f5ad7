import { expect, test } from 'vitest'
import { Disk } from './disk.ts'
import { folder, nOf, numbers, record, reopened } from './stage.ts'

/** A small journal in one segment, and how long it was after each call. */
async function small(dir: string, segmentBytes = 1_000_000) {
  const disk = new Disk()
  const journal = await reopened(disk, dir, { segmentBytes })
  const { id } = journal
  const name = disk.segments()[0]!
  const marks: { size: number; open: number[]; committed: number[] }[] = []
  const open: number[] = []
  const committed: number[] = []
  const note = (): unknown => marks.push({ size: disk.bytes(name).length, open: [...open], committed: [...committed] })
  note()
  for (const n of numbers(0, 5)) {
    const seq = await journal.intent(record(n))
    open.push(n)
    note()
    if (n % 3 === 2) continue
    await journal.commit(seq, n === 1 ? { captured: { column: 'id', values: [9n] } } : {})
    committed.push(open.pop()!)
    note()
  }
  return { disk, name, marks, id }
}

async function contents(disk: Disk, dir: string) {
  const journal = await reopened(disk, dir, { segmentBytes: 1_000_000 })
  const open = (await journal.doubtful()).map(({ record: got }) => nOf(got))
  const committed = (await journal.deliveries(0, 100)).map(({ record: got }) => nOf(got))
  const { notes, id } = journal
  // It goes on as if nothing had been.
  await journal.commit(await journal.intent(record(99)))
  expect((await journal.deliveries(committed.length, 9)).map(({ record: got }) => nOf(got))).toEqual([99])
  await journal.close()
  return { open, committed, notes, id }
}

test('torn at any byte: everything that was whole is there, and nothing else', { timeout: 60_000 }, async () => {
  const dir = folder()
  const { disk, name, marks, id } = await small(dir)
  const whole = disk.bytes(name)
  for (const tail of ['cut', 'zeros', 'garbage']) {
    for (let end = marks[0]!.size; end < whole.length; end += tail === 'cut' ? 1 : 3) {
      const expected = marks.findLast(({ size }) => size <= end)!
      const torn = { cut: 0, zeros: 700, garbage: whole.length - end }[tail]!
      const rest = tail === 'garbage' ? Buffer.alloc(torn, 'hyperferry') : Buffer.alloc(torn)
      const copy = disk.copy((file, bytes) => (file === name ? Buffer.concat([bytes.subarray(0, end), rest]) : bytes))
      const found = await contents(copy, dir)
      expect({ open: found.open, committed: found.committed }, `${tail} at ${end}`).toEqual({
        open: expected.open,
        committed: expected.committed,
      })
      expect(found.id).toBe(id)
      if (torn > 0) expect(found.notes.join()).toMatch(`${name}: `)
    }
  }
})

test('a segment that never got its first frame is none', async () => {
  const dir = folder()
  const { disk, name, id, marks } = await small(dir)
  for (let end = 0; end < marks[0]!.size; end++) {
    // The only one: a new journal, under a new name, so that no store takes its ops for those of another one.
    const only = disk.copy((file, bytes) => (file === name ? bytes.subarray(0, end) : bytes))
    const found = await contents(only, dir)
    expect(found).toMatchObject({ open: [], committed: [] })
    expect(found.id).not.toBe(id)
    // Behind another one: the process died while it went on to it.
    const next = disk.copy()
    next.put('0000000002.hfj', disk.bytes(name).subarray(0, end))
    expect(await contents(next, dir)).toMatchObject({ id, committed: [0, 1, 3, 4], open: [2, 5] })
  }
})

test('a flipped bit in what was promised is refused, with file and offset', { timeout: 60_000 }, async () => {
  const dir = folder()
  const { disk, name, marks } = await small(dir)
  const last = marks.at(-2)!.size
  for (let at = 0; at < last; at++) {
    const hurt = disk.copy((file, bytes) => {
      if (file === name) bytes[at]! ^= 1 << (at % 8)
      return bytes
    })
    const frame = marks.findLast(({ size }) => size <= at)?.size ?? 0
    const opening = reopened(hurt, dir)
    await expect(opening, `byte ${at}`).rejects.toMatchObject({ code: 'HF-DW05' })
    const message = await opening.catch((error: Error) => error.message)
    const offset = Number(/at byte (\d+)/.exec(message as string)?.[1])
    expect(offset).toBeGreaterThanOrEqual(frame)
    expect(offset).toBeLessThanOrEqual(at)
    expect(message).toContain(name)
  }
})

test('pages that reached the disk in another order are a torn write, unless the hole was promised', async () => {
  const dir = folder()
  const hole = async (promised: boolean) => {
    const disk = new Disk()
    const journal = await reopened(disk, dir, { segmentBytes: 1_000_000 })
    const name = disk.segments()[0]!
    await journal.intent(record(0))
    const from = disk.bytes(name).length
    disk.failSyncs = promised ? 0 : 1
    const text = 'x'.repeat(1500)
    const many = numbers(1, 4).map((n) => journal.intent(record(n, { columns: ['n', 't'], rows: [[BigInt(n), text]] })))
    const all = await Promise.allSettled(many)
    expect(all.every(({ status }) => status === (promised ? 'fulfilled' : 'rejected'))).toBe(true)
    if (promised) await journal.intent(record(5))
    return disk.copy((file, bytes) => (file === name ? bytes.fill(0, from + 200, from + 1300) : bytes))
  }
  const torn = await contents(await hole(false), dir)
  expect(torn).toMatchObject({ open: [0], committed: [] })
  expect(torn.notes).toHaveLength(1)
  await expect(reopened(await hole(true), dir)).rejects.toMatchObject({ code: 'HF-DW05' })
})

test('a missing segment and one of another journal are refused', async () => {
  const dir = folder()
  const make = async () => {
    const disk = new Disk()
    const journal = await reopened(disk, dir, { keepBytes: 1_000_000 })
    for (const n of numbers(0, 20)) await journal.commit(await journal.intent(record(n)))
    return disk
  }
  const [one, other] = [await make(), await make()]
  expect(one.segments().length).toBeGreaterThan(4)
  const gap = one.copy()
  gap.remove(one.segments()[2]!)
  await expect(reopened(gap, dir)).rejects.toThrow(`${one.segments()[2]} is missing`)
  const mixed = one.copy()
  mixed.put(one.segments()[2]!, other.bytes(one.segments()[2]!))
  await expect(reopened(mixed, dir)).rejects.toMatchObject({ code: 'HF-DW05' })
  const facts = one.copy()
  facts.put('state.json', other.bytes('state.json'))
  await expect(reopened(facts, dir)).rejects.toMatchObject({ code: 'HF-DW05' })
  const middle = one.copy((file, bytes) => (file === one.segments()[1] ? bytes.subarray(0, -1) : bytes))
  await expect(reopened(middle, dir)).rejects.toThrow(/damaged at byte/)
})
