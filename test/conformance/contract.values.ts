/** What applications write, and what goes wrong with it. */
import fc from 'fast-check'

const weighted = <T>(usual: fc.Arbitrary<T>, edges: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof(usual, fc.constantFrom(...edges))

/** Integers around the limits of `bits`, and the other ways to write them. */
export function integers(bits: number, unsigned = false): fc.Arbitrary<unknown> {
  const max = 2n ** BigInt(unsigned ? bits : bits - 1) - 1n
  const min = unsigned ? 0n : -max - 1n
  return fc.oneof(
    fc.bigInt({ min, max }),
    fc.bigInt({ min, max }).map(String),
    fc.integer({ min: unsigned ? 0 : -100, max: 100 }),
    fc.boolean(),
    fc.constantFrom<unknown>(min, max, min - 1n, max + 1n, ` ${max} `, '1.0', '1e2', 1.5, '1.5', 2 ** 53, -0),
  )
}

/** Fractions that round differently, more digits than fit, exponents. */
export const decimals = fc.oneof(
  weighted<unknown>(fc.double({ min: -1e6, max: 1e6, noNaN: true }), [0.1, 1.005, 2.675, -0.005, -0, 0.5, 1e-7, 1e15]),
  weighted<unknown>(
    fc
      .tuple(fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }), fc.bigInt({ min: 0n, max: 10n ** 9n }))
      .map(([whole, rest]) => `${whole}.${rest}`),
    [
      '1.005',
      '2.675',
      '-0.005',
      '0.0049999999999999999',
      '999.995',
      '-999.995',
      '.5',
      '5.',
      '+7',
      '1e3',
      '99999999999999999999.5',
      '00012.50',
    ],
  ),
  fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }),
)

export const doubles = fc.oneof(
  fc.double({ noNaN: true }),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e4, max: 1e4 }),
  fc.constantFrom<unknown>(
    0,
    -0,
    0.1,
    1 / 3,
    5e-324,
    1.7976931348623157e308,
    2 ** 53 + 2,
    3.4028234663852886e38,
    1e-46,
    16777217,
    '0.1',
    7n,
    1e15,
    123456.789,
  ),
)

export const floats = fc.oneof(fc.float({ noNaN: true }), doubles)

const EDGES = [
  '',
  ' ',
  'a ',
  'a  b  ',
  'Zürich',
  '北京',
  '😀😀',
  'e\u0301',
  'it\'s \\ "x"',
  '\t\r\n',
  '\uFEFFbom',
  'x\ud800y',
  '\udc00',
  'a\0b',
  '\\N',
  'NULL',
  '007',
  '1.50',
  '1e3',
  ' 5',
  '-0',
  '{1,2}',
  '\\x41',
  '9223372036854775808',
  '0.1',
]

export const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ maxLength: 12 }),
  fc.constantFrom<unknown>(...EDGES, 5, 1.5, true, 12n, Buffer.from('Zürich'), Buffer.from([0xff, 0x41])),
)

export const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 20 }).map((array) => Buffer.from(array)),
  fc.constantFrom<unknown>(
    Buffer.alloc(0),
    Buffer.from([0]),
    Buffer.from('a\0b'),
    Buffer.from([0x20, 0x20]),
    Buffer.from([0xff, 0xfe, 0x5c]),
    'text',
    'Zürich',
    '',
  ),
)

const two = (n: number): string => String(n).padStart(2, '0')

/** Wall clocks with any number of digits, with and without zone. */
const isoTexts = fc
  .record({
    year: fc.integer({ min: 1900, max: 2100 }),
    month: fc.integer({ min: 1, max: 12 }),
    day: fc.integer({ min: 1, max: 28 }),
    second: fc.integer({ min: 0, max: 86_399 }),
    fraction: fc.constantFrom(
      '',
      '.5',
      '.999',
      '.9994',
      '.9995',
      '.999999',
      '.9999995',
      '.123456789',
      '.000001',
      '.0000009',
    ),
    separator: fc.constantFrom('T', ' '),
    zone: fc.constantFrom('', '', 'Z', '+02:00', '-0530', '+00:00'),
  })
  .map(({ year, month, day, second, fraction, separator, zone }) => {
    const clock = `${two(Math.floor(second / 3600))}:${two(Math.floor(second / 60) % 60)}:${two(second % 60)}`
    return `${year}-${two(month)}-${two(day)}${separator}${clock}${fraction}${zone}`
  })

