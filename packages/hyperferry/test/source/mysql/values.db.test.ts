// Every type with values that have gone wrong in some tool: read, loaded into PostgreSQL, and compared as canonical text with what the source server says itself.
import { onTestFinished, describe, expect, it } from 'vitest'
import { freshPg } from '../../../../../test/servers/database.ts'
import type { PlannedTable, RejectedRow } from '../../../src/model.ts'
import type { Source } from '../../../src/source/source.ts'
import { comparable, lastStep } from '../../../src/steps/verify/meaning-text.ts'
import { canonicalColumn } from '../../../src/target/canonical.ts'
import { openTarget } from '../../../src/target/connect.ts'
import { copiedColumns, copySql } from '../../../src/target/copy.ts'
import { COPY_HEADER, COPY_TRAILER } from '../../../src/values/copy-stream.ts'
import { make, planOf, SERVERS, tableOf } from './harness.ts'

interface Case {
  /** Column definition. */
  type: string
  /** SQL of the values, one row each; a NULL row is always added. */
  values: readonly string[]
  /** Proposed target type. */
  proposed: string
  /** Canonical texts in the target, in the order of `values`; left out when the servers must only agree. */
  texts?: readonly (string | null)[]
  only?: 'mariadb' | 'mysql'
}

const hex = (text: string): string => Buffer.from(text, 'utf8').toString('hex')
const allBytes = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0')).join('')
const nines = `${'9'.repeat(35)}.${'9'.repeat(30)}`

