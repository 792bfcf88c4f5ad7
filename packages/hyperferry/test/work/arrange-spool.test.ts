import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { EncodedBatch } from '../../src/model.ts'
import { arrangeSpool } from '../../src/work/arrange-spool.ts'
import { MemoryBudget } from '../../src/work/budget.ts'
import type { DirectLoad } from '../../src/work/direct.ts'
import { Spool } from '../../src/work/spool.ts'

interface Row {
  time: bigint
  segment: number | null
  text: string
}

/** Columns: text, segment (int4), time (int8). */
const DIRECT: DirectLoad = {
  settings: '',
  segments: [1],
  time: 2,
  interval: 1000n,
  epoch: 0n,
  unit: 1n,
  order: 'desc',
  timezone: 'UTC',
  cutoff: 0n,
  opened: new Map(),
  rows: 0,
}

function tuple({ time, segment, text }: Row): Buffer {
  const bytes = Buffer.from(text)
  const head = Buffer.alloc(6)
  head.writeInt16BE(3)
  head.writeInt32BE(bytes.length, 2)
  const middle = Buffer.alloc(segment === null ? 4 : 8)
  middle.writeInt32BE(segment === null ? -1 : 4)
  if (segment !== null) middle.writeInt32BE(segment, 4)
  const tail = Buffer.alloc(12)
  tail.writeInt32BE(8)
  tail.writeBigInt64BE(time, 4)
  return Buffer.concat([head, bytes, middle, tail])
}

function batch(rows: readonly Row[]): EncodedBatch {
  const tuples = rows.map(tuple)
  let at = 0
  const ends = Uint32Array.from(tuples, (each) => (at += each.length))
  return { rows: rows.length, bytes: new Uint8Array(Buffer.concat(tuples)), ends, rejected: [], losses: [] }
}

async function spoolOf(batches: readonly Row[][], memory?: number): Promise<Spool> {
  const spool = new Spool(new MemoryBudget(memory))
  for (const rows of batches) await spool.add(batch(rows))
  return spool
}

const rowOf = fc.record({
  time: fc.bigInt({ min: -50n, max: 50n }),
  segment: fc.option(fc.integer({ min: -2, max: 3 })),
  text: fc.oneof(
    { weight: 9, arbitrary: fc.string({ maxLength: 9 }) },
    { weight: 1, arbitrary: fc.constant('x'.repeat(300_000)) },
  ),
})
const unbounded = { from: null, to: null }

test('the same rows, those of a segment together, by time within', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(rowOf, { maxLength: 12 }), { maxLength: 5 }),
      fc.constantFrom('asc', 'desc'),
      async (batches, order) => {
        const spool = await spoolOf(batches)
        const arranged = await arrangeSpool({ ...DIRECT, order }, spool, unbounded)
        const rows = batches.flat()
        const out = Buffer.concat([...(arranged?.() ?? [])]).toString('latin1')
        // Twice, because a COPY may be tried again.
        expect(Buffer.concat([...(arranged?.() ?? [])]).toString('latin1')).toBe(out)
        const segments = [...new Set(rows.map(({ segment }) => segment))]
        const wanted = segments.map((segment) =>
          rows
            .filter((row) => row.segment === segment)
            .toSorted((a, b) => Number(a.time - b.time) * (order === 'asc' ? 1 : -1)),
        )
        // Rows of one time and one segment may come in any order: lengths and what each place holds but the text are compared, and the texts as a multiset.
        const sorted = (all: readonly Row[]): string[] => all.map((row) => tuple(row).toString('latin1')).toSorted()
        const read: Row[] = []
        const bytes = Buffer.from(out, 'latin1')
        for (let at = 0; at < bytes.length;) {
          const length = bytes.readInt32BE(at + 2)
          const text = bytes.toString('utf8', at + 6, at + 6 + length)
          at += 6 + length
          const missing = bytes.readInt32BE(at) < 0
          const segment = missing ? null : bytes.readInt32BE(at + 4)
          at += missing ? 4 : 8
          read.push({ text, segment, time: bytes.readBigInt64BE(at + 4) })
          at += 12
        }
        expect(sorted(read)).toEqual(sorted(rows))
        const place = ({ segment, time }: Row): string => `${segment} ${time}`
        expect(read.map(place)).toEqual(wanted.flat().map(place))
        await spool.dispose()
      },
    ),
    { seed: 15, numRuns: 150 },
  )
})

test('no promise for a row outside of the task, and none for rows on disk', async () => {
  const rows = [1n, 5n, 9n].map((time) => ({ time, segment: 1, text: '' }))
  const spool = await spoolOf([rows])
  expect(await arrangeSpool(DIRECT, spool, { from: 1n, to: 10n })).not.toBeNull()
  expect(await arrangeSpool(DIRECT, spool, { from: null, to: 9n })).toBeNull()
  expect(await arrangeSpool(DIRECT, spool, { from: 2n, to: null })).toBeNull()
  expect(await arrangeSpool({ ...DIRECT, epoch: 3n, unit: 2n }, spool, { from: -4n, to: 13n })).not.toBeNull()
  expect(await arrangeSpool({ ...DIRECT, epoch: 3n, unit: 2n }, spool, { from: -4n, to: 12n })).toBeNull()
  const spilled = await spoolOf([rows], 0)
  expect(await arrangeSpool(DIRECT, spilled, unbounded)).toBeNull()
  await spilled.dispose()
})
