/** Pairs of MySQL and MariaDB. */
import type { Pair } from './contract.harness.ts'
import {
  bytes,
  clocks,
  decimals,
  definedUuids,
  documents,
  doubles,
  floats,
  integers,
  texts,
  TIME_EDGES,
  times,
  uuids,
} from './contract.values.ts'
import fc from 'fast-check'

const UTF8 = 'character set utf8mb4 collate utf8mb4_general_ci'

const numbers: Pair[] = [
  {
    source: 'tinyint',
    type: 'smallint',
    taken: [-128, 127, true, '5'],
    refused: [128, 1.5, 'x', {}],
    any: integers(8),
  },
  { source: 'tinyint(1)', type: 'boolean', taken: [true, false, 0, 1, '1', 1n], refused: [2, -1, 'yes'] },
  { source: 'tinyint unsigned', type: 'smallint', taken: [0, 255], refused: [-1, 256], any: integers(8, true) },
  { source: 'smallint', type: 'integer', taken: [-32768], refused: [32768], any: integers(16) },
  { source: 'mediumint', type: 'integer', taken: [8388607], refused: [8388608], any: integers(24) },
  { source: 'int unsigned', type: 'bigint', taken: [4294967295], refused: [4294967296], any: integers(32, true) },
  {
    source: 'bigint',
    type: 'bigint',
    taken: [2n ** 63n - 1n, '-9223372036854775808'],
    refused: [2n ** 63n, 2 ** 60],
    any: integers(64),
  },
  {
    source: 'bigint unsigned',
    type: 'numeric(20,0)',
    taken: [2n ** 64n - 1n],
    refused: [-1n],
    any: integers(64, true),
  },
  { source: 'bigint unsigned', type: 'bigint', taken: [2n ** 63n - 1n], refused: [2n ** 63n], any: integers(64, true) },
  { source: 'int zerofill', type: 'text', taken: [5, 0], any: integers(32, true) },
  { source: 'bigint', type: 'double precision', taken: [2n ** 53n], refused: [2n ** 53n + 1n], any: integers(64) },
  {
    source: 'bigint',
    type: 'timestamptz(3)',
    rules: { unit: 'ms' },
    taken: [1_700_000_000_123, new Date(-1)],
    any: integers(48),
  },
  {
    source: 'bigint',
    type: 'timestamptz(0)',
    rules: { unit: 'ms' },
    taken: [-1, 1_700_000_000_999],
    any: integers(48),
  },
  {
    source: 'bigint',
    type: 'timestamptz',
    rules: { unit: 'ns' },
    taken: [-1n, 1_700_000_000_123_456_789n],
    any: integers(64),
  },
  { source: 'int', type: 'date', rules: { unit: 's' }, taken: [-1, 86_399], any: integers(32) },
  {
    source: 'year',
    type: 'smallint',
    taken: [0, 1901, 2155, 24, 69, 70, '1999'],
    refused: [1900, 2156, -1],
    any: integers(8, true),
  },
  { source: 'year', type: 'text', taken: [0, 1901], any: integers(8, true) },
  {
    source: 'decimal(10,2)',
    type: 'numeric(10,2)',
    taken: ['1.005', 2.675, -0.005, 7n, '99999999.994'],
    refused: ['99999999.995', 'x', Number.NaN, {}],
    any: decimals,
  },
  { source: 'decimal(10,4)', type: 'numeric(12,1)', taken: ['1.25', '-1.25'], any: decimals },
  { source: 'decimal(30,10)', type: 'numeric', taken: ['12345678901234567890.0123456789'], any: decimals },
  { source: 'decimal(10,2) unsigned', type: 'numeric(10,2)', taken: [1, '-0'], refused: [-1], any: decimals },
  { source: 'decimal(10,2) zerofill', type: 'numeric(10,2)', taken: [1.5], any: decimals },
  { source: 'decimal(10,2)', type: 'text', taken: [1, '-0.001', '1e3'], any: decimals },
  { source: 'decimal(10,2)', type: 'integer', taken: [1.5, '-2.5'], any: decimals },
  { source: 'decimal(65,30)', type: 'numeric(65,30)', taken: ['0.1234567890123456789012345678905'], any: decimals },
  {
    source: 'double',
    type: 'double precision',
    taken: [0.1, -0, '1e10', 5e-324],
    refused: [Number.NaN, Infinity],
    any: doubles,
  },
  { source: 'double', type: 'real', taken: [0.1], refused: [1e300], any: doubles },
  { source: 'double', type: 'numeric', taken: [0.1, 1e20], any: doubles },
  { source: 'double', type: 'numeric(12,2)', taken: [1.005, 2.675], any: decimals },
  { source: 'float', type: 'real', taken: [0.1, 16777217, 1e-46], refused: [1e39], any: floats },
  { source: 'float', type: 'double precision', taken: [0.1], any: floats },
  { source: 'float(7,3)', type: 'real', taken: [0.1, 999.9999, 1.0005], refused: [12345], any: floats },
  { source: 'double(10,2)', type: 'double precision', taken: [0.125, 1.005, -2.675], any: doubles },
  { source: 'bit(1)', type: 'boolean', taken: [true, false, 1, 0n, Buffer.from([1])], refused: [2] },
  { source: 'bit(10)', type: 'bit(10)', taken: [0, 1023, 5n], refused: [1024, -1], any: integers(10, true) },
  { source: 'bit(10)', type: 'bytea', taken: [0, 1023], any: integers(10, true) },
  { source: 'bit(64)', type: 'numeric', taken: [2n ** 64n - 1n], any: integers(64, true) },
  { source: 'bit(9)', type: 'varbit(12)', taken: [0, 511], any: integers(9, true) },
  { source: 'bit(33)', type: 'bigint', taken: [2n ** 33n - 1n], any: integers(33, true) },
]

