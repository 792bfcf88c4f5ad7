// Reading when things go wrong: broken connections, consumers that stop or dawdle, values without a counterpart.
import { describe, expect, it } from 'vitest'
import type { RowDataPacket } from 'mysql2'
import type { Connection } from 'mysql2/promise'
import type { EncodedBatch, PlannedTable, Slice } from '../../../src/model.ts'
import type { Source, TableReader } from '../../../src/source/source.ts'
import { make, planOf, SERVERS, tableOf } from './harness.ts'

const ALL: Slice = { kind: 'all' }
/** 24 MB: more than a batch and the buffers of both kernels. */
const ROWS = 400
const LARGE = [
  'CREATE TABLE large (id int AUTO_INCREMENT PRIMARY KEY, v longtext)',
  `INSERT INTO large (v) VALUES ${"(REPEAT('x', 60000)), ".repeat(ROWS - 1)} (REPEAT('x', 60000))`,
]

async function planFor(
  source: Source,
  name: string,
  changes: Parameters<typeof planOf>[2] = {},
): Promise<PlannedTable> {
  const table = await tableOf(source, name)
  return planOf(table, await source.assess(table, { full: false, sampleRows: 100 }), changes)
}

async function batches(reader: TableReader, slice: Slice = ALL): Promise<EncodedBatch[]> {
  return Array.fromAsync(reader.read(slice))
}

/** Threads of the reading account that are running the streamed SELECT. */
async function readingThreads(root: Connection, user: string): Promise<number[]> {
  const [rows] = await root.query<RowDataPacket[]>(
    "SELECT ID AS id FROM information_schema.PROCESSLIST WHERE USER = ? AND COMMAND <> 'Sleep'",
    [user],
  )
  return rows.map((row) => Number(row['id']))
}