const CASES: readonly Case[] = [
  { type: 'tinyint', values: ['-128', '127'], proposed: 'smallint', texts: ['-128', '127'] },
  { type: 'tinyint unsigned', values: ['0', '255'], proposed: 'smallint', texts: ['0', '255'] },
  { type: 'tinyint(1)', values: ['0', '1'], proposed: 'boolean', texts: ['0', '1'] },
  { type: 'tinyint(1)', values: ['0', '2'], proposed: 'smallint', texts: ['0', '2'] },
  { type: 'smallint', values: ['-32768', '32767'], proposed: 'smallint', texts: ['-32768', '32767'] },
  { type: 'smallint unsigned', values: ['65535'], proposed: 'integer', texts: ['65535'] },
  { type: 'mediumint', values: ['-8388608', '8388607'], proposed: 'integer', texts: ['-8388608', '8388607'] },
  { type: 'mediumint unsigned', values: ['16777215'], proposed: 'integer', texts: ['16777215'] },
  { type: 'int', values: ['-2147483648', '2147483647'], proposed: 'integer', texts: ['-2147483648', '2147483647'] },
  { type: 'int unsigned zerofill', values: ['7', '4294967295'], proposed: 'bigint', texts: ['7', '4294967295'] },
  {
    type: 'bigint',
    values: ['-9223372036854775808', '9007199254740993', '-9007199254740993', '-4294967296', '9223372036854775807'],
    proposed: 'bigint',
    texts: ['-9223372036854775808', '9007199254740993', '-9007199254740993', '-4294967296', '9223372036854775807'],
  },
  { type: 'bigint unsigned', values: ['9223372036854775807'], proposed: 'bigint', texts: ['9223372036854775807'] },
  {
    type: 'bigint unsigned',
    values: ['18446744073709551615', '9223372036854775808', '0'],
    proposed: 'numeric(20,0)',
    texts: ['18446744073709551615', '9223372036854775808', '0'],
  },
  {
    type: 'decimal(65,30)',
    values: [nines, `-${nines}`, '0.000000000000000000000000000001', '-0.5', '0', '100'],
    proposed: 'numeric(65,30)',
    texts: [nines, `-${nines}`, '0.000000000000000000000000000001', '-0.5', '0', '100'],
  },
  { type: 'decimal(4,0)', values: ['1000', '-10'], proposed: 'numeric(4,0)', texts: ['1000', '-10'] },
  { type: 'decimal(8,2) unsigned zerofill', values: ['1.5'], proposed: 'numeric(8,2)', texts: ['1.5'] },
  {
    type: 'float',
    values: ['1234567.89', '1.1', '-3.4028234663852886e38', '1.401298464324817e-45', '0'],
    proposed: 'real',
    texts: ['1.234567875e6', '1.100000023841858e0', '-3.4028234663852886e38', '1.401298464324817e-45', '0e0'],
  },
  {
    type: 'double',
    values: ['0.1', '-1.7976931348623157e308', '2.2250738585072014e-308', '123456789.123456789', '1e22'],
    proposed: 'double precision',
    texts: ['1e-1', '-1.7976931348623157e308', '2.2250738585072014e-308', '1.2345678912345679e8', '1e22'],
  },
  { type: 'bit(1)', values: ["b'0'", "b'1'"], proposed: 'boolean', texts: ['0', '1'] },
  {
    type: 'bit(64)',
    values: ['18446744073709551615', '1'],
    proposed: 'bit(64)',
    texts: ['1'.repeat(64), '1'.padStart(64, '0')],
  },
  { type: 'bit(9)', values: ['256', '3'], proposed: 'bit(9)', texts: ['100000000', '000000011'] },
  {
    type: 'date',
    values: ["'1000-01-01'", "'0000-01-01'", "'9999-12-31'", "'2024-02-29'"],
    proposed: 'date',
    texts: ['1000-01-01', '0000-01-01', '9999-12-31', '2024-02-29'],
  },
  ...[0, 1, 2, 3, 4, 5, 6].map((digits): Case => {
    const fraction = (text: string): string => text.slice(0, digits).padEnd(6, '0')
    const value = `1969-12-31 23:59:59${digits === 0 ? '' : `.${'987654'.slice(0, digits)}`}`
    return {
      type: `datetime(${digits})`,
      values: [`'${value}'`, "'9999-12-31 23:59:59'", "'0000-01-01 00:00:00'", "'2024-05-01 00:00:00'"],
      proposed: digits === 6 ? 'timestamptz' : `timestamptz(${digits})`,
      texts: [
        `1969-12-31T23:59:59.${fraction('987654')}`,
        '9999-12-31T23:59:59.000000',
        '0000-01-01T00:00:00.000000',
        '2024-05-01T00:00:00.000000',
      ],
    }
  }),
  {
    type: 'timestamp(6) null',
    values: ["'1970-01-01 00:00:01'", "'2038-01-19 03:14:07.999999'"],
    proposed: 'timestamptz',
    texts: ['1970-01-01T00:00:01.000000', '2038-01-19T03:14:07.999999'],
  },
  {
    type: 'time(6)',
    values: ["'-838:59:59'", "'838:59:59'", "'00:00:00.000001'", "'-00:00:00.5'", "'24:00:00'"],
    proposed: 'interval',
    texts: ['-3020399000000', '3020399000000', '1', '-500000', '86400000000'],
  },
  {
    type: 'time(6)',
    values: ["'-838:59:59.999999'"],
    proposed: 'interval',
    texts: ['-3020399999999'],
    only: 'mariadb',
  },
  {
    type: 'time(3)',
    values: ["'00:00:00'", "'23:59:59.999'", "'24:00:00'"],
    proposed: 'time(3)',
    texts: ['00:00:00.000000', '23:59:59.999000', '24:00:00.000000'],
  },
  { type: 'year', values: ['0', '1901', '2155'], proposed: 'smallint', texts: ['0', '1901', '2155'] },
  { type: 'char(6)', values: ["'a  '", "''", "' b'"], proposed: 'varchar(6)', texts: [hex('a'), '', hex(' b')] },
  {
    type: 'varchar(9) character set utf8mb4',
    values: ["'😀🏳️'", "'trail  '", "'\\\\N'", "'NULL'", "'tab\\tnl\\n'"],
    proposed: 'varchar(9)',
    texts: ['😀🏳️', 'trail  ', '\\N', 'NULL', 'tab\tnl\n'].map(hex),
  },
  {
    // cp1252 in truth; 0x81 is undefined there and U+0081 in MySQL.
    type: 'varchar(9) character set latin1',
    values: ['0x80e4f6fc', '0x81', "'€'"],
    proposed: 'varchar(9)',
    texts: ['€äöü', '\u0081', '€'].map(hex),
  },
  { type: 'text character set utf16', values: ["'ä😀'"], proposed: 'text', texts: [hex('ä😀')] },
  { type: 'text character set cp1251', values: ['0xcff0e8'], proposed: 'text', texts: [hex('При')] },
  { type: 'varchar(9) character set sjis', values: ['0x93fa967b'], proposed: 'varchar(9)', texts: [hex('日本')] },
  { type: 'longtext', values: [`REPEAT('ä', 200000)`, "''"], proposed: 'text' },
  {
    type: "enum('a','b''c','ü','')",
    values: ["'a'", "'b''c'", "'ü'", "''"],
    proposed: 'text',
    texts: ['a', "b'c", 'ü', ''].map(hex),
  },
  { type: "enum('a') character set latin1", values: ["'nothing'"], proposed: 'text', texts: [''] },
  {
    type: "set('x','y z','NULL','\"{}')",
    values: ["''", "'x'", "'x,y z,NULL,\"{}'"],
    proposed: 'text[]',
    texts: ['{}', `{${hex('x')}}`, `{${['x', 'y z', 'NULL', '"{}'].map(hex).join(',')}}`],
  },
  {
    type: 'json',
    values: [`'{"a":[1,2.50,"ä",null,true],"b":12345678901234567890}'`, "'null'", '\'"😀"\''],
    proposed: 'jsonb',
  },
  { type: 'binary(4)', values: ['0x61', '0x00ff00ff'], proposed: 'bytea', texts: ['61000000', '00ff00ff'] },
  { type: 'varbinary(300)', values: [`0x${allBytes}`, "''"], proposed: 'bytea', texts: [allBytes, ''] },
  { type: 'mediumblob', values: [`REPEAT(0x${allBytes}, 1000)`], proposed: 'bytea' },
  {
    type: 'geometry',
    values: ["ST_GeomFromText('POINT(1 2)', 4326)", "ST_GeomFromText('LINESTRING(0 0,3 4)')"],
    proposed: 'bytea',
  },
  {
    type: 'uuid',
    values: ["'123E4567-E89B-12D3-A456-426655440000'"],
    proposed: 'uuid',
    texts: ['123e4567-e89b-12d3-a456-426655440000'],
    only: 'mariadb',
  },
  { type: 'inet4', values: ["'10.0.0.255'"], proposed: 'inet', texts: ['10.0.0.255'], only: 'mariadb' },
  { type: 'inet6', values: ["'2001:db8::ff00:42'"], proposed: 'inet', texts: ['2001:db8::ff00:42'], only: 'mariadb' },
  {
    type: 'vector(2)',
    values: ["STRING_TO_VECTOR('[1,2]')"],
    proposed: 'bytea',
    texts: ['0000803f00000040'],
    only: 'mysql',
  },
]

