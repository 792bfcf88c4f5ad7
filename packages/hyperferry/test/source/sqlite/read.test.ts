import { describe, expect, it } from 'vitest'
import { fieldsOf } from './decode.ts'
import { makeDatabase, openFile, planOf, readAll } from './helpers.ts'

const rowsOf = (batches: Awaited<ReturnType<typeof readAll>>) =>
  batches.flatMap(({ bytes, ends }) => fieldsOf(bytes, ends))

describe('exact bytes', () => {
  it('are read again by a key that is itself inexact', async () => {
    const { path } = makeDatabase(`CREATE TABLE t (k TEXT, v TEXT, PRIMARY KEY (k)) WITHOUT ROWID;
      INSERT INTO t VALUES (CAST(x'ff' AS TEXT), 'first'), (CAST(x'fe' AS TEXT), CAST(x'fd' AS TEXT)), (char(65533), char(65533) || 'true')`)
    const source = await openFile(path)
    const reader = source.reader(await planOf(source, 't', { k: 'bytea', v: 'bytea' }))
    const rows = rowsOf(await readAll(reader)).map((fields) => fields.map((field) => field?.toString('hex')).join(' '))
    expect(rows.toSorted()).toEqual([`efbfbd efbfbd74727565`, 'fe fd', `ff ${Buffer.from('first').toString('hex')}`])
  })

  it('are read again when all names of the rowid are taken', async () => {
    const { path } = makeDatabase(`CREATE TABLE t (rowid TEXT, _rowid_ TEXT, oid TEXT, v TEXT);
      INSERT INTO t VALUES ('a', 'b', 'c', 'plain'), ('a', 'b', 'c', char(65533))`)
    const source = await openFile(path)
    const reader = source.reader(await planOf(source, 't', { v: 'text' }))
    const [batch] = await readAll(reader)
    expect(batch?.rows).toBe(2)
    expect(batch?.rejected).toEqual([])
  })

  it('of invalid text without any rowid name are never taken for what they are not', async () => {
    const { path } = makeDatabase(`CREATE TABLE t (rowid TEXT, _rowid_ TEXT, oid TEXT, v TEXT);
      INSERT INTO t VALUES ('a', 'b', 'c', 'plain'), ('a', 'b', 'c', CAST(x'ff' AS TEXT))`)
    const source = await openFile(path)
    const reader = source.reader(await planOf(source, 't', { v: 'text' }))
    const batches = await readAll(reader)
    expect(batches.flatMap((batch) => batch.rejected)).toMatchObject([{ code: 'HF-D007', values: { v: '\\xff' } }])
  })

  it('of many batches and large values come whole', async () => {
    const { path } = makeDatabase(`CREATE TABLE t (id INTEGER PRIMARY KEY, v);
      INSERT INTO t VALUES (1, zeroblob(100000000)), (2, CAST(replace(hex(zeroblob(20000000)), '00', 'äß') AS TEXT)), (3, 'x');
      WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 30000) INSERT INTO t SELECT i, printf('%0100d', i) FROM n`)
    const source = await openFile(path)
    const reader = source.reader(await planOf(source, 't', { id: 'bigint', v: 'bytea' }))
    const batches = await readAll(reader)
    expect(batches.length).toBeGreaterThan(3)
    const rows = rowsOf(batches)
    expect(rows).toHaveLength(29_994)
    expect(rows[0]?.[1]?.length).toBe(100_000_000)
    expect(rows[1]?.[1]?.length).toBe(80_000_000)
    expect(rows[1]?.[1]?.subarray(-4).toString()).toBe('äß')
    expect(rows[2]?.[1]?.toString()).toBe('x')
    expect(rows.at(-1)?.[1]?.toString()).toBe('30000'.padStart(100, '0'))
  }, 60_000)
})