describe.each(SERVERS)('reading %s', (server) => {
  it.each([
    ['KILL', 'HF-R002'],
    ['KILL QUERY', 'HF-R003'],
  ])('ends in an error after %s, never in a short read', async (kill, code) => {
    const { source, root, fresh } = await make(server, LARGE)
    const read = source.reader(await planFor(source, 'large')).read(ALL)
    const open = read[Symbol.asyncIterator]()
    const first = await open.next()
    expect(first.value?.rows).toBeGreaterThan(0)
    const [thread] = await readingThreads(root, fresh.reader.name)
    await root.query(`${kill} ${thread}`)
    let rows = first.value?.rows ?? 0
    const rest = (async () => {
      for (let next = await open.next(); next.done !== true; next = await open.next()) rows += next.value.rows
    })()
    await expect(rest).rejects.toMatchObject({ code, retry: 'transient' })
    expect(rows).toBeLessThan(ROWS)
    // The pool goes on with another connection.
    expect(await source.reader(await planFor(source, 'large')).count(ALL)).toBe(BigInt(ROWS))
  })

  it('holds the server back while nobody asks, then gives every row', async () => {
    const { source, root, fresh } = await make(server, LARGE)
    let rows = 0
    let sending = 0
    for await (const batch of source.reader(await planFor(source, 'large')).read(ALL)) {
      if (rows === 0) {
        await new Promise((resolve) => setTimeout(resolve, 1000))
        sending = (await readingThreads(root, fresh.reader.name)).length
      }
      rows += batch.rows
      expect(batch.bytes.length).toBeLessThan(6 * 1024 * 1024)
    }
    expect(sending).toBe(1)
    expect(rows).toBe(ROWS)
  })

  it('gives up a connection whose result was not read to its end', async () => {
    const { source, root, fresh } = await make(server, LARGE, { connections: 1 })
    const reader = source.reader(await planFor(source, 'large'))
    for await (const batch of reader.read(ALL)) {
      expect(batch.rows).toBeGreaterThan(0)
      break
    }
    expect(await reader.count(ALL)).toBe(BigInt(ROWS))
    await expect.poll(() => readingThreads(root, fresh.reader.name)).toEqual([])
  })

  it('takes a row larger than a packet and than a batch', async () => {
    const { source } = await make(server, [
      'CREATE TABLE huge (id int PRIMARY KEY, a longblob, b longblob)',
      "INSERT INTO huge VALUES (1, REPEAT('a', 9000000), REPEAT('b', 9000000)), (2, 'small', NULL)",
    ])
    const read = await batches(source.reader(await planFor(source, 'huge')))
    expect(read.map((batch) => batch.rows)).toEqual([1, 1])
    expect(read[0]?.bytes.length).toBe(2 + 8 + 4 + 9000000 + 4 + 9000000)
  })

  it('puts zero dates and NULL into exactly one slice', async () => {
    const { source } = await make(server, [
      'CREATE TABLE z (id int PRIMARY KEY, at datetime(3) NOT NULL, maybe date, KEY (at), KEY (maybe))',
      `INSERT INTO z VALUES (1, '0000-00-00', NULL), (2, '2010-00-00', '0000-00-00'), (3, '2010-05-00', '2010-05-00'),
         (4, '2010-05-01', '2010-05-01'), (5, '0000-00-00', NULL), (6, '2024-01-01 00:00:00.001', '2024-01-01')`,
    ])
    for (const axis of ['at', 'maybe']) {
      const reader = source.reader(await planFor(source, 'z', { split: 'time', axis }))
      const residual = await reader.count({ kind: 'residual' })
      expect(residual).toBe(axis === 'at' ? 0n : 2n)
      const boundaries: bigint[] = []
      for (let at = await reader.advance(null, 1); at !== null; at = await reader.advance(at, 1)) boundaries.push(at)
      expect(boundaries).toEqual(boundaries.toSorted((a, b) => Number(a - b)))
      const edges = [null, ...boundaries, null]
      let rows = residual
      for (const [i, to] of edges.slice(1).entries()) {
        rows += await reader.count({ kind: 'range', from: edges[i] ?? null, to })
      }
      expect(rows).toBe(6n)
    }
  })

  it('does with values that have no counterpart what the rules say', async () => {
    const { source } = await make(server, [
      'CREATE TABLE r (id int PRIMARY KEY, d datetime, x varchar(20), n bigint)',
      `INSERT INTO r VALUES (1, '0000-00-00', 'fine', 1), (2, '2010-05-00', CONCAT('a', CHAR(0), 'b'), 2), (3, NULL, 'ok', 3), (4, '2024-01-01', 'ok', 99999)`,
    ])
    const strict = await batches(source.reader(await planFor(source, 'r', { types: { n: { type: 'smallint' } } })))
    expect(strict.flatMap((batch) => batch.rejected.map(({ code, column, key }) => ({ code, column, key })))).toEqual([
      { code: 'HF-D005', column: 'd', key: { id: '1' } },
      { code: 'HF-D005', column: 'd', key: { id: '2' } },
      { code: 'HF-D002', column: 'n', key: { id: '4' } },
    ])
    expect(strict[0]?.rejected[0]?.values).toEqual({ id: '1', d: '0000-00-00 00:00:00', x: 'fine', n: '1' })
    const types = { d: { rules: { zeroDate: 'null' } }, x: { rules: { nul: 'strip' as const } } }
    const [lenient] = await batches(source.reader(await planFor(source, 'r', { types })))
    expect(lenient?.rejected).toEqual([])
    expect(lenient?.rows).toBe(4)
    expect(lenient?.losses).toEqual([
      { code: 'HF-L002', column: 'd', count: 2 },
      { code: 'HF-L003', column: 'x', count: 1 },
    ])
    // In the time column neither NULL nor a zero date made NULL can stand.
    const time = { kind: 'timeseries' as const, time: { column: 'd', unit: null } }
    const [series] = await batches(source.reader(await planFor(source, 'r', { types, ...time })))
    expect(series?.rejected.map((row) => row.code)).toEqual(['HF-D005', 'HF-D005', 'HF-D001'])
    const second = source.reader(await planFor(source, 'r', { types })).second
    const [shown] = await second.rows(ALL, 1)
    expect(shown?.values[1]).toBeNull()
  })

  it('counts losses of rows that arrive only', async () => {
    const { source } = await make(server, [
      'CREATE TABLE l (id int PRIMARY KEY, d datetime(6), n bigint)',
      "INSERT INTO l VALUES (1, '2024-01-01 00:00:00.5', 1), (2, '2024-01-01 00:00:00.5', 99999)",
    ])
    const types = { d: { type: 'timestamptz(0)' }, n: { type: 'smallint' } }
    const [batch] = await batches(source.reader(await planFor(source, 'l', { types })))
    expect(batch?.rows).toBe(1)
    expect(batch?.losses).toEqual([{ code: 'HF-L001', column: 'd', count: 1 }])
  })

  it('reads a declared zone, refuses its gap and counts its fold', async () => {
    const { source } = await make(
      server,
      [
        'CREATE TABLE w (id int PRIMARY KEY, d datetime)',
        "INSERT INTO w VALUES (1, '2024-03-31 02:30:00'), (2, '2024-10-27 02:30:00'), (3, '2024-07-01 12:00:00')",
      ],
      { timezone: 'Europe/Berlin' },
    )
    const reader = source.reader(await planFor(source, 'w'))
    const [batch] = await batches(reader)
    expect(batch?.rejected.map(({ code, key }) => ({ code, key }))).toEqual([{ code: 'HF-D011', key: { id: '1' } }])
    expect(batch?.losses).toEqual([{ code: 'HF-L005', column: 'd', count: 1 }])
    const texts = (await reader.second.rows(ALL, 10)).map((row) => row.values[1])
    expect(texts.slice(1)).toEqual(['2024-10-27T00:30:00.000000', '2024-07-01T10:00:00.000000'])
  })

  it('notices a table that was changed after the plan was made', async () => {
    const { source, root } = await make(server, [
      'CREATE TABLE c (id int PRIMARY KEY, a int)',
      'INSERT INTO c VALUES (1, 2)',
    ])
    const reader = source.reader(await planFor(source, 'c'))
    await root.query('ALTER TABLE c MODIFY a bigint')
    await expect(batches(reader)).rejects.toMatchObject({ code: 'HF-P021' })
    await root.query('ALTER TABLE c DROP COLUMN a')
    await expect(batches(reader)).rejects.toMatchObject({ code: 'HF-P021' })
    await root.query('DROP TABLE c')
    await expect(reader.count(ALL)).rejects.toMatchObject({ code: 'HF-P021' })
  })

  it('walks an index with equal, sparse and NULL positions', async () => {
    const { source } = await make(server, [
      'CREATE TABLE a (id int PRIMARY KEY, t timestamp(3) NULL, KEY (t))',
      `INSERT INTO a VALUES (1, '2024-01-01 00:00:00.001'), (2, '2024-01-01 00:00:00.001'), (3, '2024-01-01 00:00:00.001'),
         (4, '2024-01-01 00:00:00.002'), (5, '2038-01-19 03:14:07.999'), (6, NULL)`,
    ])
    const reader = source.reader(await planFor(source, 'a', { split: 'time', axis: 't' }))
    const start = 1_704_067_200_001_000n
    expect(await reader.extent()).toEqual({ min: start, max: 2_147_483_647_999_000n })
    expect(await reader.advance(null, 1)).toBe(start + 1000n)
    expect(await reader.advance(start, 2)).toBe(start + 1000n)
    expect(await reader.advance(start + 1000n, 1)).toBe(2_147_483_647_999_000n)
    expect(await reader.advance(start + 1000n, 2)).toBeNull()
    // Bounds between and beyond what the column can hold.
    for (const [from, to, rows] of [
      [start + 1n, null, 2n],
      [null, start + 1n, 3n],
      [2n ** 60n, null, 0n],
      [null, 2n ** 60n, 5n],
      [-(2n ** 62n), null, 5n],
      [null, -(2n ** 62n), 0n],
      [5_000_000_000_000_000n, null, 0n],
    ] as const) {
      expect(await reader.count({ kind: 'range', from, to })).toBe(rows)
    }
  })
})