describe.each(SERVERS)('values from %s', (server) => {
  it('arrive as the source says they are', async () => {
    const cases = CASES.filter((one) => one.only === undefined || one.only === server)
    const statements = cases.flatMap((one, i) => [
      `CREATE TABLE t${i} (id int PRIMARY KEY, v ${one.type})`,
      `INSERT INTO t${i} VALUES ${one.values.map((value, row) => `(${row}, ${value})`).join(', ')}, (1000, NULL)`,
    ])
    const { source } = await make(server, statements)
    const target = await postgres()
    const { tables } = await source.inventory()
    for (const [i, one] of cases.entries()) {
      const table = tables.find(({ name }) => name === `t${i}`)!
      const plan = planOf(table, await source.assess(table, { full: false, sampleRows: 100 }))
      expect.soft(plan.columns[1]?.type, one.type).toBe(one.proposed)
      const { loaded, rejected } = await load(source, plan, target)
      expect.soft(rejected, one.type).toEqual([])
      const said = await source.reader(plan).second.rows({ kind: 'all' }, 10_000)
      const mine = said.map((row) => row.values.map((text, n) => comparable(lastStep(plan.columns[n]!.type), text)))
      expect.soft(loaded, one.type).toEqual(mine.toSorted(byFirst))
      expect.soft(loaded.at(-1), one.type).toEqual(['1000', null])
      const texts = loaded.slice(0, -1).map((row) => row[1])
      expect.soft(texts, one.type).toEqual(one.texts ?? texts)
    }
  })

  it('can be told to become another type', async () => {
    const { source } = await make(server, [
      `CREATE TABLE t (id int PRIMARY KEY, s bigint, ms bigint, b16 binary(16), sw binary(16), z datetime, u varchar(36), d decimal(10,2), bi bit(8), ti time, st set('a','b'), zt datetime)`,
      `INSERT INTO t VALUES (1, -1, 1700000000123, 0x00112233445566778899aabbccddeeff, 0x66774455001122338899aabbccddeeff,
         '2024-03-31 03:30:00', '00112233-4455-6677-8899-aabbccddeeff', 7, b'101', '-01:00:00', 'a,b', '2010-00-00')`,
    ])
    const table = await tableOf(source, 't')
    const plan = planOf(table, await source.assess(table, { full: false, sampleRows: 100 }), {
      types: {
        s: { type: 'timestamptz', rules: { unit: 's' } },
        ms: { type: 'timestamptz', rules: { unit: 'ms' } },
        b16: { type: 'uuid' },
        sw: { type: 'uuid', rules: { swappedUuid: true } },
        z: { type: 'timestamptz', rules: { timezone: 'Europe/Berlin' } },
        u: { type: 'uuid' },
        d: { type: 'integer' },
        bi: { type: 'bigint' },
        ti: { type: 'text' },
        st: { type: 'text' },
        zt: { type: 'text', rules: {} },
      },
    })
    const { loaded, rejected } = await load(source, plan, await postgres())
    expect(rejected).toEqual([])
    const uuid = '00112233-4455-6677-8899-aabbccddeeff'
    const expected = ['1', '1969-12-31T23:59:59.000000', '2023-11-14T22:13:20.123000', uuid, uuid]
    expect(loaded).toEqual([
      [
        ...expected,
        '2024-03-31T01:30:00.000000',
        uuid,
        '7',
        '5',
        hex('-01:00:00'),
        hex('a,b'),
        hex('2010-00-00 00:00:00'),
      ],
    ])
    const [said] = await source.reader(plan).second.rows({ kind: 'all' }, 1)
    expect(said?.values).toEqual(loaded[0])
  })
})

