// Tuples as CSV, read by the server's own COPY, and read back in binary: the same bytes, for every type.
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import fc from 'fast-check'
import type pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWith, serverUrl } from '../../../../test/servers/index.ts'
import { COPY_HEADER, COPY_TRAILER, CopyParser } from '../../src/values/copy-stream.ts'
import { compileCsv } from '../../src/values/csv-text/csv-rows.ts'
import { compileNormaliser } from '../../src/values/normalise.ts'
import { parsePgType } from '../../src/values/pgtype.ts'
import type { PgType } from '../../src/values/pgtype.ts'
import { Scratch } from '../../src/values/scratch.ts'
import { connect, sample, sendable } from './round-trip.ts'

const SERVERS = ['pg15', 'pg18'] as const
const describe = await describeWith(...SERVERS)

/** Settings of a reading session that must not matter. */
const STRANGE = `set timezone = 'Asia/Kathmandu'; set datestyle = 'SQL, DMY'; set intervalstyle = 'sql_standard'; set extra_float_digits = 0`

/** A column of values, as the server's own text of them or as the bytes of the field. */
type Values = (string | Buffer | null)[]

const text = fc.string({
  unit: fc.constantFrom('a', 'B', ' ', '"', ',', '\n', '\r', '\\', '.', 'ü', '😀', "'", '\t', '{', '}'),
})
const words = [
  '',
  ' ',
  '\\.',
  '\n\\.\n',
  '"\n\\.\n"',
  '"',
  '""',
  ',',
  '\r\n',
  'NULL',
  'null',
  '\\N',
  ' a ',
  "'",
  '\\',
  '\\x',
  '{}',
  '\u{10ffff}',
]
const texts = (max = 40): string[] => [
  ...words,
  ...sample(text, 200).map(sendable),
  ...sample(fc.string({ unit: 'binary', maxLength: max }), 200).map(sendable),
]
const int64 = (...more: bigint[]): Buffer[] =>
  [
    ...more,
    0n,
    1n,
    -1n,
    2n ** 53n,
    -(2n ** 53n),
    2n ** 52n - 1n,
    ...sample(fc.bigInt(-(2n ** 62n), 2n ** 62n), 300),
    ...sample(fc.bigInt(-(2n ** 50n), 2n ** 50n), 300),
  ].map((value) => {
    const field = Buffer.alloc(8)
    field.writeBigInt64BE(value)
    return field
  })
/** 4714-11-24 BC and 294277-01-01, exclusive. */
const MIN_TIMESTAMP = -211_813_488_000_000_000n
const END_TIMESTAMP = 9_223_371_331_200_000_000n
const DAY = 86_400_000_000n
const instants = (): Buffer[] =>
  [
    MIN_TIMESTAMP,
    END_TIMESTAMP - 1n,
    2n ** 63n - 1n,
    -(2n ** 63n),
    0n,
    -1n,
    DAY - 1n,
    -DAY,
    -DAY - 1n,
    1_000_000n,
    999_999n,
    ...sample(fc.bigInt(MIN_TIMESTAMP, END_TIMESTAMP - 1n), 500),
    ...sample(fc.bigInt(-(10n ** 15n), 10n ** 15n), 500),
    // Right before and after midnight, near and far.
    ...sample(fc.tuple(fc.bigInt(-2_000_000n, 100_000_000n), fc.bigInt(-1n, 1n)), 300).map(
      ([day, off]) => day * DAY + off,
    ),
  ].map((value) => {
    const field = Buffer.alloc(8)
    field.writeBigInt64BE(value)
    return field
  })
const floats = (size: 4 | 8): Buffer[] =>
  sample(fc.uint8Array({ minLength: size, maxLength: size }), 2000).map((bytes) => Buffer.from(bytes))
const bounded = (length: number, values: number[]): Buffer[] =>
  values.map((value) => {
    const field = Buffer.alloc(length)
    field.writeIntBE(value, 0, length)
    return field
  })
const interval = (months: number, days: number, micros: bigint): Buffer => {
  const field = Buffer.alloc(16)
  field.writeBigInt64BE(micros)
  field.writeInt32BE(days, 8)
  field.writeInt32BE(months, 12)
  return field
}
const digits = fc.string({ unit: fc.constantFrom('0', '1', '2', '5', '9'), minLength: 1, maxLength: 30 })
const numerics = [
  'NaN',
  'Infinity',
  '-Infinity',
  '0',
  '0.000',
  '1.50',
  '-0.0001',
  '10000',
  '10000.0000',
  '0.00010000',
  '1e130',
  '-1e-130',
  '9'.repeat(4000),
  `0.${'0'.repeat(300)}1`,
  '99999999.99999999',
  '0.00000000001230',
  ...sample(fc.tuple(fc.constantFrom('', '-'), digits, digits), 1000).map(([sign, a, b]) => `${sign}${a}.${b}`),
]
const inets = [
  '10.0.0.1',
  '10.0.0.1/8',
  '0.0.0.0/0',
  '::',
  '::1',
  '2001:db8::/32',
  '::ffff:10.0.0.1',
  '::/0',
  'ff00:1:2:3:4:5:6:7/127',
]

