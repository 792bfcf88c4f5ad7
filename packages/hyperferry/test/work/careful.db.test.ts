import fc from 'fast-check'
import pg from 'pg'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { freshPg } from '../../../../test/servers/database.ts'
import { describeWith } from '../../../../test/servers/index.ts'
import { installControl } from '../../src/control/install.ts'
import { receipts, registerTables } from '../../src/control/ledger.ts'
import { claimMigration } from '../../src/control/migration-row.ts'
import { listQuarantine } from '../../src/control/quarantine.ts'
import type { EncodedBatch, PlannedColumn, PlannedTable } from '../../src/model.ts'
import { openTarget } from '../../src/target/connect.ts'
import type { Session } from '../../src/target/connect.ts'
import { Digest, digestBatch } from '../../src/values/digest.ts'
import { TupleWriter } from '../../src/values/tuple-writer.ts'
import { MemoryBudget } from '../../src/work/budget.ts'
import { writeTask } from '../../src/work/copy-task.ts'
import { readSlice } from '../../src/work/read-slice.ts'
import { tableWork } from '../../src/work/table-work.ts'
import type { TableWork } from '../../src/work/table-work.ts'

const describe = await describeWith('pg17')

const column = (name: string, type: string, nullable: boolean): PlannedColumn => ({
  source: `src_${name}`,
  name,
  sourceType: '',
  type,
  nullable,
  default: null,
  identity: false,
  generated: null,
  comment: null,
  rules: {},
})

const planned: PlannedTable = {
  source: 'things',
  name: 'thing',
  kind: 'relational',
  reasons: [],
  time: null,
  chunkInterval: null,
  columnstore: null,
  split: 'pk',
  axis: 'id',
  mode: 'merge',
  existingRows: 'refuse',
  sync: 'final-copy',
  columns: [
    column('id', 'bigint', false),
    column('amount', 'integer', true),
    column('name', 'text', true),
    column('f', 'double precision', true),
  ],
  keys: [
    { name: 'thing_pkey', columns: ['id'], primary: true },
    { name: 'thing_name_key', columns: ['name'], primary: false },
  ],
  indexes: [],
  foreignKeys: [],
  checks: [],
  comment: null,
  estimatedRows: 0,
  estimatedBytes: null,
}

interface Thing {
  id: number
  /** Below zero breaks a check of the table. */
  amount: number | null
  /** `!` stands for a byte that is no UTF-8. */
  name: string | null
  f: number | null
}

const thing = fc.record({
  id: fc.integer({ min: 0, max: 25 }),
  amount: fc.option(fc.integer({ min: -1, max: 9 })),
  name: fc.option(fc.constantFrom('a', 'A', 'b ', 'b', 'é', '!', ...Array.from({ length: 40 }, (_, n) => `n${n}`))),
  f: fc.option(fc.constantFrom(0, -0, 1.5)),
})

