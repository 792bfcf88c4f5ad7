import { describe, expect, it } from 'vitest'
import { makeDatabase, openFile, planOf, readAll, tableOf } from './helpers.ts'

/** Proposals for columns with the given declared type and values. */
async function assess(
  columns: Record<string, { declared: string; values: string[] }>,
  options = { full: true, sampleRows: 1000 },
) {
  const names = Object.keys(columns)
  const rows = Math.max(...Object.values(columns).map((column) => column.values.length))
  const inserts = Array.from(
    { length: rows },
    (_, i) =>
      `INSERT INTO t VALUES (${names.map((name) => columns[name]?.values[i % columns[name].values.length] ?? 'NULL').join(', ')});`,
  )
  const { path } = makeDatabase(
    `BEGIN; CREATE TABLE t (${names.map((name) => `"${name}" ${columns[name]?.declared}`).join(', ')}); ${inserts.join('\n')} COMMIT`,
  )
  const source = await openFile(path)
  const table = await tableOf(source, 't')
  return { source, assessment: await source.assess(table, options) }
}

async function proposal(declared: string, ...values: string[]) {
  const { source, assessment } = await assess({ v: { declared, values: values.length === 0 ? ['NULL'] : values } })
  const [column] = assessment.columns
  const { type = '', rules = {} } = column ?? {}
  // What is proposed for all values takes every one of them, unless a finding says that some go to quarantine.
  const plan = await planOf(source, 't', { v: { type, rules } })
  const rejected = (await readAll(source.reader(plan))).flatMap((batch) => batch.rejected).length
  const findings = assessment.findings.filter((finding) => finding.column === 'v').map((finding) => finding.code)
  return { type, rules, findings, rejected }
}

describe('types follow the values', () => {
  it.each([
    // declared, values, type, findings, rejected
    ['INTEGER', ['1', '-9223372036854775808'], 'bigint', [], 0],
    ['FLOATING POINT', ['1', '2.5'], 'double precision', ['HF-P217'], 0],
    ['FLOATING POINT', ['9007199254740993', '2.5'], 'numeric', ['HF-P217'], 0],
    ['STRING', ['1', '2'], 'bigint', [], 0],
    ['INTEGER', ['1', "'x'"], 'text', ['HF-P217'], 0],
    ['INTEGER', ['1', "x'00'"], 'text', ['HF-P217'], 1],
    ['BLOB', ["x'00'", "'x'"], 'bytea', ['HF-P217'], 0],
    ['TEXT', ["x'00'"], 'bytea', [], 0],
    ['REAL', ['1', '2.5', '9e999'], 'double precision', ['HF-P215'], 0],
    ['BOOLEAN', ['0', '1', 'NULL'], 'boolean', [], 0],
    ['BOOLEAN', ['0', '1', '2'], 'bigint', [], 0],
    ['BOOLEAN', ["'true'", "'false'"], 'text', ['HF-P219'], 0],
    ['INTEGER', ['0', '1'], 'bigint', [], 0],
    ['DECIMAL(10,2)', ['10.01', '3', '-0.07'], 'numeric(10,2)', [], 0],
    ['DECIMAL(10,2)', ['10.015', '3'], 'double precision', ['HF-P216'], 0],
    ['DECIMAL(4,2)', ['100'], 'numeric', ['HF-P216'], 0],
    ['NUMERIC', ['10.015', '3'], 'numeric', [], 0],
    ['VARCHAR(3)', ["'abcd'"], 'text', ['HF-P225'], 0],
    ['TEXT', ["'a' || char(0)", "'b'"], 'text', ['HF-P210'], 1],
    ['TEXT', ["CAST(x'ff' AS TEXT)", "'b'"], 'text', ['HF-P211'], 1],
    ['JSON', [`'{"a":1}'`, '5'], 'jsonb', [], 0],
    ['JSON', [`'"\\u0000"'`], 'json', ['HF-P220'], 0],
    ['JSON', [`'{a:1}'`], 'text', ['HF-P221'], 0],
    ['UUID', ["'00000000-0000-4000-8000-00000000000A'"], 'uuid', [], 0],
    ['TEXT', ["'00000000-0000-4000-8000-00000000000A'"], 'text', [], 0],
    ['UUID', ["x'000102030405060708090a0b0c0d0e0f'"], 'uuid', [], 0],
    ['BLOB', ["x'000102030405060708090a0b0c0d0e0f'"], 'bytea', ['HF-P127'], 0],
    ['TIME', ["'12:00'", "'23:59:59.5'"], 'time', [], 0],
    ['', [], 'text', [], 0],
    ['DATETIME', [], 'timestamptz', [], 0],
    ['BOOLEAN', [], 'boolean', [], 0],
  ] as const)('%s %j', async (...[declared, values, type, findings, rejected]) => {
    expect(await proposal(declared, ...values)).toMatchObject({ type, findings, rejected })
  })
})