describe('rows that cannot be represented', () => {
  it('carry their key, every column and the first reason', async () => {
    const { path } = makeDatabase(`CREATE TABLE t (a TEXT, b INT, v, twice AS (b * 2), PRIMARY KEY (a, b));
      INSERT INTO t VALUES ('k', 1, 'no number'), (NULL, 2, x'00ff'), ('k', 3, 9e999), ('k', 4, 4)`)
    const source = await openFile(path)
    const reader = source.reader(await planOf(source, 't', { b: 'bigint', v: 'bigint' }))
    const [batch] = await readAll(reader)
    expect(batch?.rows).toBe(1)
    expect(batch?.rejected).toEqual([
      expect.objectContaining({
        code: 'HF-D010',
        column: 'v',
        key: { a: 'k', b: '1' },
        values: { a: 'k', b: '1', v: 'no number', twice: '2' },
      }),
      expect.objectContaining({ key: { rowid: '2' }, values: { a: null, b: '2', v: '\\x00ff', twice: '4' } }),
      expect.objectContaining({ key: { a: 'k', b: '3' }, values: { a: 'k', b: '3', v: 'Infinity', twice: '6' } }),
    ])
  })

  it('are NULL where the plan has none, and without a time where the table needs one', async () => {
    const { path } = makeDatabase(
      `CREATE TABLE t (at INT, v); INSERT INTO t VALUES (NULL, 1), (1700000000, NULL), ('never', 2), (1700000001, 3)`,
    )
    const source = await openFile(path)
    const columns = {
      at: { type: 'timestamptz', rules: { unit: 's' as const } },
      v: { type: 'bigint', nullable: false },
    }
    const plan = await planOf(source, 't', columns, { kind: 'timeseries', time: { column: 'at', unit: null } })
    const [batch] = await readAll(source.reader(plan))
    expect(batch?.rows).toBe(1)
    expect(batch?.rejected.map(({ code, column }) => `${code} ${column}`)).toEqual([
      'HF-D001 at',
      'HF-D013 v',
      'HF-D001 at',
    ])
  })
})

describe('losses', () => {
  it('are counted per value, and not for rows that are refused', async () => {
    const { path } = makeDatabase(`CREATE TABLE t (at TEXT, x TEXT, n);
      INSERT INTO t VALUES ('2024-01-01 00:00:00.1234567', 'a' || char(0) || char(0), 1), ('2024-01-01 00:00:00.1234567', 'a', 'refused'), ('2024-01-01', 'b', 2)`)
    const source = await openFile(path)
    const plan = await planOf(source, 't', {
      at: 'timestamptz',
      x: { type: 'text', rules: { nul: 'strip' } },
      n: 'bigint',
    })
    const [batch] = await readAll(source.reader(plan))
    expect(batch?.losses).toEqual([
      { code: 'HF-L001', column: 'at', count: 1 },
      { code: 'HF-L003', column: 'x', count: 1 },
    ])
  })

  it('of an ambiguous wall time', async () => {
    const { path } = makeDatabase(
      `CREATE TABLE t (at TEXT); INSERT INTO t VALUES ('2024-10-27 02:30:00'), ('2024-03-31 02:30:00'), ('2024-03-31 02:30:00Z')`,
    )
    const source = await openFile(path, { timezone: 'Europe/Berlin' })
    const [batch] = await readAll(source.reader(await planOf(source, 't', { at: 'timestamptz' })))
    expect(batch).toMatchObject({
      rows: 2,
      losses: [{ code: 'HF-L005', column: 'at', count: 1 }],
      rejected: [{ code: 'HF-D011' }],
    })
  })
})

describe('the event loop', () => {
  it('has its turn between batches', async () => {
    const { path } = makeDatabase(`CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT);
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000) INSERT INTO t SELECT i, printf('%0200d', i) FROM n`)
    const source = await openFile(path)
    const reader = source.reader(await planOf(source, 't', { id: 'bigint', v: 'text' }))
    let turns = 0
    const tick = setInterval(() => (turns += 1), 0)
    const batches = await readAll(reader)
    clearInterval(tick)
    expect(batches.length).toBeGreaterThan(4)
    expect(turns).toBeGreaterThan(1)
  })
})