type Target = Awaited<ReturnType<typeof openTarget>>

async function postgres(): Promise<Target> {
  const target = await openTarget((await freshPg('pg17')).url, { connections: 1, signal: new AbortController().signal })
  onTestFinished(() => target.close())
  return target
}

/** Rows as canonical text rendered by PostgreSQL, in the order of the first column. */
async function load(
  source: Source,
  plan: PlannedTable,
  target: Target,
): Promise<{ loaded: (string | null)[][]; rejected: RejectedRow[] }> {
  const columns = plan.columns.map((column) => `"${column.name}" ${column.type}`)
  await target.query(`drop table if exists public."${plan.name}"`)
  await target.query(`create table public."${plan.name}" (${columns.join(', ')})`)
  const rejected: RejectedRow[] = []
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield COPY_HEADER
    for await (const batch of source.reader(plan).read({ kind: 'all' })) {
      rejected.push(...batch.rejected)
      yield batch.bytes
    }
    yield COPY_TRAILER
  }
  const session = await target.session()
  await session.copyIn(copySql('public', plan.name, copiedColumns(plan)), chunks())
  const select = plan.columns.map((column, i) => `${canonicalColumn(column.type, `"${column.name}"`)} as c${i}`)
  const { rows } = await session.query<Record<string, string | null>>(
    `select ${select.join(', ')} from public."${plan.name}"`,
  )
  await session.release()
  const loaded = rows.map((row) =>
    plan.columns.map((column, i) => comparable(lastStep(column.type), row[`c${i}`] ?? null)),
  )
  return { loaded: loaded.toSorted(byFirst), rejected }
}

function byFirst(a: readonly (string | null)[], b: readonly (string | null)[]): number {
  return Number(a[0]) - Number(b[0])
}