it('sees the bytes of text that the server itself would show as question marks', async () => {
  const { source } = await make('mariadb', [
    'CREATE TABLE bad (id int PRIMARY KEY, a varchar(10) CHARACTER SET ascii)',
    "INSERT INTO bad VALUES (1, 0xE4FC), (2, 'fine')",
  ])
  const table = await tableOf(source, 'bad')
  const said = await source.assess(table, { full: true, sampleRows: 100 })
  expect(said.findings.find((one) => one.code === 'HF-P211')).toMatchObject({
    column: 'a',
    count: { value: 1, exact: true },
  })
  const [strict] = await batches(source.reader(planOf(table, said)))
  expect(strict?.rejected).toMatchObject([{ code: 'HF-D007', column: 'a', values: { id: '1', a: '\\xe4fc' } }])
  const reader = source.reader(planOf(table, said, { types: { a: { rules: { invalidText: 'windows-1252' } } } }))
  const [repaired] = await batches(reader)
  expect(repaired?.losses).toEqual([{ code: 'HF-L004', column: 'a', count: 1 }])
  expect(Buffer.from(repaired?.bytes ?? []).toString('latin1')).toContain(Buffer.from('äü', 'utf8').toString('latin1'))
  const [shown] = await reader.second.rows(ALL, 1)
  expect(shown?.values).toEqual(['1', Buffer.from('äü', 'utf8').toString('hex')])
})