const wallClocks: Pair[] = [
  {
    source: 'datetime(6)',
    type: 'timestamptz',
    taken: [...TIME_EDGES, new Date(0)],
    refused: ['2024-03-31 02:30:00', 'x', 5, '10000-01-01'],
    any: times,
  },
  { source: 'datetime(3)', type: 'timestamptz(3)', taken: TIME_EDGES, any: times },
  { source: 'datetime', type: 'timestamptz', taken: TIME_EDGES, any: times },
  { source: 'datetime(6)', type: 'timestamptz(2)', taken: TIME_EDGES, any: times },
  {
    source: 'datetime(6)',
    type: 'timestamptz',
    rules: { timezone: 'America/Sao_Paulo' },
    taken: TIME_EDGES,
    any: times,
  },
  {
    source: 'datetime(6)',
    type: 'timestamptz',
    rules: { timezone: 'UTC' },
    taken: ['2024-03-31 02:30:00', '0001-01-01'],
    any: times,
  },
  { source: 'datetime(6)', type: 'timestamp(4)', taken: ['2024-03-31 02:30:00'], any: times },
  { source: 'datetime(6)', type: 'date', taken: TIME_EDGES, any: times },
  { source: 'datetime(3)', type: 'text', taken: TIME_EDGES, any: times },
  {
    source: 'datetime(3)',
    type: 'timestamptz(3)',
    rules: { zeroDate: 'null' },
    taken: ['0000-00-00 00:00:00', '2024-01-00'],
  },
  { source: 'datetime(3)', type: 'timestamptz(3)', rules: { zeroDate: '1970-01-01' }, taken: ['0000-00-00 00:00:00'] },
  {
    source: 'timestamp(6) null',
    type: 'timestamptz',
    taken: ['2024-03-31 02:30:00', new Date(1000)],
    refused: [new Date(0), '2038-01-19T03:14:08Z'],
    any: times,
  },
  {
    source: 'timestamp null',
    type: 'timestamptz(3)',
    taken: [new Date(1999), '2024-06-01T00:00:00.999+02:00'],
    any: times,
  },
  { source: 'timestamp(3) null', type: 'timestamp(3)', taken: ['2024-06-01 00:00:00'], any: times },
  { source: 'timestamp(3) null', type: 'text', taken: ['2024-06-01 00:00:00'], any: times },
  {
    source: 'date',
    type: 'date',
    taken: ['2024-02-29', '2024-02-29T23:30:00Z', new Date('2024-02-29T23:30:00Z')],
    refused: ['2023-02-29', '0000-00-00'],
    any: times,
  },
  { source: 'date', type: 'timestamptz', taken: ['2024-03-31'], any: times },
  { source: 'date', type: 'text', taken: ['2024-03-31'], any: times },
  {
    source: 'time(6)',
    type: 'time',
    taken: ['24:00:00', '12:30'],
    refused: ['24:00:01', '-00:00:01', 'x', 5],
    any: clocks,
  },
  { source: 'time(3)', type: 'interval', taken: ['-838:59:59', '-00:00:00.0005'], refused: ['839:00:00'], any: clocks },
  { source: 'time', type: 'interval(0)', taken: ['-01:00:00.5'], any: clocks },
  { source: 'time(2)', type: 'text', taken: ['-01:00:00.5'], any: clocks },
]