describe('careful', () => {
  let session: Session
  let client: pg.Client
  let migrationId: number

  beforeAll(async () => {
    const database = await freshPg('pg17')
    const { url } = database
    const target = await openTarget(url, { connections: 2, signal: new AbortController().signal })
    session = await target.session()
    client = new pg.Client({ connectionString: url })
    await client.connect()
    await session.query(`create schema plant;
      create table plant.thing (id int8 primary key, amount int4 check (amount >= 0), name text unique, f float8)`)
    await installControl(session)
    const source = {
      engine: 'sqlite',
      product: 'SQLite',
      version: '3',
      database: 'x',
      identity: 'x',
      readOnly: true,
      bytes: 0,
    } as const
    ;({ migrationId } = await claimMigration(session, {
      name: 'careful',
      planHash: 'x',
      planJson: { target: { schema: 'plant' } },
      source,
      targetIdentity: target.info.identity,
      tool: 'test',
      firstDifference: () => null,
    }))
    return async () => {
      await client.end()
      await target.close()
      await database.drop()
    }
  })

  test('every row ends up in the target or in quarantine, and the receipt says which', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(thing, { maxLength: 12 }), { maxLength: 4 }),
        fc.uniqueArray(
          thing.filter(({ amount, name }) => amount !== -1 && name !== '!'),
          { maxLength: 10, selector: ({ id }) => id },
        ),
        async (batches, standing) => {
          await session.query('truncate plant.thing, hyperferry.quarantine_row, hyperferry.receipt')
          const before = uniqueNames(standing)
          for (const { id, amount, name, f } of before) {
            // As text, or the driver would lose the sign of zero.
            const value = f === null ? null : Object.is(f, -0) ? '-0' : String(f)
            await client.query('insert into plant.thing values ($1, $2, $3, $4)', [id, amount, name, value])
          }
          const work = await workOf(batches.map(encoded))
          const read = await readSlice(work, { kind: 'all' }, new MemoryBudget(100))
          await writeTask(session, work, { lane: 0, span: { from: null, to: null } }, read)
          await read.spool.dispose()
          await judge(batches.flat(), before, work)
          expect(work.tableId).toBeGreaterThan(0)
        },
      ),
      { seed: 7, numRuns: 120 },
    )
  })

  test('rows all equal to what is there change nothing and are counted as merged', async () => {
    await session.query('truncate plant.thing, hyperferry.quarantine_row, hyperferry.receipt')
    await client.query(`insert into plant.thing select n, n, 'n' || n, n from generate_series(1, 50) n`)
    const place = 'select string_agg(ctid::text || xmin::text, $$,$$ order by id) as places from plant.thing'
    const before = await client.query(place)
    const rows = Array.from({ length: 60 }, (_, n): Thing => ({
      id: n + 1,
      amount: n + 1,
      name: `n${n + 1}`,
      f: n + 1,
    }))
    const work = await workOf([encoded(rows)])
    const read = await readSlice(work, { kind: 'all' }, new MemoryBudget())
    onTestFinished(() => read.spool.dispose())
    const receipt = await writeTask(session, work, { lane: 0, span: { from: null, to: null } }, read)
    expect(receipt).toMatchObject({ rows: 60, quarantined: 0, losses: [{ code: 'HF-L020', column: '*', count: 50 }] })
    const after = await client.query<{ places: string }>(place)
    expect(after.rows[0]?.places.startsWith((before.rows[0] as { places: string }).places)).toBe(true)
  })

  test('a row in quarantine keeps its key, its values and the reason', async () => {
    await session.query('truncate plant.thing, hyperferry.quarantine_row, hyperferry.receipt')
    const rows: Thing[] = [
      { id: 1, amount: 1, name: 'x', f: -0 },
      { id: 2, amount: -1, name: 'é', f: 0.1 },
      { id: 3, amount: 1, name: '!', f: null },
      { id: 4, amount: 1, name: 'x', f: null },
    ]
    const work = await workOf([encoded(rows)])
    const read = await readSlice(work, { kind: 'all' }, new MemoryBudget())
    onTestFinished(() => read.spool.dispose())
    await writeTask(session, work, { lane: 0, span: { from: null, to: null } }, read)
    const kept = await listQuarantine(session, migrationId)
    const shown = kept
      .map(({ code, sqlstate, key, values }) => ({ code, sqlstate, key, values }))
      .toSorted((a, b) => Number(a.key['src_id']) - Number(b.key['src_id']))
    expect(shown).toEqual([
      {
        code: 'HF-D021',
        sqlstate: '23514',
        key: { src_id: '2' },
        values: { src_id: '2', src_amount: '-1', src_name: 'é', src_f: '0.1' },
      },
      {
        code: 'HF-D021',
        sqlstate: '22021',
        key: { src_id: '3' },
        values: { src_id: '3', src_amount: '1', src_name: '\\xff', src_f: null },
      },
      {
        code: 'HF-D020',
        sqlstate: '23505',
        key: { src_id: '4' },
        values: { src_id: '4', src_amount: '1', src_name: 'x', src_f: null },
      },
    ])
  })

  test('a key over a generated column is kept by the table itself; large rows are fetched one at a time', async () => {
    await session.query(`truncate hyperferry.quarantine_row, hyperferry.receipt;
      create table plant.doubled (id int8 primary key, amount int4, name text, f float8, twice int4 generated always as (amount * 2) stored unique)`)
    const table: PlannedTable = {
      ...planned,
      source: 'doubled',
      name: 'doubled',
      columns: [...planned.columns, { ...column('twice', 'integer', true), generated: 'amount * 2' }],
      keys: [...planned.keys.slice(0, 1), { name: 'doubled_twice_key', columns: ['twice'], primary: false }],
    }
    const large = 'x'.repeat(9 * 1024 * 1024)
    const rows = [1, 1, 2, 2, 3].map((amount, id): Thing => ({ id, amount, name: large, f: null }))
    const work = await workOf([encoded(rows)], table)
    const read = await readSlice(work, { kind: 'all' }, new MemoryBudget())
    onTestFinished(() => read.spool.dispose())
    const receipt = await writeTask(session, work, { lane: 0, span: { from: null, to: null } }, read)
    expect(receipt).toMatchObject({ rows: 3, quarantined: 2 })
    const kept = await listQuarantine(session, migrationId)
    expect(kept.map(({ code, key, values }) => [code, key['src_id'], values['src_name']?.length])).toEqual([
      ['HF-D020', '1', large.length],
      ['HF-D020', '3', large.length],
    ])
  })

  async function workOf(batches: readonly EncodedBatch[], table = planned): Promise<TableWork> {
    const ids = await registerTables(session, migrationId, [table])
    const reader = {
      async *read() {
        yield* batches
      },
    } as unknown as TableWork['reader']
    return tableWork('plant', table, ids.get(table.source) ?? 0, reader)
  }

  async function judge(sent: readonly Thing[], before: readonly Thing[], work: TableWork): Promise<void> {
    const { rows: held } = await client.query<{
      id: string
      amount: number | null
      name: string | null
      f: string | null
    }>(`select id::text, amount, name, f::text from plant.thing`)
    const there = held.map((row) => lineOf({ ...row, id: Number(row.id), f: row.f === null ? null : Number(row.f) }))
    const kept = await listQuarantine(session, migrationId, { limit: 1000 })
    const quarantined = kept.map(({ values }) =>
      [values['src_id'], values['src_amount'], values['src_name'], values['src_f']].map((v) => v ?? '∅').join('|'),
    )
    const [receipt] = await receipts(session, work.tableId)
    expect(receipt).toMatchObject({ rows: sent.length - quarantined.length, quarantined: quarantined.length })

    // What stood there stands there; whatever is new was sent.
    const standing = before.map(lineOf)
    expect(there).toEqual(expect.arrayContaining(standing))
    const lines = sent.map(lineOf)
    expect(there.filter((line) => !standing.includes(line) && !lines.includes(line))).toEqual([])
    // Nothing is there twice, and nothing was dropped: a row that was sent is there, or in quarantine as often as it is not.
    const copied = takeAway(
      lines,
      quarantined.map((line) => line.replace('\\xff', '!')),
    )
    expect(copied.filter((line) => !there.includes(line))).toEqual([])
    expect(new Set(copied).size).toBe(copied.length)
    // No row that could have been copied is in quarantine.
    const ids = new Set(held.map(({ id }) => id))
    const names = new Set(held.map(({ name }) => name))
    for (const { values } of kept) {
      const taken =
        ids.has(values['src_id'] ?? '') || (values['src_name'] !== null && names.has(values['src_name'] ?? ''))
      expect(
        taken || values['src_amount'] === '-1' || values['src_name'] === '\\xff' || keyOfRefused(values, kept),
      ).toBe(true)
    }
    // The digest is that of the rows that are on the books.
    const digest = new Digest()
    const chosen = copied.map((line) => sent[lines.indexOf(line)]).filter((row) => row !== undefined)
    const batch = encoded(chosen)
    digestBatch(digest, work.normaliser, batch.bytes, batch.ends)
    expect(receipt?.digest).toBe(digest.toString())
  }
})

