// A correct copy, then one thing changed in the target: the digest must see it, and the row-level look must name exactly that.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freshPg, type FreshPg } from '../../../../../test/servers/database.ts'
import { describeWith } from '../../../../../test/servers/index.ts'
import { verify } from '../../../src/steps/verify.ts'
import type { DifferentRange, VerifiedTable, VerifyDocument } from '../../../src/steps/verify.ts'
import { openLab, type Lab } from './lab.ts'
import { plannedTable } from './tables.ts'

const ROWS = 6000

/** Keyed by id, split by an indexed time. */
const reading = plannedTable({
  source: 'reading',
  name: 'reading',
  kind: 'timeseries',
  split: 'time',
  axis: 'ts',
  time: { column: 'ts', unit: null },
  chunkInterval: '7 days',
  keys: [{ name: 'reading_pkey', columns: ['id', 'ts'], primary: true }],
  estimatedRows: ROWS,
  columns: [
    { name: 'id', sourceType: 'integer', type: 'bigint' },
    { name: 'ts', sourceType: 'integer', type: 'timestamptz', rules: { unit: 'ms' } },
    { name: 'v', sourceType: 'real', type: 'double precision', nullable: true },
    { name: 'n', sourceType: 'decimal(12,3)', type: 'numeric(12,3)', nullable: true },
    { name: 's', sourceType: 'text', type: 'text', nullable: true },
  ],
})
/** No key, and the axis is no column of the target. */
const log = plannedTable({
  source: 'log',
  name: 'log',
  kind: 'timeseries',
  split: 'pk',
  axis: 'rowid',
  time: { column: 'ts', unit: null },
  chunkInterval: '7 days',
  mode: 'replace',
  existingRows: 'refuse',
  estimatedRows: 500,
  columns: [
    { name: 'ts', sourceType: 'integer', type: 'timestamptz', rules: { unit: 'ms' } },
    { name: 'kind', sourceType: 'text', type: 'text', nullable: true },
    { name: 'v', sourceType: 'integer', type: 'integer', nullable: true },
  ],
})
const site = plannedTable({
  source: 'site',
  name: 'site',
  keys: [
    { name: 'site_pkey', columns: ['id'], primary: true },
    { name: 'site_name', columns: ['name'], primary: false },
  ],
  columns: [
    { name: 'id', sourceType: 'integer', type: 'bigint' },
    { name: 'name', sourceType: 'text', type: 'text', nullable: true },
  ],
})

function fill(path: string): void {
  const db = new DatabaseSync(path)
  db.exec(`
    create table reading (id integer primary key, ts integer not null, v real, n decimal(12,3), s text);
    create index reading_ts on reading (ts);
    create table log (ts integer not null, kind text, v integer);
    create table site (id integer primary key, name text);
    with recursive i(i) as (select 0 union all select i + 1 from i where i < ${ROWS - 1})
    insert into reading select i, 1700000000000 + (i / 2) * 60000, i * 0.1, i + 0.125, 'r' || i from i;
    with recursive i(i) as (select 0 union all select i + 1 from i where i < 499)
    insert into log select 1700000000000 + (i / 10) * 60000, 'k' || (i % 3), i / 5 from i;
    insert into site values (1, 'Zürich'), (2, null), (3, ''), (4, 'Zürich');
    -- The name is unique in the target, which refuses the second of two: in quarantine, though the source encodes it without complaint.
    -- Too long for the target's numeric(12,3): these go to quarantine.
    update reading set n = 0.12345 where id in (17, 4711);
  `)
  db.close()
}

