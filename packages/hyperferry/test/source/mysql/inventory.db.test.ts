// Definitions as they are, and what the look at the values says of them.
import { describe, expect, it } from 'vitest'
import type { SourceTable } from '../../../src/model.ts'
import type { Source, TableAssessment } from '../../../src/source/source.ts'
import { make, planOf, SERVERS, tableOf } from './harness.ts'

const SCHEMA = [
  'CREATE TABLE site (id bigint unsigned AUTO_INCREMENT PRIMARY KEY, code varchar(20) NOT NULL, UNIQUE KEY code (code)) AUTO_INCREMENT = 500 COMMENT = \'places; "all"\'',
  `CREATE TABLE reading (
     site_id bigint unsigned NOT NULL COMMENT 'where', at datetime(6) NOT NULL, epoch_ms bigint NOT NULL, level enum('a','b''c') NOT NULL DEFAULT 'a',
     flags set('x','y') DEFAULT 'x,y', flag tinyint(1) NOT NULL DEFAULT 1, doc json, hum float, note text, zero date NOT NULL DEFAULT '0000-00-00',
     made timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3), price decimal(10,2) DEFAULT 1.50,
     bits bit(3) DEFAULT b'101', start datetime NOT NULL DEFAULT '2020-01-02 03:04:05', says varchar(20) DEFAULT 'it''s \\\\ "x"',
     code char(36) DEFAULT (uuid()), total bigint GENERATED ALWAYS AS (epoch_ms + 1) STORED, twice bigint AS (epoch_ms * 2) VIRTUAL,
     PRIMARY KEY (site_id, at), KEY at (at), KEY prefix (note(10)), FULLTEXT KEY words (note), KEY down (made DESC),
     CONSTRAINT positive CHECK (price > 0), CONSTRAINT to_site FOREIGN KEY (site_id) REFERENCES site (id) ON DELETE CASCADE)`,
  'CREATE VIEW v AS SELECT 1 AS one',
  'CREATE TRIGGER tr BEFORE INSERT ON site FOR EACH ROW SET @x = 1',
  'CREATE PROCEDURE p() SELECT 1',
  "INSERT INTO site (code) VALUES ('one'), ('two')",
  `INSERT INTO reading (site_id, at, epoch_ms, doc, hum, note)
     SELECT 500 + (n % 2), '2024-01-01' + INTERVAL n MINUTE, 1704067200000 + n * 60000, '{"a": 1}', 1.1, 'x'
     FROM (SELECT a.d + b.d * 10 + c.d * 100 AS n FROM ${digits('a')}, ${digits('b')}, ${digits('c')}) AS numbers`,
]

function digits(alias: string): string {
  return `(SELECT 0 AS d ${'123456789'.replaceAll(/\d/g, ' UNION SELECT $&')}) AS ${alias}`
}

async function assess(
  source: Source,
  name: string,
  full = false,
): Promise<{ table: SourceTable; said: TableAssessment }> {
  const table = await tableOf(source, name)
  return { table, said: await source.assess(table, { full, sampleRows: 500 }) }
}

function codes(said: TableAssessment): string[] {
  return said.findings.map((one) => (one.column === null ? one.code : `${one.code} ${one.column}`))
}