/** A row may have lost its key to an earlier row that was then refused itself. */
function keyOfRefused(
  values: Record<string, string | null>,
  kept: readonly { values: Record<string, string | null> }[],
): boolean {
  return kept.some(
    (other) =>
      other.values !== values &&
      (other.values['src_id'] === values['src_id'] ||
        (values['src_name'] !== null && other.values['src_name'] === values['src_name'])),
  )
}

function uniqueNames(rows: readonly Thing[]): Thing[] {
  const seen = new Set<string | null>()
  return rows.filter(({ name }) => name === null || (!seen.has(name) && seen.add(name)))
}

function lineOf({ id, amount, name, f }: Thing): string {
  const number = f === null ? '∅' : Object.is(f, -0) ? '-0' : String(f)
  return [id, amount ?? '∅', name ?? '∅', number].join('|')
}

function takeAway(lines: readonly string[], gone: readonly string[]): string[] {
  const left = [...lines]
  for (const line of gone) {
    const index = left.lastIndexOf(line)
    expect(index).toBeGreaterThanOrEqual(0)
    left.splice(index, 1)
  }
  return left
}

function encoded(rows: readonly Thing[]): EncodedBatch {
  const writer = new TupleWriter(4)
  for (const { id, amount, name, f } of rows) {
    writer.startRow()
    writer.int8n(id)
    if (amount === null) writer.null_()
    else writer.int4(amount)
    if (name === null) writer.null_()
    else writer.bytes(name === '!' ? Uint8Array.of(0xff) : Buffer.from(name))
    if (f === null) writer.null_()
    else writer.float8(f)
    writer.endRow()
  }
  return { ...writer.take(), rejected: [], losses: [] }
}