describe('times', () => {
  it.each([
    ['DATETIME', ["'2024-01-01 00:00:00'", "'2024-01-01 00:00:01'"], 'timestamptz', {}, ['HF-P136'], 0],
    ['TEXT', ["'2024-01-01T00:00:00Z'"], 'timestamptz', {}, [], 0],
    [
      'TEXT',
      ["'2024-01-01T00:00:00+02:00'", "'2024-01-01'", "'2024-01-01 12:00'"],
      'timestamptz',
      {},
      ['HF-P218', 'HF-P136'],
      0,
    ],
    ['DATE', ["'2024-01-01'", "'0001-01-01'"], 'date', {}, ['HF-P201'], 0],
    ['DATE', ["'2024-01-01'", "'0000-00-00'"], 'timestamptz', {}, ['HF-P207', 'HF-P136'], 1],
    ['TEXT', ["'2024-01-01'", "'never'"], 'text', {}, [], 0],
    ['DATETIME', ['1700000000', '1700000001'], 'timestamptz', { unit: 's' }, [], 0],
    ['TIMESTAMP', ['1700000000123', '1700000001000'], 'timestamptz', { unit: 'ms' }, [], 0],
    ['DATETIME', ['1700000000123', '1700000001000', '1700000000'], 'bigint', {}, ['HF-P203'], 0],
    ['DATETIME', ['1700000000.5', '1700000001'], 'timestamptz', { unit: 's' }, [], 0],
    ['DATETIME', ['2460000.5', '2460001'], 'timestamptz', { format: 'julian' }, [], 0],
    ['DATETIME', ['1700000000', "'2024-01-01 00:00:00'"], 'timestamptz', { unit: 's' }, ['HF-P218'], 0],
    ['DATETIME', ["'2024-01-01 00:00:00.1234567Z'"], 'timestamptz', {}, ['HF-P205'], 0],
    ['INTEGER', ['1700000000'], 'bigint', {}, [], 0],
  ] as const)('%s %j', async (...[declared, values, type, rules, findings, rejected]) => {
    expect(await proposal(declared, ...values)).toEqual({ type, rules, findings, rejected })
  })

  it.each([
    ['two notations', 'TEXT', ["'2024-01-01 00:00'", "'2024-01-01 00:00:00'"], 'text'],
    ['two offsets', 'TEXT', ["'2024-01-01T00:00:00+00:00'", "'2024-01-01T01:00:00+01:00'"], 'text'],
    ['digits that are cut off', 'TEXT', ["'2024-01-01T00:00:00.1234567'", "'2024-01-01T00:00:00.1234568'"], 'text'],
    ['capitals', 'UUID', ["'aaaaaaaa-0000-4000-8000-000000000000'", "'AAAAAAAA-0000-4000-8000-000000000000'"], 'text'],
    ['one notation', 'TEXT', ["'2024-01-01T00:00:00Z'", "'2024-01-01T01:00:00Z'"], 'timestamptz'],
    ['one case', 'UUID', ["'aaaaaaaa-0000-4000-8000-000000000000'", "'11111111-0000-4000-8000-000000000000'"], 'uuid'],
  ])('stay text in a key when two keys could become one: %s', async (_what, declared, values, type) => {
    const { path } = makeDatabase(
      `CREATE TABLE t (k ${declared} PRIMARY KEY); INSERT INTO t VALUES (${values.join('), (')})`,
    )
    const source = await openFile(path)
    const { columns } = await source.assess(await tableOf(source, 't'), { full: true, sampleRows: 10 })
    expect(columns[0]?.type).toBe(type)
  })

  it('are candidates, best first, with the way they can be read', async () => {
    const many = (make: (i: number) => string): string[] => Array.from({ length: 300 }, (_, i) => make(i))
    const { path } =
      makeDatabase(`BEGIN; CREATE TABLE t (id INTEGER PRIMARY KEY, ts INTEGER, seen TEXT, count INTEGER, other_ms INTEGER); CREATE INDEX t_ts ON t (ts);
      ${many((i) => `INSERT INTO t VALUES (${i}, ${1_700_000_000 + i * 60}, '2024-01-01 00:${String(i % 60).padStart(2, '0')}:00', ${40_000_000 + i}, ${1_700_000_000_000 - i});`).join(' ')}
      INSERT INTO t VALUES (1000, NULL, 'never', 0, NULL), (1001, 'x', NULL, 0, 5); COMMIT`)
    const source = await openFile(path)
    const { timeCandidates } = await source.assess(await tableOf(source, 't'), { full: true, sampleRows: 10 })
    expect(
      timeCandidates.map(({ column, type, unit, access, unusable }) => [column, type, unit, access, unusable.value]),
    ).toEqual([
      ['ts', 'bigint', 's', 'index', 2],
      ['seen', 'timestamptz', null, 'none', 2],
      ['other_ms', 'bigint', 'ms', 'none', 1],
    ])
    const [ts] = timeCandidates
    expect(ts).toMatchObject({ min: '2023-11-14T22:13:20.000000Z', max: '2023-11-15T03:12:20.000000Z', monotone: 1 })
    expect(timeCandidates[2]?.monotone).toBeLessThan(0.1)
  })
})