const COLUMNS: [string, Values][] = [
  ['smallint', bounded(2, [-32768, 32767, 0, -1, 7])],
  ['integer', bounded(4, [-(2 ** 31), 2 ** 31 - 1, 0, -1, 10, 1000])],
  ['bigint', int64(-(2n ** 63n), 2n ** 63n - 1n)],
  ['numeric', numerics],
  ['numeric(12,4)', ['0', '1.5', '-12345678.9999', 'NaN', '0.0001']],
  ['numeric(5,-2)', ['100', '-99900', '0']],
  ['numeric(3,6)', ['0.000123', '-0.000999', '0']],
  ['real', [...floats(4), ...bounded(4, [0x7f800000, -0x800000, 1, 0x7f7fffff, 0x00800000, 0x3dcccccd, -(2 ** 31)])]],
  [
    'double precision',
    [
      ...floats(8),
      '-0',
      '0',
      'NaN',
      'Infinity',
      '-Infinity',
      '5e-324',
      '1.7976931348623157e308',
      '0.1',
      '1e21',
      '1e-7',
    ],
  ],
  ['boolean', [Buffer.of(0), Buffer.of(1)]],
  ['text', texts().map((each) => Buffer.from(each))],
  ['varchar(60)', texts().map((each) => Buffer.from(each))],
  ['char(60)', texts().map((each) => Buffer.from(each))],
  [
    'bytea',
    [
      Buffer.alloc(0),
      Buffer.from('\\x00'),
      ...sample(fc.uint8Array({ maxLength: 60 }), 200).map((bytes) => Buffer.from(bytes)),
    ],
  ],
  [
    'date',
    bounded(4, [
      2 ** 31 - 1,
      -(2 ** 31),
      0,
      -1,
      -2451545 + 1,
      2145031948,
      -730120,
      -730119,
      -730121,
      ...sample(fc.integer({ min: -2451545, max: 2145031948 }), 300),
    ]),
  ],
  ['time', int64().filter((each) => each.readBigInt64BE() >= 0n && each.readBigInt64BE() <= DAY)],
  ['time', ['00:00', '23:59:59.999999', '24:00:00', '12:00:00.1', '01:02:03.000001']],
  ['timestamp', instants()],
  ['timestamptz', instants()],
  ['timestamptz(3)', ['2024-01-01 00:00:00.123+00', '0001-01-01 BC', '99999-01-01 23:59:59.999+00', 'infinity']],
  [
    'interval',
    [
      interval(2 ** 31 - 1, 2 ** 31 - 1, 2n ** 63n - 2n),
      interval(-(2 ** 31), -(2 ** 31), -(2n ** 63n) + 1n),
      interval(0, 0, -(2n ** 63n)),
      interval(1, -2, -3n),
      interval(-1, 2, 3n),
      interval(-1, 0, 0n),
      ...sample(fc.tuple(fc.integer(), fc.integer(), fc.bigInt(-(2n ** 62n), 2n ** 62n)), 300).map(([m, d, us]) =>
        interval(m, d, us),
      ),
    ],
  ],
  ['uuid', sample(fc.uuid(), 20)],
  ['json', ['{}', '[ 1 , "a\\n" ]', '"\\u0000"', '{"a": 1, "a" : 2}', '1e400', ' "  " ', '{\n"x":\n1}']],
  ['jsonb', ['{}', '[1,"a\\n"]', '{"b":1,"a":"\\"," }', '1.50', 'null', '"ü😀"', '{"x":[{"y":"z\\\\"}]}']],
  ['bit(11)', ['10101010101', '00000000000', '11111111111']],
  ['bit varying', ['', '1', '0', '10000000', '100000001']],
  ['inet', inets],
  [
    'text[]',
    [
      '{}',
      '{NULL}',
      '{"NULL"}',
      '{""}',
      '{a,"b c",NULL}',
      '{{a,b},{"c,d","e\\"f\\\\"}}',
      '[0:1]={x,y}',
      '[-2:-1][3:3]={{1},{2}}',
      '{{{1,2}},{{3,NULL}}}',
      '{"\n\\\\."}',
      '{ü😀}',
    ],
  ],
  ['integer[]', ['{}', '{1,-2,NULL}', '{{1,2},{3,4}}', '[5:6]={1,2}']],
  ['numeric[]', ['{1.50,NaN,-0.001}', '{Infinity}']],
  ['double precision[]', ['{1e21,-0,NaN,0.1}']],
  ['timestamptz[]', ['{"2024-01-01 00:00:00+00","0001-01-01 00:00:00+00 BC",infinity}']],
  ['bytea[]', ['{"\\\\x00ff","\\\\x"}']],
  ['jsonb[]', ['{"{\\"a\\": [1, \\"x,y\\"]}"}']],
  ['boolean[]', ['{t,f,NULL}']],
  ['inet[]', ['{10.0.0.1/8,::1}']],
  ['interval[]', ['{"1 mon -2 days 00:00:00.5"}']],
  ['char(3)[]', ['{a,"b ",NULL}']],
]