describe.each(SERVERS)('inventory of %s', (server) => {
  it('holds definitions, and names what is not moved', async () => {
    const { source } = await make(server, SCHEMA)
    const { tables, skipped } = await source.inventory()
    expect(tables.map((table) => table.name)).toEqual(['reading', 'site'])
    expect(skipped.map(({ kind, name }) => `${kind} ${name}`).toSorted()).toEqual(['view v'])
    const [reading, site] = tables
    expect(site).toMatchObject({
      primaryKey: ['id'],
      nextAutoIncrement: 502n,
      comment: 'places; "all"',
      storage: 'InnoDB',
    })
    expect(reading?.primaryKey).toEqual(['site_id', 'at'])
    const column = (name: string) => reading?.columns.find((one) => one.name === name)
    expect(column('level')).toMatchObject({ type: "enum('a','b''c')", default: { kind: 'literal', value: 'a' } })
    expect(column('made')).toMatchObject({ default: { kind: 'now', precision: 3 }, onUpdateNow: true })
    expect(column('says')?.default).toEqual({ kind: 'literal', value: 'it\'s \\ "x"' })
    expect(column('code')?.default).toEqual({ kind: 'uuid' })
    expect(column('bits')?.default).toEqual({ kind: 'literal', value: '101' })
    expect(column('price')?.default).toEqual({ kind: 'literal', value: '1.50' })
    expect(column('zero')?.default).toEqual({ kind: 'literal', value: '0000-00-00' })
    expect(column('doc')).toMatchObject({ type: 'json', nullable: true, default: null })
    expect(column('total')?.generated?.stored).toBe(true)
    expect(column('twice')?.generated?.stored).toBe(false)
    expect(column('site_id')).toMatchObject({ nullable: false, comment: 'where' })
    expect(reading?.checks).toMatchObject([{ name: 'positive' }])
    expect(reading?.foreignKeys).toEqual([
      {
        name: 'to_site',
        columns: ['site_id'],
        references: { table: 'site', columns: ['id'] },
        onDelete: 'cascade',
        onUpdate: expect.stringMatching(/no action|restrict/) as string,
      },
    ])
    const index = (name: string) => reading?.indexes.find((one) => one.name === name)
    expect(index('prefix')?.parts[0]?.prefix).toBe(10)
    expect(index('words')?.kind).toBe('fulltext')
    expect(index('down')?.parts[0]?.descending).toBe(true)
  })

  it('proposes types, defaults and the time column', async () => {
    const { source } = await make(server, SCHEMA)
    const { said } = await assess(source, 'reading')
    const proposed = Object.fromEntries(said.columns.map((column) => [column.column, [column.type, column.default]]))
    expect(proposed).toMatchObject({
      site_id: ['bigint', null],
      at: ['timestamptz', null],
      level: ['text', "'a'"],
      flags: ['text[]', "ARRAY['x', 'y']::text[]"],
      flag: ['boolean', 'true'],
      doc: ['jsonb', null],
      hum: ['real', null],
      zero: ['date', null],
      made: ['timestamptz(3)', 'CURRENT_TIMESTAMP(3)'],
      price: ['numeric(10,2)', '1.50'],
      bits: ['bit(3)', "B'101'"],
      start: ['timestamptz(0)', "'2020-01-02 03:04:05 UTC'::timestamptz"],
      says: ['varchar(20)', "E'it''s \\\\ \"x\"'"],
      code: ['varchar(36)', 'gen_random_uuid()::text'],
    })
    expect(said.rows).toEqual({ value: 1000, exact: true })
    expect(said.keyAxis).toEqual({ column: 'site_id' })
    const [best] = said.timeCandidates
    expect(best).toMatchObject({
      column: 'at',
      type: 'timestamptz',
      unit: null,
      plausible: 1,
      access: 'index',
      min: '2024-01-01T00:00:00.000000Z',
      max: '2024-01-01T16:39:00.000000Z',
      unusable: { value: 0, exact: true },
    })
    // 1000 rows in 16 hours and 39 minutes.
    expect(best?.rowsPerDay).toBeGreaterThan(1400)
    expect(best?.rowsPerDay).toBeLessThan(1500)
    const epoch = said.timeCandidates.find((one) => one.column === 'epoch_ms')
    expect(epoch).toMatchObject({ unit: 'ms', access: 'none', plausible: 1, type: 'bigint' })
    expect(said.timeCandidates.map((one) => one.column)).not.toContain('site_id')
    expect(codes(said)).toEqual(
      expect.arrayContaining([
        'HF-P121 site_id',
        'HF-P123 level',
        'HF-P124 flags',
        'HF-P214 hum',
        'HF-P207 zero',
        'HF-P134 zero',
        'HF-P132 made',
        'HF-P130 total',
        'HF-P130 twice',
        'HF-P136',
        'HF-P116',
        'HF-P117',
        'HF-P113',
      ]),
    )
    expect(said.findings.find((one) => one.code === 'HF-P207')?.count).toEqual({ value: 1000, exact: true })
    expect(codes((await assess(source, 'site')).said)).toContain('HF-P112 code')
  })

  it('does not read generated columns, and reads invisible ones', async () => {
    const invisible = server === 'mysql' ? 'hidden int DEFAULT 7 INVISIBLE' : 'hidden int INVISIBLE DEFAULT 7'
    const { source } = await make(server, [
      `CREATE TABLE g (id int PRIMARY KEY, ${invisible}, twice int AS (id * 2) VIRTUAL)`,
      'INSERT INTO g (id) VALUES (1)',
    ])
    const { table, said } = await assess(source, 'g')
    expect(codes(said)).toEqual(expect.arrayContaining(['HF-P139 hidden', 'HF-P130 twice']))
    const types = { twice: { generated: 'id * 2' } }
    const rows = await source.reader(planOf(table, said, { types })).second.rows({ kind: 'all' }, 1)
    expect(rows).toEqual([{ values: ['1', '7'] }])
    const copied = await source.reader(planOf(table, said)).second.rows({ kind: 'all' }, 1)
    expect(copied).toEqual([{ values: ['1', '7', '2'] }])
  })

  it('counts every trap', async () => {
    const { source } = await make(server, [
      `CREATE TABLE traps (id int AUTO_INCREMENT PRIMARY KEY, u bigint unsigned AUTO_INCREMENT UNIQUE DEFAULT NULL, b tinyint(1))`.replace(
        ' AUTO_INCREMENT UNIQUE DEFAULT NULL',
        '',
      ),
      "ALTER TABLE traps ADD COLUMN t text, ADD COLUMN l varchar(20) CHARACTER SET latin1, ADD COLUMN m text, ADD COLUMN ti time, ADD COLUMN e enum('a'), ADD COLUMN d datetime, ADD COLUMN b16 binary(16), ADD COLUMN z int(5) zerofill",
      "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
      `INSERT INTO traps (id, u, b, t, l, m, ti, e, d) VALUES
         (0, 18446744073709551615, 0, CONCAT('a', CHAR(0)), 0xc3a4, 'Ã¤', '25:00:00', 'x', '2010-00-00'),
         (1, 1, 1, 'fine', 'ä', 'ä', '01:00:00', 'a', '1969-01-01'),
         (2, 2, 9, 'fine', 'plain', 'plain', '-01:00:00', 'a', '2024-01-01')`.replace('INSERT', 'INSERT IGNORE'),
      'CREATE TABLE heap (x varchar(3000)) ENGINE = MyISAM',
    ])
    const { said } = await assess(source, 'traps', true)
    const counted = Object.fromEntries(
      said.findings.filter((one) => one.count).map((one) => [`${one.code} ${one.column}`, one.count?.value]),
    )
    expect(counted).toEqual({
      'HF-P226 id': 1,
      'HF-P120 u': 1,
      'HF-P122 b': 1,
      'HF-P210 t': 1,
      'HF-P212 l': 1,
      'HF-P212 m': 1,
      'HF-P208 ti': 2,
      'HF-P223 e': 1,
      'HF-P207 d': 1,
    })
    expect(said.findings.find((one) => one.code === 'HF-P207')?.message).toBe('1 row holds a zero date')
    expect(said.findings.find((one) => one.code === 'HF-P208')?.message).toBe('2 rows outside 00:00 to 24:00')
    expect(codes(said)).toEqual(expect.arrayContaining(['HF-P127 b16', 'HF-P128 z']))
    expect(codes((await assess(source, 'heap')).said)).toEqual(expect.arrayContaining(['HF-P150', 'HF-P110']))
  })

  it('splits by the primary key, else by a unique key without NULL', async () => {
    const { source } = await make(server, [
      'CREATE TABLE a (id int NOT NULL, v int PRIMARY KEY, UNIQUE (id))',
      'CREATE TABLE b (id int NOT NULL, v varchar(9) PRIMARY KEY, UNIQUE (id, v))',
      'CREATE TABLE c (v int, s serial)',
      'CREATE TABLE d (id int, v int NOT NULL, UNIQUE (id), UNIQUE (v, id), KEY (v))',
    ])
    const axes: unknown[] = []
    for (const name of ['a', 'b', 'c', 'd']) axes.push((await assess(source, name)).said.keyAxis?.column)
    expect(axes).toEqual(['v', 'id', 's', undefined])
  })

  it('samples along the key, and trusts a sample less', async () => {
    const { source } = await make(server, [
      'CREATE TABLE big (id bigint unsigned PRIMARY KEY, flag tinyint(1), u bigint unsigned, ti time)',
      `INSERT INTO big SELECT a.d + b.d * 10 + c.d * 100 + 1, 1, 1, '01:00:00' FROM ${digits('a')}, ${digits('b')}, ${digits('c')}`,
      'INSERT INTO big VALUES (9223372036854775808, 1, 1, NULL)',
    ])
    const table = { ...(await tableOf(source, 'big')), estimatedRows: 2_000_000 }
    const said = await source.assess(table, { full: false, sampleRows: 160 })
    expect(said.rows).toEqual({ value: 2_000_000, exact: false })
    const types = Object.fromEntries(said.columns.map((column) => [column.column, column.type]))
    // The largest id is answered by the index; the others prove nothing.
    expect(types).toEqual({ id: 'numeric(20,0)', flag: 'smallint', u: 'numeric(20,0)', ti: 'interval' })
    expect(said.columns[0]?.reasons).toEqual(['the largest value is 9223372036854775808'])
    // One key far from all others does not empty the sample.
    expect(said.columns[0]?.distinct).toMatchObject({ rows: 160, value: 160 })
    // A sample proves nothing about NULL.
    expect(said.columns.map((column) => column.hasNulls)).toEqual([false, true, true, true])
    const full = await source.assess(table, { full: true, sampleRows: 160 })
    expect(full.columns.map((column) => column.type)).toEqual(['numeric(20,0)', 'boolean', 'bigint', 'time(0)'])
  })
})