describe('definitions', () => {
  it('give findings with counts', async () => {
    const { path } = makeDatabase(`CREATE TABLE p (id INTEGER PRIMARY KEY); INSERT INTO p VALUES (1);
      CREATE TABLE t (k TEXT COLLATE NOCASE PRIMARY KEY, p INT REFERENCES p, q INT REFERENCES nowhere (x), n TEXT COLLATE RTRIM, g AS (p + 1), r DEFAULT (random()));
      CREATE INDEX e ON t (lower(k)); INSERT INTO t (k, p) VALUES ('a', 1), (NULL, 2), (NULL, NULL); CREATE TABLE bare (a)`)
    const source = await openFile(path)
    const { findings } = await source.assess(await tableOf(source, 't'), { full: true, sampleRows: 10 })
    expect(findings.map(({ code, column, count }) => `${code} ${column} ${count?.value}`).toSorted()).toEqual([
      'HF-P112 k undefined',
      'HF-P113 n undefined',
      'HF-P114 k 2',
      'HF-P119 null undefined',
      'HF-P130 g undefined',
      'HF-P133 r undefined',
      'HF-P141 p 1',
      'HF-P141 q undefined',
    ])
    const bare = await source.assess(await tableOf(source, 'bare'), { full: true, sampleRows: 10 })
    expect(bare.findings.map((finding) => finding.code)).toEqual(['HF-P110'])
  })
})

describe('a key that may hold NULL', () => {
  it.each([
    ["('a')", undefined],
    ["('a'), (NULL)", '1 row has NULL in the key (k)'],
    ["('a'), (NULL), (NULL)", '2 rows have NULL in the key (k)'],
  ])('is told when it does: %s', async (values, message) => {
    const { path } = makeDatabase(`CREATE TABLE t (k TEXT PRIMARY KEY); INSERT INTO t VALUES ${values}`)
    const source = await openFile(path)
    const { findings } = await source.assess(await tableOf(source, 't'), { full: true, sampleRows: 10 })
    expect(findings.find(({ code }) => code === 'HF-P114')?.message).toBe(message)
  })
})
