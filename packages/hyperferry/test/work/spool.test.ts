import { readdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import type { EncodedBatch, RejectedRow } from '../../src/model.ts'
import { MemoryBudget } from '../../src/work/budget.ts'
import { Spool } from '../../src/work/spool.ts'

const rejected = (reason: string): RejectedRow => ({
  code: 'HF-D002',
  column: 'c',
  reason,
  sqlstate: null,
  key: { id: '1' },
  values: { id: '1', c: '\u0000é🛥' },
})

const batch = fc
  .record({
    rows: fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 8 }),
    refused: fc.array(fc.string(), { maxLength: 3 }),
  })
  .map(({ rows, refused }): EncodedBatch => {
    let at = 0
    const ends = Uint32Array.from(rows.map((row) => (at += row.length)))
    const losses = refused.length > 0 ? [{ code: 'HF-L001', column: 'c', count: refused.length }] : []
    return { rows: rows.length, bytes: Buffer.concat(rows), ends, rejected: refused.map(rejected), losses }
  })

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'hyperferry-test-'))
  onTestFinished(() => rm(path, { recursive: true }))
  return path
}

async function contents(spool: Spool): Promise<{ rows: string[]; rejected: RejectedRow[] }> {
  const rows: string[] = []
  for await (const each of spool.batches()) {
    each.ends.forEach((end, index) => {
      rows.push(Buffer.from(each.bytes.subarray(each.ends[index - 1] ?? 0, end)).toString('hex'))
    })
  }
  const refused: RejectedRow[] = []
  for await (const each of spool.rejectedRows()) refused.push(...each)
  return { rows, rejected: refused }
}

test('what goes in comes out, as often as asked, whether it fits in memory or not', async () => {
  const place = await folder()
  await fc.assert(
    fc.asyncProperty(fc.array(batch, { maxLength: 12 }), fc.integer({ min: 0, max: 600 }), async (batches, limit) => {
      const budget = new MemoryBudget(limit)
      const spool = new Spool(budget, place)
      const wanted = {
        rows: batches.flatMap(({ bytes, ends }) =>
          [...ends].map((end, index) => Buffer.from(bytes.subarray(ends[index - 1] ?? 0, end)).toString('hex')),
        ),
        rejected: batches.flatMap((each) => each.rejected),
      }
      for (const each of batches) await spool.add(each)
      expect(budget.used).toBeLessThanOrEqual(limit)
      expect(await contents(spool)).toEqual(wanted)
      expect(await contents(spool)).toEqual(wanted)
      expect({ rows: spool.rows, rejected: spool.rejected }).toEqual({
        rows: wanted.rows.length,
        rejected: wanted.rejected.length,
      })
      expect(spool.losses.reduce((sum, { count }) => sum + count, 0)).toBe(wanted.rejected.length)
      await spool.dispose()
      expect(budget.used).toBe(0)
    }),
    { seed: 2, numRuns: 100 },
  )
  expect(await readdir(place)).toEqual([])
})

test('the budget is shared: what one spool holds sends the next one to disk', async () => {
  const place = await folder()
  const budget = new MemoryBudget(100)
  const of = (size: number): EncodedBatch => ({
    rows: 1,
    bytes: new Uint8Array(size),
    ends: Uint32Array.of(size),
    rejected: [],
    losses: [],
  })
  const [first, second] = [new Spool(budget, place), new Spool(budget, place)]
  await first.add(of(90))
  await second.add(of(90))
  expect([first.spilled, second.spilled]).toEqual([false, true])
  await first.dispose()
  await second.dispose()
})

test('a work space that cannot be used is told apart from one that is full', async () => {
  const spool = new Spool(new MemoryBudget(0), join(tmpdir(), 'hyperferry-is-not-here'))
  const one = { rows: 1, bytes: new Uint8Array(1), ends: Uint32Array.of(1), rejected: [], losses: [] }
  await expect(spool.add(one)).rejects.toMatchObject({ code: 'HF-B016', exitCode: 4 })
})