const characters: Pair[] = [
  {
    source: `varchar(8) ${UTF8}`,
    type: 'varchar(8)',
    taken: ['😀😀😀😀😀😀😀😀', 'a ', 'x\ud800', 5, true],
    refused: ['123456789', 'a\0b', {}, new Date()],
    any: texts,
  },
  { source: `char(8) ${UTF8}`, type: 'varchar(8)', taken: ['a   ', '         ', 'a  b '], any: texts },
  { source: `char(8) ${UTF8}`, type: 'char(10)', taken: ['a   '], any: texts },
  { source: `varchar(8) ${UTF8}`, type: 'char(8)', taken: ['a   '], any: texts },
  { source: `text ${UTF8}`, type: 'text', rules: { nul: 'strip' }, taken: ['a\0b', '\0'], any: texts },
  {
    source: `text ${UTF8}`,
    type: 'text',
    rules: { nul: 'replace', invalidText: 'replace' },
    taken: ['a\0b', Buffer.from([0xff])],
    any: texts,
  },
  { source: `tinytext ${UTF8}`, type: 'text', taken: ['ü'.repeat(127)], refused: ['ü'.repeat(128)], any: texts },
  {
    source: 'varchar(8) character set latin1',
    type: 'varchar(8)',
    taken: ['Zürich €', '\u0081'],
    refused: ['北京', '\u0080'],
    any: texts,
  },
  { source: 'varchar(8) character set utf8mb3', type: 'text', taken: ['北京'], refused: ['😀'], any: texts },
  { source: 'varchar(8) character set ascii', type: 'text', taken: ['abc'], refused: ['ü'], any: texts },
  { source: `varchar(20) ${UTF8}`, type: 'bytea', taken: ['a\0b', 'Zürich '], any: texts },
  {
    source: `enum('new','In Use','','ü') ${UTF8}`,
    type: 'text',
    taken: ['NEW', 'in use', 'new  ', '', 1, 'Ü'],
    refused: ['other', 0, 9, {}],
    any: texts,
  },
  {
    source: `enum('a','A') character set utf8mb4 collate utf8mb4_bin`,
    type: 'text',
    taken: ['a', 'A'],
    refused: ['b'],
  },
  {
    source: `set('a','b','It''s "x" \\\\') ${UTF8}`,
    type: 'text[]',
    taken: ['b,A,a', '', ['It\'s "x" \\', 'b'], []],
    refused: ['c', 'a,c'],
  },
  { source: `set('a','b') ${UTF8}`, type: 'text', taken: ['b,A,a', ''], refused: ['c'] },
  {
    source: 'binary(8)',
    type: 'bytea',
    taken: [Buffer.from([1]), 'ab', Buffer.alloc(0)],
    refused: [Buffer.alloc(9)],
    any: bytes,
  },
  {
    source: 'varbinary(8)',
    type: 'bytea',
    taken: [Buffer.from('a\0'), new Uint8Array([1, 2])],
    refused: [Buffer.alloc(9)],
    any: bytes,
  },
  { source: 'tinyblob', type: 'bytea', taken: [Buffer.alloc(255)], refused: [Buffer.alloc(256)], any: bytes },
  { source: 'varbinary(20)', type: 'text', taken: ['Zürich '], refused: [Buffer.from([0xff])], any: bytes },
  { source: 'binary(8)', type: 'text', rules: { nul: 'strip' }, taken: ['ab'], any: bytes },
  {
    source: 'binary(16)',
    type: 'uuid',
    taken: ['6ccd780c-baba-1026-9564-5b8c656024db', Buffer.alloc(16, 9)],
    refused: ['x', Buffer.alloc(15)],
    any: uuids,
  },
  {
    source: 'binary(16)',
    type: 'uuid',
    rules: { swappedUuid: true },
    taken: ['6ccd780c-baba-1026-9564-5b8c656024db'],
    any: uuids,
  },
  {
    source: `char(38) ${UTF8}`,
    type: 'uuid',
    taken: ['6CCD780CBABA102695645B8C656024DB', Buffer.alloc(16, 9)],
    any: uuids,
  },
  {
    source: 'varbinary(16)',
    type: 'inet',
    taken: ['10.0.0.1', '2001:db8::1', Buffer.from([10, 0, 0, 1])],
    refused: ['10.0.0.0/8', '10.0.0.01'],
  },
  {
    source: `varchar(50) ${UTF8}`,
    type: 'inet',
    taken: ['10.0.0.1/8', '::ffff:10.0.0.1', '2001:DB8::/32'],
    refused: ['10.0.0', '', 5],
  },
]

