/** What the engine relies on, whatever the source. Every source passes the same suite; see fixture.ts for how to plug one in. */
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import type { Slice } from '../../packages/hyperferry/src/model.ts'
import { openSource } from '../../packages/hyperferry/src/source/registry.ts'
import type { Source, TableReader } from '../../packages/hyperferry/src/source/source.ts'
import type { FixtureDatabase, LogicalTable, SourceFixture } from './fixture.ts'
import { plannedTable } from './planned.ts'
import type { Splitting } from './planned.ts'
import { collect, cover, multiset } from './rows.ts'
import { keyed, refused, series } from './tables.ts'

const SEED = 20260101
const MAX = 2n ** 63n - 1n
const MIN = -(2n ** 63n)
const ALL: Slice = { kind: 'all' }

export function describeSource(name: string, fixture: SourceFixture): void {
  describe(`source ${name}`, () => {
    const opened: { close(): Promise<void> }[] = []
    afterEach(async () => {
      for (const one of opened.splice(0).toReversed()) await one.close()
    })

    async function setUp(
      ...tables: LogicalTable[]
    ): Promise<{ source: Source; database: FixtureDatabase; abort: AbortController }> {
      const database = await fixture.create(tables)
      opened.push({ close: () => database.drop() })
      const abort = new AbortController()
      const source = await openSource(database.url, { timezone: 'UTC', connections: 4, signal: abort.signal })
      opened.push(source)
      return { source, database, abort }
    }

    async function reading(table: LogicalTable, splitting: Splitting) {
      const made = await setUp(table)
      const reader = made.source.reader(await plannedTable(made.source, fixture, table, splitting))
      return { ...made, reader }
    }

    const byKey: Splitting = { split: 'pk', axis: 'id' }
    const byTime: Splitting = { split: 'time', axis: 'at' }
    const whole: Splitting = { split: 'all', axis: null }
    const cases: { what: string; table: () => LogicalTable; splitting: Splitting; residual: boolean }[] = [
      { what: 'by key', table: () => keyed(160), splitting: byKey, residual: false },
      { what: 'by time', table: () => series(fixture, 240), splitting: byTime, residual: true },
    ]

    describe.each(cases)('split $what', ({ table, splitting, residual }) => {
      it('puts every row into exactly one slice, wherever the boundaries are', async () => {
        const content = table()
        const { reader } = await reading(content, splitting)
        const all = await collect(reader, ALL)
        expect(all.tuples).toHaveLength(content.rows.length)
        const positions = positionsOf(fixture, content, splitting)
        const boundary = fc.oneof(
          fc.constantFrom(...positions),
          fc.constantFrom(...positions.map((position) => position + 1n), MIN, MAX, 0n),
          fc.bigInt({ min: MIN, max: MAX }),
        )
        await fc.assert(
          fc.asyncProperty(fc.array(boundary, { maxLength: 8 }), async (boundaries) => {
            const parts = await Promise.all(cover(boundaries).map((slice) => collect(reader, slice)))
            expect(multiset(parts.flatMap((part) => part.tuples))).toEqual(multiset(all.tuples))
          }),
          { seed: SEED, numRuns: 25 },
        )
      })

      it('counts independently what it reads', async () => {
        const content = table()
        const { reader } = await reading(content, splitting)
        const [middle = 0n] = positionsOf(fixture, content, splitting).slice(content.rows.length / 3)
        const slices: Slice[] = [ALL, { kind: 'residual' }, ...cover([middle])]
        for (const slice of slices) {
          const { tuples, rejected } = await collect(reader, slice)
          expect(await reader.count(slice)).toBe(BigInt(tuples.length + rejected.length))
        }
        const without = await reader.count({ kind: 'residual' })
        expect(without > 0n).toBe(residual)
        expect(await reader.count(ALL)).toBe(BigInt(content.rows.length))
      })

      it('advances to the end by steps that never split equal positions', async () => {
        const content = table()
        const { reader } = await reading(content, splitting)
        const positions = positionsOf(fixture, content, splitting)
        for (const step of [1, 2, 7, 50, 10_000]) {
          const boundaries = await walk(reader, step)
          expect(boundaries.length > 0).toBe(step < content.rows.length)
          for (const slice of cover(boundaries)) {
            if (slice.kind !== 'range') continue
            const inside = positions.filter(
              (p) => (slice.from === null || p >= slice.from) && (slice.to === null || p < slice.to),
            )
            expect(await reader.count(slice)).toBe(BigInt(inside.length))
            // An empty task is a waste; one far above the wish holds rows of one position, or one step and the rows equal to its last.
            expect(inside.length).toBeGreaterThan(0)
            const most = Math.max(...inside.map((p) => inside.filter((other) => other === p).length))
            expect(inside.length).toBeLessThanOrEqual(step + most)
          }
        }
      })

      it('knows the extent', async () => {
        const content = table()
        const { reader } = await reading(content, splitting)
        const positions = positionsOf(fixture, content, splitting)
        expect(await reader.extent()).toEqual({ min: positions[0], max: positions.at(-1) })
      })

      it('has neither extent nor boundaries without rows', async () => {
        const { reader } = await reading({ ...table(), rows: [] }, splitting)
        expect(await reader.extent()).toBeNull()
        expect(await reader.advance(null, 1)).toBeNull()
        expect((await collect(reader, ALL)).tuples).toEqual([])
      })
    })

    it('reads the same rows again', async () => {
      const { reader } = await reading(series(fixture, 200), whole)
      const first = await collect(reader, ALL)
      const again = await collect(reader, ALL)
      expect(multiset(again.tuples)).toEqual(multiset(first.tuples))
    })

    it('takes a table without split as one range and an empty residual', async () => {
      const content = series(fixture, 60)
      const { reader } = await reading(content, whole)
      const range = await collect(reader, { kind: 'range', from: null, to: null })
      expect(range.tuples).toHaveLength(content.rows.length)
      expect((await collect(reader, { kind: 'residual' })).tuples).toEqual([])
      expect(await reader.advance(null, 5)).toBeNull()
    })

    it('reads on while another read of the same table is open', async () => {
      const content = keyed(100)
      const { reader } = await reading(content, byKey)
      const open = reader.read(ALL)[Symbol.asyncIterator]()
      await open.next()
      expect((await collect(reader, ALL)).tuples).toHaveLength(content.rows.length)
      await open.return?.()
    })

    it('lets go of the source when a read ends early, and when it ends', async () => {
      const content = keyed(100)
      const { reader, database } = await reading(content, byKey)
      for await (const batch of reader.read(ALL)) {
        expect(batch.rows).toBeGreaterThan(0)
        break
      }
      await database.insert(content, [[424242n, 1, 'after an early end', null]])
      expect((await collect(reader, ALL)).tuples).toHaveLength(content.rows.length + 1)
      await database.insert(content, [[424243n, 1, 'after the end', null]])
      expect(await reader.count(ALL)).toBe(BigInt(content.rows.length + 2))
    })

    it('sees one state of all tables within a snapshot', async () => {
      const first = keyed(50)
      const second = series(fixture, 50)
      const { source, database } = await setUp(first, second)
      const plans = [
        await plannedTable(source, fixture, first, byKey),
        await plannedTable(source, fixture, second, whole),
      ]
      const inside = await source.snapshot(async (view) => {
        const readers = plans.map((plan) => view.reader(plan))
        const before = await Promise.all(readers.map((reader) => reader.count(ALL)))
        await database.insert(first, [[77_000n, 1, 'meanwhile', null]])
        await database.insert(second, [[1n, 1n, 'meanwhile']])
        const rows: number[] = []
        for (const reader of readers) rows.push((await collect(reader, ALL)).tuples.length)
        return { before, rows }
      })
      expect(inside).toEqual({ before: [50n, 50n], rows: [50, 50] })
      const counts = await Promise.all(plans.map((plan) => source.reader(plan).count(ALL)))
      expect(counts).toEqual([51n, 51n])
    })

    it('hands over rows that cannot be represented, with key and values', async () => {
      const content = refused(fixture, 30)
      const { reader } = await reading(content, byKey)
      const { tuples, rejected } = await collect(reader, ALL)
      expect(tuples).toHaveLength(20)
      expect(rejected).toHaveLength(10)
      for (const row of rejected) {
        expect(row).toMatchObject({ code: fixture.rejected.code, column: 't', sqlstate: null })
        expect(Number(row.key['id']) % 3).toBe(0)
        expect(Object.keys(row.values).toSorted()).toEqual(['d', 'id', 't'])
        expect(row.values['id']).toBe(row.key['id'])
        expect(Number(row.values['d'])).toBe(0.5)
        // The value itself, or its bytes.
        const bytes = Buffer.from(fixture.rejected.value, 'utf8').toString('hex')
        expect([fixture.rejected.value, `\\x${bytes}`]).toContain(row.values['t'])
      }
      expect(new Set(rejected.map((row) => row.key['id'])).size).toBe(10)
    })

    it('changes nothing in the source', async () => {
      const content = series(fixture, 120)
      const { reader, source, database } = await reading(content, byTime)
      const before = await database.fingerprint()
      await source.checks()
      const { tables } = await source.inventory()
      for (const table of tables) await source.assess(table, { full: true, sampleRows: 100 })
      await collect(reader, ALL)
      await reader.extent()
      await walk(reader, 10)
      await reader.second.rows(ALL, 10)
      await reader.second.traps(10)
      await source.snapshot(() => Promise.resolve())
      await source.close()
      expect(await database.fingerprint()).toBe(before)
    })

    it('stops when it is told to', async () => {
      // Far more than one batch, so that the read is not over when it is told to stop.
      const content = keyed(400)
      const large = { ...content, rows: content.rows.map((row) => row.with(2, 'x'.repeat(20_000))) }
      const { reader, source, abort } = await reading(large, byKey)
      const open = reader.read(ALL)[Symbol.asyncIterator]()
      await open.next()
      abort.abort()
      await expect(drain(open)).rejects.toMatchObject({ code: 'HF-B022' })
      await expect(collect(reader, ALL)).rejects.toMatchObject({ code: 'HF-B022' })
      await expect(reader.count(ALL)).rejects.toMatchObject({ code: 'HF-B022' })
      await expect(source.inventory()).rejects.toMatchObject({ code: 'HF-B022' })
    })

    it('refuses a plan made for another definition', async () => {
      const content = keyed(10)
      const { source } = await setUp(content)
      const plan = await plannedTable(source, fixture, content, byKey)
      const gone = { ...plan, source: 'no_such_table' }
      const renamed = { ...plan, columns: plan.columns.map((c) => (c.source === 't' ? { ...c, source: 'gone' } : c)) }
      const retyped = {
        ...plan,
        columns: plan.columns.map((c) => (c.source === 't' ? { ...c, sourceType: 'something' } : c)),
      }
      for (const wrong of [gone, renamed, retyped]) {
        await expect(compiles(() => source.reader(wrong))).rejects.toMatchObject({ code: 'HF-P021' })
      }
      const noType = {
        ...plan,
        columns: plan.columns.map((c) => (c.source === 't' ? { ...c, type: 'no_such_type' } : c)),
      }
      await expect(compiles(() => source.reader(noType))).rejects.toMatchObject({ code: 'HF-P022' })
    })
  })
}

/** A source that looks at the live table only when it reads throws there. */
async function compiles(make: () => TableReader): Promise<void> {
  await make().count(ALL)
}

async function drain(open: AsyncIterator<unknown>): Promise<void> {
  for (;;) {
    const next = await open.next()
    if (next.done === true) return
  }
}

/** Boundaries found by advancing; fails when one does not progress. */
async function walk(reader: TableReader, step: number): Promise<bigint[]> {
  const boundaries: bigint[] = []
  let at: bigint | null = null
  for (;;) {
    const next: bigint | null = await reader.advance(at, step)
    if (next === null) return boundaries
    expect(at === null || next > at).toBe(true)
    boundaries.push(next)
    expect(boundaries.length).toBeLessThan(10_000)
    at = next
  }
}

/** Positions of all rows that have one, in order. */
function positionsOf(fixture: SourceFixture, table: LogicalTable, { axis }: Splitting): bigint[] {
  const at = table.columns.findIndex((column) => column.name === axis)
  const kind = table.columns[at]?.kind ?? 'integer'
  return table.rows
    .map((row) => row[at])
    .filter((value) => typeof value === 'bigint')
    .map((value) => fixture.position(kind, value))
    .toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
}