describe('MariaDB only', () => {
  it('takes current rows of a system-versioned table', async () => {
    const { source } = await make('mariadb', [
      'CREATE TABLE h (id int PRIMARY KEY, v int) WITH SYSTEM VERSIONING',
      'INSERT INTO h VALUES (1, 1)',
      'UPDATE h SET v = 2',
      'CREATE SEQUENCE s',
    ])
    const { table, said } = await assess(source, 'h')
    expect(table.storage).toContain('system versioned')
    expect(codes(said)).toContain('HF-P151')
    expect(await source.reader(planOf(table, said)).second.rows({ kind: 'all' }, 9)).toEqual([{ values: ['1', '2'] }])
    expect((await source.inventory()).skipped).toMatchObject([{ kind: 'sequence', name: 's' }])
  })

  it('sees JSON that jsonb or any JSON type refuses', async () => {
    const { source } = await make('mariadb', [
      'CREATE TABLE j (id int PRIMARY KEY, ok json, nul json, half json, bad json)',
      'SET check_constraint_checks = 0',
      String.raw`INSERT INTO j VALUES (1, '"\\ud83d\\ude00 \\\\u0000"', '"\\u0000"', '"\\ud83d x"', '{')`,
    ])
    const { said } = await assess(source, 'j')
    expect(said.columns.map((column) => column.type)).toEqual(['integer', 'jsonb', 'json', 'text', 'text'])
    expect(codes(said)).toEqual(expect.arrayContaining(['HF-P220 nul', 'HF-P221 half', 'HF-P221 bad']))
  })
})