const documentsPairs: Pair[] = [
  {
    source: 'json',
    type: 'jsonb',
    taken: [{ a: [1, 0.1] }, '{"a":1,"a":2}', 5, true, '"x"', '123456789012345678901234567890'],
    refused: ['x', '"\\u0000"', '1e400'],
    any: documents,
  },
  { source: 'json', type: 'json', taken: [{ bb: 1, a: [0.1, 1e21, 'x\u0001'] }], any: documents },
  { source: 'json', type: 'text', taken: [{ bb: 1, a: { é: [], '': {} } }], any: documents },
  { source: `longtext ${UTF8}`, type: 'jsonb', taken: [' {"a": 1.50}'], any: documents },
  { source: `longtext ${UTF8}`, type: 'json', taken: [' {"a": 1.50}', '"\\u0000"'], any: documents },
  { source: 'longblob', type: 'jsonb', taken: [{ a: 'Zürich' }], any: documents },
]

/** On both servers. */
export const mysqlPairs: readonly Pair[] = [...numbers, ...wallClocks, ...characters, ...documentsPairs]

const addresses = fc.oneof(
  fc.ipV6().map((text) => text),
  fc.ipV4(),
  fc.constantFrom<unknown>(
    '::',
    '::1',
    '1::',
    '::ffff:10.0.0.1',
    '::10.0.0.1',
    '2001:db8:0:0:1:0:0:1',
    '1:0:2:0:3:0:4:0',
    'x',
    '10.0.0.0/8',
    '::1:0',
    '::ffff:0:1',
    '0:0:0:0:0:1:0:0',
  ),
)

/** Types that MariaDB alone has. */
export const mariadbPairs: readonly Pair[] = [
  { source: 'uuid', type: 'uuid', taken: ['6CCD780CBABA102695645B8C656024DB'], any: definedUuids },
  { source: 'uuid', type: 'text', taken: ['6CCD780CBABA102695645B8C656024DB'], any: definedUuids },
  { source: 'inet6', type: 'inet', taken: ['::1', '10.0.0.1'], any: addresses },
  { source: 'inet6', type: 'text', taken: ['2001:DB8:0:0:1::1'], any: addresses },
  { source: 'inet4', type: 'inet', taken: ['10.0.0.1'], refused: ['::1', '10.0.0.1/8'], any: addresses },
  { source: 'inet4', type: 'text', taken: ['10.0.0.1'], any: addresses },
]

const point = Buffer.from('000000000101000000000000000000f03f0000000000000040', 'hex')
const located = Buffer.from('e6100000010100000000000000000024400000000000003440', 'hex')

/** Types that MySQL alone has; and spatial values, of which MariaDB keeps no SRID. */
export const mysqlOnlyPairs: readonly Pair[] = [
  {
    source: 'vector(2)',
    type: 'bytea',
    taken: [Buffer.from('0000803f00000040', 'hex')],
    refused: [Buffer.alloc(3), Buffer.alloc(12)],
  },
  { source: 'point', type: 'bytea', taken: [point, located], refused: ['POINT(1 2)', Buffer.alloc(9)] },
]