const describe = await describeWith('pg18')
describe('one change in the target is found and named', () => {
  let folder: string
  let database: FreshPg
  let lab: Lab

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'verify-'))
    fill(join(folder, 'plant.db'))
    database = await freshPg('pg18')
    lab = await openLab(`sqlite:${join(folder, 'plant.db')}`, database.url, [reading, log, site])
    await lab.load()
  })
  afterAll(async () => {
    await lab[Symbol.asyncDispose]()
    await database.drop()
    await rm(folder, { recursive: true })
  })

  /** Verifies with the change in place, then takes it back. */
  async function withChange(
    change: string,
    undo: string,
    options: Parameters<typeof verify>[1] = {},
  ): Promise<VerifyDocument> {
    await lab.sql(change)
    try {
      return await verify(lab.ctx, { sampleRows: 0, ...options })
    } finally {
      await lab.sql(undo)
    }
  }

  const sums = (table: VerifiedTable | undefined): number[] =>
    (table?.different ?? []).reduce(
      (sum: number[], each: DifferentRange) => [sum[0]! + each.missing, sum[1]! + each.extra, sum[2]! + each.changed],
      [0, 0, 0],
    )
  const tableOf = (document: VerifyDocument, name: string): VerifiedTable | undefined =>
    document.tables.find((each) => each.name === name)

  test.each(['count', 'digest', 'rows'] as const)('nothing is different before, by %s', async (level) => {
    const document = await verify(lab.ctx, { level, sampleRows: 0 })
    expect(
      document.tables.map((each) => [
        each.name,
        each.equal,
        each.sourceRows,
        each.targetRows,
        each.quarantined,
        each.different,
      ]),
    ).toEqual([
      ['reading', true, ROWS, ROWS - 2, 2, []],
      ['log', true, 500, 500, 0, []],
      ['site', true, 4, 3, 1, []],
    ])
    expect(document.equal).toBe(true)
  })

  const changes: [string, string, string][] = [
    ['an hour', "ts = ts + interval '1 hour'", "ts = ts - interval '1 hour'"],
    ['a microsecond', "ts = ts + interval '1 us'", "ts = ts - interval '1 us'"],
    ['one ulp', 'v = 12.3 + 1.7763568394002505e-15', 'v = 123 * 0.1::float8'],
    ['a scale', 'n = n * 10', 'n = n / 10'],
    ['a sign', 'n = -n', 'n = -n'],
    ['a charset', "s = 'rÃ' || id", "s = 'r' || id"],
    ['a null', 's = null', "s = 'r' || id"],
    ['an empty text', "s = ''", "s = 'r' || id"],
  ]
  for (const level of ['digest', 'rows'] as const) {
    test.each(changes)(`%s in one row, by ${level}`, async (name, change, undo) => {
      const document = await withChange(
        `update lab.reading set ${change} where id = 123`,
        `update lab.reading set ${undo} where id = 123`,
        { level, showValues: true, tables: ['reading'] },
      )
      const [table] = document.tables
      const isKey = change.startsWith('ts')
      // The key holds ts: a row with another ts is another row.
      expect(sums(table)).toEqual(isKey ? [1, 1, 0] : [0, 0, 1])
      expect(document.equal).toBe(false)
      const samples = table!.different.flatMap((each) => each.samples)
      expect(
        samples.map((each) => each.key['id']),
        name,
      ).toEqual(isKey ? ['123', '123'] : ['123'])
      expect(samples[0]?.columns ?? null).toEqual(isKey ? null : [change[0]])
      // Localised: one range of many, but for a row moved over a border.
      expect(table!.different.length).toBeLessThanOrEqual(isKey ? 2 : 1)
    })
  }

  test('values are shown only when asked for', async () => {
    const change = [
      "update lab.reading set s = 'secret' where id = 5",
      "update lab.reading set s = 'r5' where id = 5",
    ] as const
    expect(JSON.stringify(await withChange(...change))).not.toContain('secret')
    expect(JSON.stringify(await withChange(...change, { showValues: true }))).toContain('secret')
  })

  test('a lost row, an added row', async () => {
    const lost = await withChange(
      'delete from lab.reading where id = 40',
      "insert into lab.reading select 40, to_timestamp(1700000000) + interval '20 minutes', 4.0, 40.125, 'r40'",
    )
    expect(sums(tableOf(lost, 'reading'))).toEqual([1, 0, 0])
    expect(tableOf(lost, 'reading')?.different[0]?.samples).toEqual([
      { kind: 'missing', key: { id: '40', ts: '2023-11-14 22:33:20.000000+00' } },
    ])
    const added = await withChange(
      "insert into lab.reading values (99999, '0044-03-15 BC', 1, 1, 'x')",
      'delete from lab.reading where id = 99999',
    )
    expect(sums(tableOf(added, 'reading'))).toEqual([0, 1, 0])
    expect(tableOf(added, 'reading')?.different[0]?.from).toBeNull()
    expect((await verify(lab.ctx, { sampleRows: 0 })).equal).toBe(true)
  })

  test('a table without a key: a duplicate, a lost row, two values swapped between rows', async () => {
    const duplicate = await withChange(
      'insert into lab.log select * from lab.log limit 1',
      'delete from lab.log where ctid = (select max(ctid) from lab.log)',
    )
    expect(sums(tableOf(duplicate, 'log'))).toEqual([0, 1, 0])
    const swapped = await withChange(
      `update lab.log set v = case v when 3 then 77 else 3 end where kind = 'k1' and v in (3, 77)`,
      `update lab.log set v = case v when 3 then 77 else 3 end where kind = 'k1' and v in (3, 77)`,
    )
    const [missing, extra, changed] = sums(tableOf(swapped, 'log'))
    expect(missing).toBeGreaterThan(1)
    expect([extra, changed]).toEqual([missing, 0])
    expect((await verify(lab.ctx, { sampleRows: 0 })).equal).toBe(true)
  })

  test('a relational table', async () => {
    const document = await withChange(
      "update lab.site set name = 'ZÃ¼rich' where id = 1",
      "update lab.site set name = 'Zürich' where id = 1",
    )
    expect(sums(tableOf(document, 'site'))).toEqual([0, 0, 1])
    expect(document.tables.map((each) => each.equal)).toEqual([true, true, false])
  })

  test('a window looks only at ranges that reach into it', async () => {
    const change = [
      'update lab.reading set v = -1 where id = 5500',
      'update lab.reading set v = 550.0 where id = 5500',
    ] as const
    const outside = await withChange(...change, { tables: ['reading'], to: '2023-11-14T23:00:00Z', level: 'rows' })
    expect(outside.equal).toBe(true)
    const inside = await withChange(...change, { tables: ['reading'], from: '2023-11-16T00:00:00Z' })
    expect(sums(inside.tables[0])).toEqual([0, 0, 1])
  })

  test('by count a lost row shows, a changed one does not', async () => {
    const changed = await withChange(
      'update lab.site set id = 9 where id = 3',
      'update lab.site set id = 3 where id = 9',
      { level: 'count' },
    )
    expect(changed.equal).toBe(true)
    const lost = await withChange('delete from lab.site where id = 3', "insert into lab.site values (3, '')", {
      level: 'count',
    })
    expect(sums(tableOf(lost, 'site'))).toEqual([1, 0, 0])
  })

  test('an estimate has no verdict', async () => {
    const document = await verify(lab.ctx, { level: 'estimate' })
    expect(document).toMatchObject({ equal: null, level: 'estimate' })
    expect(document.tables.every((each) => each.equal === null && each.different.length === 0)).toBe(true)
  })
})