for (const server of SERVERS) {
  describe(`CSV of every type, ${server}`, () => {
    let client: pg.Client
    beforeAll(async () => {
      client = await connect(await serverUrl(server))
      await client.query(STRANGE)
    })
    afterAll(() => client.end())

    for (const [name, values] of COLUMNS) {
      it(`${name}, ${values.length} values`, async () => {
        const { sent, received } = await throughCsv(client, name, [...values, null])
        expect(received).toEqual(sent)
      })
    }

    it('a table of one column, all NULL: lines that readers of CSV could pass over', async () => {
      const { sent, received } = await throughCsv(client, 'text', [null, null, Buffer.from(''), null])
      expect(received).toEqual(sent)
    })
  })
}

/** The tuples that went in and those that came out, in normal form. */
async function throughCsv(
  client: pg.Client,
  name: string,
  values: Values,
): Promise<{ sent: string[]; received: string[] }> {
  const type = parsePgType(name)
  await client.query(
    `drop table if exists csv_from, csv_to; create temp table csv_from (n int, v ${name}); create temp table csv_to (n int, v ${name})`,
  )
  for (const [n, value] of values.entries()) {
    if (typeof value === 'string')
      await client.query({ text: `insert into csv_from values ($1, $2::text::${name})`, values: [n, value] })
  }
  const made = values.flatMap((value, n) => (typeof value === 'string' ? [] : [tupleOf(n, value)]))
  await pipeline(
    Readable.from([COPY_HEADER, ...made, COPY_TRAILER]),
    client.query(copyFrom('copy csv_from from stdin (format binary)')),
  )
  const sent = await tuplesOf(client, 'csv_from')
  const ends = Uint32Array.from(sent.reduce<number[]>((all, each) => [...all, (all.at(-1) ?? 0) + each.length], []))
  const csv = new Scratch()
  const rows = compileCsv([parsePgType('integer'), type])
  rows.header(['n', 'v'], csv)
  rows.rows(Buffer.concat(sent), ends, csv)
  const lines = Buffer.from(csv.bytes.subarray(0, csv.size))
  await pipeline(
    Readable.from([lines]),
    client.query(copyFrom(`copy csv_to (n, v) from stdin (format csv, header match, encoding 'UTF8')`)),
  )
  const received = await tuplesOf(client, 'csv_to')
  return { sent: sent.map(shown(type)), received: received.map(shown(type)) }
}

function tupleOf(n: number, field: Buffer | null): Buffer {
  const tuple = Buffer.alloc(14 + (field?.length ?? 0))
  tuple.writeInt16BE(2)
  tuple.writeInt32BE(4, 2)
  tuple.writeInt32BE(n, 6)
  tuple.writeInt32BE(field === null ? -1 : field.length, 10)
  field?.copy(tuple, 14)
  return tuple
}

async function tuplesOf(client: pg.Client, table: string): Promise<Buffer[]> {
  const tuples: Buffer[] = []
  const parser = new CopyParser()
  for await (const chunk of client.query(
    copyTo(`copy (select n, v from ${table} order by n) to stdout (format binary)`),
  ) as AsyncIterable<Uint8Array>) {
    parser.push(chunk, (bytes, ends) =>
      ends.forEach((end, i) => tuples.push(Buffer.from(bytes.subarray(ends[i - 1] ?? 0, end)))),
    )
  }
  parser.end()
  return tuples
}

/** The normal form as text, so that a failure can be read. */
function shown(type: PgType): (tuple: Buffer) => string {
  const normaliser = compileNormaliser([parsePgType('integer'), type])
  return (tuple) => {
    const length = normaliser.normalise(tuple, 0, tuple.length)
    return (length === 0 ? tuple : Buffer.from(normaliser.scratch.bytes.subarray(0, length))).toString('hex')
  }
}