/** In Europe/Berlin: clocks that are set back and forward, the ends of years, leap days, a time before zones. */
export const TIME_EDGES: readonly string[] = [
  '2024-10-27 02:30:00',
  '2024-10-27T00:30:00Z',
  '2024-10-27T01:30:00Z',
  '2024-10-27 01:59:59.999999',
  '2024-10-27 03:00:00',
  '2024-03-31 01:59:59.9999999',
  '2024-03-31 03:00:00',
  '2023-12-31 23:59:59.9999995',
  '2024-02-29T23:59:59.999Z',
  '1970-01-01T00:00:01Z',
  '1999-12-31T23:59:60+00:00'.replace(':60', ':59'),
  '2024-01-31',
  '2024-01-31 24:00:00',
  '2024-01-31T10:20',
]

export const times = fc.oneof(
  isoTexts,
  fc.date({ min: new Date('1900-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }),
  fc.constantFrom<unknown>(
    ...TIME_EDGES,
    '2024-03-31 02:30:00',
    '0000-00-00 00:00:00',
    '2024-02-30',
    'tomorrow',
    20240131,
    new Date(NaN),
    new Date(-1),
    new Date('1850-06-01T00:00:00.123Z'),
    '0001-01-01',
    '9999-12-31 23:59:59.9999999',
    '2038-01-19T03:14:07.9999999Z',
  ),
)

export const clocks = fc.oneof(
  fc
    .tuple(
      fc.integer({ min: -838, max: 838 }),
      fc.integer({ min: 0, max: 59 }),
      fc.constantFrom('', ':00', ':59.9999995', ':30.123', ':07.5', ':59.999'),
    )
    .map(([hours, minutes, rest]) => `${hours < 0 ? '-' : ''}${two(Math.abs(hours))}:${two(minutes)}${rest}`),
  fc.constantFrom(
    '00:00:00',
    '23:59:59.9999999',
    '24:00:00',
    '24:00:00.5',
    '-00:00:00.0000001',
    '838:59:59',
    '-838:59:59',
    '839:00:00',
    '12:60:00',
    'noon',
  ),
)

const json = fc.jsonValue({ maxDepth: 3 })

export const documents = fc.oneof(
  json.filter((value) => value !== null),
  json.map((value) => JSON.stringify(value)),
  fc.constantFrom<unknown>(
    '{"b": 1, "aa": 2, "a": 3, "a": 4}',
    '[1.0, 1.50, 1e2, -0, -0.0, 0.1, 1E-7, 1e15, 1e16, 1e21, 123456789012345678901234567890, 18446744073709551615, 18446744073709551616, -9223372036854775808, -9223372036854775809]',
    '[5e-324, 1.7976931348623157e308, 2.2250738585072011e-308, 0.30000000000000004, 1e400, 9007199254740993.5]',
    '"\\u0000"',
    '"\\ud800"',
    '"\\ud83d\\ude00 \\/ \\n \\u001f \u007f"',
    ' {"x" : [ ] , "y" : { } } ',
    '{"é": 1, "zz": 2, "😀": 3, "": 4}',
    'nope',
    '1',
    '1.5',
    '"1"',
    '[0.1234567890123456789, 3.141592653589793238462643383279]',
    5,
    true,
    { big: 2 ** 70, small: 1e-30, half: 0.5, nested: [{ a: [null] }] },
    { lone: 'x\ud800' },
    '[9007199254740992.0, 12345678901234568.0, 1234567890123450.0, 123456789012345.0, 4503599627370497.5, 1.5e-15, 1.5e-16]',
    '[5.858190679279809e-244, 4.35e-5, 6.02214076e23, 1.2345678901234567e-5]',
  ),
)

/** MariaDB's own type refuses some of the versions that are not defined. */
export const definedUuids = fc.oneof(
  fc.uuid({ version: [1, 4, 5, 7] }),
  fc.uuid({ version: [1, 4] }).map((text) => text.toUpperCase()),
  fc.constantFrom<unknown>(
    '00000000-0000-0000-0000-000000000000',
    '6CCD780CBABA102695645B8C656024DB',
    'nope',
    Buffer.from('6ccd780cbaba102695645b8c656024db', 'hex'),
  ),
)

export const uuids = fc.oneof(
  fc.uuid(),
  fc.uuid().map((text) => text.toUpperCase()),
  fc.uuid().map((text) => text.replaceAll('-', '')),
  fc.constantFrom<unknown>(
    '{6CCD780C-BABA-1026-9564-5B8C656024DB}',
    '12345678901234567890123456789012',
    'nope',
    '',
    Buffer.alloc(16, 7),
    Buffer.alloc(15),
    5,
  ),
)