// MariaDB does not store it.
it('keeps the sign of zero in the quarantine', async () => {
  const { source } = await make('mysql', [
    'CREATE TABLE z (id int PRIMARY KEY, d double, f float, t text)',
    "INSERT INTO z VALUES (1, '-0', '-0', CHAR(0)), (2, 0, 0, CHAR(0))",
  ])
  const table = await tableOf(source, 'z')
  const [batch] = await batches(source.reader(planOf(table, await source.assess(table, { full: true, sampleRows: 9 }))))
  expect(batch?.rejected.map(({ values }) => [values['d'], values['f']])).toEqual([
    ['-0', '-0'],
    ['0', '0'],
  ])
})

describe.each(SERVERS)('text that %s cannot convert to UTF-8', (server) => {
  const made = [
    `CREATE TABLE lost (id int PRIMARY KEY, a varchar(10) CHARACTER SET cp1251, s varchar(10) CHARACTER SET sjis,
       u varchar(10) CHARACTER SET ucs2, c varchar(10) CHARACTER SET cp932)`,
    "INSERT INTO lost VALUES (1, 'жд?', '日本?', '日本?', '?')",
    'INSERT INTO lost (id, a) VALUES (2, _cp1251 0x4198)',
    'INSERT INTO lost (id, s) VALUES (3, _sjis 0xF040)',
    'INSERT INTO lost (id, u) VALUES (4, _ucs2 0xD83D0041)',
    // Another code of a character that goes back to 0x81E0: nothing is lost.
    'INSERT INTO lost (id, c) VALUES (5, _cp932 0x8790)',
  ]

  it('goes to quarantine with its bytes, instead of becoming question marks', async () => {
    const { source } = await make(server, made)
    const table = await tableOf(source, 'lost')
    const said = await source.assess(table, { full: true, sampleRows: 100 })
    const counted = said.findings.filter((one) => one.code === 'HF-P213')
    expect(counted.map((one) => [one.column, one.count?.value])).toEqual([
      ['a', 1],
      ['s', 1],
      ['u', 1],
    ])
    const [batch] = await batches(source.reader(planOf(table, said)))
    expect(batch?.rows).toBe(2)
    expect(batch?.rejected).toMatchObject([
      { code: 'HF-D007', column: 'a', values: { id: '2', a: '\\x4198' } },
      { code: 'HF-D007', column: 's', values: { id: '3', s: '\\xf040' } },
      { code: 'HF-D007', column: 'u', values: { id: '4', u: '\\xd83d0041' } },
    ])
  })

  it('is repaired by rule, and counted', async () => {
    const { source } = await make(server, made)
    const table = await tableOf(source, 'lost')
    const said = await source.assess(table, { full: true, sampleRows: 100 })
    const reader = source.reader(
      planOf(table, said, { types: { a: { rules: { invalidText: 'replace' } }, s: { type: 'bytea' } } }),
    )
    const [batch] = await batches(reader)
    expect(batch?.losses).toEqual([{ code: 'HF-L004', column: 'a', count: 1 }])
    const shown = (await reader.second.rows(ALL, 9)).map((row) => row.values)
    expect(shown[1]?.[1]).toBe(Buffer.from('A?\uFFFD', 'utf8').toString('hex'))
    expect(Buffer.from(batch?.bytes ?? []).includes(Buffer.from('A?\uFFFD', 'utf8'))).toBe(true)
  })
})
