// Every odd value into every type: the tuple, decoded here, says what the second opinion says; what one refuses the other leaves out.
import { describe, expect, it } from 'vitest'
import type { ColumnRules } from '../../../src/model.ts'
import { canonical, fieldsOf } from './decode.ts'
import { makeDatabase, openFile, planOf, readAll } from './helpers.ts'

const NUMBERS = [
  '0',
  '1',
  '-1',
  '9223372036854775807',
  '-9223372036854775808',
  '32768',
  '-32768',
  '2147483648',
  '9007199254740993',
  '1700000000',
  '1700000000123',
  '-1',
  '-1500',
  '0.0',
  '-0.0',
  '5.0',
  '1.5',
  '-2.25',
  '0.1',
  '10.01',
  '99999999.99',
  '1e20',
  '1e21',
  '1.5e300',
  '-1e-300',
  '5e-324',
  '9e999',
  '-9e999',
  '9223372036854775807.0',
  '-9223372036854775808.0',
  '2460000.5',
  '2440587.5',
  '1700000000.123',
  '1700000000.1234567',
  '-0.5',
  '-1.0000005',
  '123456789012345680.0',
  '1e-7',
  '0.3333333333333333',
  '253402300800',
  '-62167219201',
  '9e18',
  '1e19',
]
const TEXTS = [
  '',
  'a',
  '0',
  '123',
  '007',
  '-5',
  '1.50',
  '1e5',
  '.5',
  'NaN',
  'true',
  't',
  ' 5',
  '2024-01-31',
  '2024-01-31 23:59',
  '2024-01-31 23:59:59',
  '2024-01-31T23:59:59.123456Z',
  '2024-01-31 23:59:59.9999999',
  '2024-01-31T23:59:59+02:00',
  '2024-01-31 00:30:00-11:30',
  '2024-02-30',
  '2024-02-29',
  '2023-02-29 00:00',
  '0000-00-00',
  '2010-00-00',
  '0000-00-00 00:00:00',
  '0001-01-01',
  '9999-12-31 23:59:59.999999',
  '24:00:00',
  '12:34',
  '23:59:59.9999999',
  '2024-01-01 24:00:00',
  '2024-01-01 25:00:00',
  'yesterday',
  '2024-03-31 02:30:00',
  '2024-10-27 02:30:00',
  '2024-01-01 00:00:00.',
  '0000-03-01',
  '2024-13-01',
  '12345-01-01',
  '{"a":1}',
  '[1, 2]',
  '{a:1}',
  '"\\u0000"',
  '"\\ud800"',
  'null',
  '00000000-0000-4000-8000-000000000000',
  '{00000000-0000-4000-8000-000000000000}',
  '0000000000004000800000000000000A',
  'zz000000-0000-4000-8000-000000000000',
  ' trailing ',
  'Zürich',
  '北京😀',
  '\u{FFFD}',
  '\uFEFFbom',
  'x'.repeat(3000),
]
const RAW = [
  "'a' || char(0) || 'b'",
  "CAST(x'ff61' AS TEXT)",
  "CAST(x'eda080' AS TEXT)",
  "CAST(x'80' AS TEXT)",
  "CAST(x'6100' AS TEXT)",
  'NULL',
  "x''",
  "x'00ff'",
  "x'000102030405060708090a0b0c0d0e0f'",
  "x'6162'",
]
const values = [...NUMBERS, ...TEXTS.map((text) => `'${text.replaceAll("'", "''")}'`), ...RAW]

const TYPES: { type: string; rules?: ColumnRules; zone?: string }[] = [
  { type: 'smallint' },
  { type: 'integer' },
  { type: 'bigint' },
  { type: 'numeric' },
  { type: 'numeric(10,2)' },
  { type: 'numeric(20,0)' },
  { type: 'numeric(5,5)' },
  { type: 'real' },
  { type: 'double precision' },
  { type: 'boolean' },
  { type: 'text' },
  { type: 'varchar(5)' },
  { type: 'char(4)' },
  { type: 'text', rules: { nul: 'strip' } },
  { type: 'text', rules: { nul: 'replace', invalidText: 'replace' } },
  { type: 'text', rules: { invalidText: 'windows-1252' } },
  { type: 'bytea' },
  { type: 'uuid' },
  { type: 'uuid', rules: { swappedUuid: true } },
  { type: 'json' },
  { type: 'jsonb' },
  { type: 'date' },
  { type: 'timestamp' },
  { type: 'timestamptz' },
  { type: 'timestamptz(3)' },
  { type: 'timestamp(0)' },
  { type: 'time' },
  { type: 'time(3)' },
  { type: 'timestamptz', zone: 'Europe/Berlin' },
  { type: 'timestamptz', zone: 'America/St_Johns' },
  { type: 'timestamptz', rules: { zeroDate: 'null' } },
  { type: 'date', rules: { zeroDate: '1970-01-01' } },
  ...(['s', 'ms', 'us', 'ns'] as const).map((unit) => ({ type: 'timestamptz', rules: { unit } })),
  { type: 'timestamptz(0)', rules: { unit: 'ms' } },
  { type: 'timestamptz', rules: { format: 'julian' } },
  { type: 'date', rules: { unit: 's' } },
]

const ENCODINGS = ['UTF-8', 'UTF-16le', 'UTF-16be']
const named = TYPES.map((given) => ({
  ...given,
  what: `${given.type} ${JSON.stringify(given.rules ?? {})} ${given.zone ?? ''}`,
}))

describe.each(ENCODINGS)('a database in %s', (encoding) => {
  it.each(named)('becomes $what as SQLite itself reads it', async ({ type, rules = {}, zone = 'UTC' }) => {
    const { path } = makeDatabase(`PRAGMA encoding = '${encoding}'; BEGIN; CREATE TABLE t (id INTEGER PRIMARY KEY, v);
      ${values.map((value, i) => `INSERT INTO t VALUES (${i}, ${value});`).join('\n')} COMMIT`)
    const source = await openFile(path, { timezone: zone })
    const reader = source.reader(await planOf(source, 't', { id: 'bigint', v: { type, rules } }))
    const base = type.replace(/\(.*$/, '')
    const batches = await readAll(reader)
    const decoded = batches
      .flatMap(({ bytes, ends }) => fieldsOf(bytes, ends))
      .map(([id, v]) => [canonical(id ?? null, 'bigint'), shown(canonical(v ?? null, base), base)])
    const second = (await reader.second.rows({ kind: 'all' }, 1000)).map((row) => [
      row.values[0],
      shown(row.values[1] ?? null, base),
    ])
    const label = (rows: unknown[][]) =>
      rows.map(([id, v]) => `${values[Number(id)]?.slice(0, 60)} → ${String(v).slice(0, 200)}`)
    expect(label(decoded)).toEqual(label(second))
    const rejected = batches.flatMap((batch) => batch.rejected)
    expect(decoded.length + rejected.length).toBe(values.length)
  })
})

/** JSON is compared by value. */
function shown(text: string | null, base: string): unknown {
  if (text === null || !base.startsWith('json')) return text
  return JSON.stringify(JSON.parse(Buffer.from(text, 'hex').toString('utf8')))
}
