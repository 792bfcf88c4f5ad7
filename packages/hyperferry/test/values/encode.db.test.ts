// Every encoder against a real server: what arrives is what the server makes of the value's text, and digests agree.
import fc from 'fast-check'
import type pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWith, serverUrl } from '../../../../test/servers/index.ts'
import {
  encodeBits,
  encodeBytea,
  encodeInet,
  encodeInetBytes,
  encodeTextArray,
  encodeUuid,
  encodeUuidText,
} from '../../src/values/encode/binary.ts'
import { encodeJson } from '../../src/values/encode/json.ts'
import { encodeFloat, encodeIntChecked } from '../../src/values/encode/number.ts'
import { encodeNumericBigint, encodeNumericText } from '../../src/values/encode/numeric.ts'
import { encodeText } from '../../src/values/encode/text.ts'
import { encodeTimestampMicros } from '../../src/values/encode/timestamp.ts'
import { column, connect, roundTrip, sample, sendable, serverCasts } from './round-trip.ts'

const describeEach = await Promise.all(
  (['pg15', 'pg18'] as const).map(async (name) => ({ name, describe: await describeWith(name) })),
)
const ignore = (): void => {}
const utf8 = (text: string): Buffer => Buffer.from(text, 'utf8')
const decimal = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.stringMatching(/^\d{1,40}$/),
    fc.option(fc.stringMatching(/^\d{1,40}$/), { nil: undefined }),
  )
  .map(([sign, whole, fraction]) => `${sign}${whole}${fraction === undefined ? '' : `.${fraction}`}`)
for (const { name, describe } of describeEach) {
  describe(`encoders, ${name}`, () => {
    let client: pg.Client
    beforeAll(async () => {
      client = await connect(await serverUrl(name))
    })
    afterAll(() => client.end())

    it('numeric without precision: digits and display scale as typed', async () => {
      const texts = [
        '0',
        '-0',
        '0.000',
        '1',
        '-1',
        '10000',
        '9999',
        '0.0001',
        '0.00001',
        '123.4500',
        '1e5',
        '1.50e1',
        '1.5E-10',
        '00012.3',
        '.5',
        '5.',
        '-.50',
        '1e-16383',
        '1e131071',
        'NaN',
        'Infinity',
        '-Infinity',
        '9'.repeat(65),
        '0e20',
        '0.0e-5',
        '+7',
        '100000000000000000000.00000000000000000001',
        ...sample(decimal, 500),
      ]
      expect(await column(client, 'numeric', texts, encodeNumericText)).toEqual(
        await serverCasts(client, 'numeric', texts),
      )
      const bytes = texts.map((text) => utf8(text))
      expect(await column(client, 'numeric', bytes, encodeNumericText)).toEqual(
        await serverCasts(client, 'numeric', texts),
      )
    })

    it.each([
      ['numeric(65,30)', 35, 30],
      ['numeric(5,2)', 3, 2],
      ['numeric(20,0)', 20, 0],
      ['numeric(3,5)', 0, 3],
      ['numeric(6,-3)', 9, 0],
    ])('%s', async (type, whole, fraction) => {
      const digits = (n: number): fc.Arbitrary<string> => fc.stringMatching(new RegExp(`^\\d{0,${n}}$`))
      const fitting = fc
        .tuple(fc.constantFrom('', '-'), digits(type === 'numeric(6,-3)' ? 6 : whole), digits(fraction))
        .map(([sign, a, b]) =>
          type === 'numeric(3,5)'
            ? `${sign}0.00${b}`
            : type === 'numeric(6,-3)'
              ? `${sign}${a}000`
              : `${sign}${a}0.${b}000`.replace('0.', whole === a.length ? '.' : '0.'),
        )
        .filter((text) => /\d/.test(text))
      const texts = sample(fitting, 300).map((text) =>
        Number(text.split('.')[0]?.length) > whole + 1 && type !== 'numeric(6,-3)' ? '0' : text,
      )
      expect(await column(client, type, texts, encodeNumericText)).toEqual(await serverCasts(client, type, texts))
    })

    it('integers into every number type', async () => {
      const edges = [
        0n,
        1n,
        -1n,
        32767n,
        -32768n,
        2147483647n,
        -2147483648n,
        9223372036854775807n,
        -9223372036854775808n,
      ]
      const int8 = [...edges, ...sample(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), 300)]
      const safe = [0, -1, 2 ** 53 - 1, 1 - 2 ** 53, 2 ** 32, -(2 ** 32), 2 ** 31, ...sample(fc.maxSafeInteger(), 300)]
      expect(await column(client, 'bigint', int8, encodeIntChecked)).toEqual(int8.map(String))
      expect(await column(client, 'bigint', safe, encodeIntChecked)).toEqual(safe.map(String))
      expect(await column(client, 'numeric(20,0)', int8, encodeIntChecked)).toEqual(int8.map(String))
      expect(await column(client, 'numeric', safe, encodeIntChecked)).toEqual(safe.map((v) => String(v)))
      expect(await column(client, 'numeric', [2n ** 64n - 1n, -(10n ** 60n)], encodeNumericBigint)).toEqual([
        '18446744073709551615',
        `-1${'0'.repeat(60)}`,
      ])
      const int4 = [-(2 ** 31), 2 ** 31 - 1, 0, ...sample(fc.integer(), 100)]
      expect(await column(client, 'integer', int4, encodeIntChecked)).toEqual(int4.map(String))
      const int2 = [-32768, 32767, ...sample(fc.integer({ min: -32768, max: 32767 }), 100)]
      expect(await column(client, 'smallint', int2, encodeIntChecked)).toEqual(int2.map(String))
      expect(await column(client, 'boolean', [0, 1, 1n], encodeIntChecked)).toEqual(['false', 'true', 'true'])
    })

    it('floats bit for bit', async () => {
      const doubles = [
        0,
        -0,
        NaN,
        Infinity,
        -Infinity,
        5e-324,
        1.7976931348623157e308,
        0.1,
        ...sample(fc.double(), 300),
      ]
      const back = await column(client, 'double precision', doubles, encodeFloat)
      back.forEach((text, i) => expect(Object.is(Number(text), doubles[i])).toBe(true))
      const floats = [0, -0, NaN, Infinity, 1.401298464324817e-45, ...sample(fc.float(), 300)]
      const shortBack = await column(client, 'real', floats, encodeFloat)
      shortBack.forEach((text, i) => expect(Object.is(Math.fround(Number(text)), floats[i])).toBe(true))
      const reals = [0.1, 1.005, 123456789.125, -0.001, 1e22, -0]
      expect(await column(client, 'numeric(30,3)', reals, encodeFloat)).toEqual([
        '0.100',
        '1.005',
        '123456789.125',
        '-0.001',
        '10000000000000000000000.000',
        '0.000',
      ])
    })

    it('text of every length and script', async () => {
      const texts = [
        '',
        'ä',
        '😀',
        'a'.repeat(300),
        '日'.repeat(200),
        '\ufeffbom',
        ...sample(fc.string({ unit: 'binary' }), 300),
      ].map(sendable)
      const encode = (w: Parameters<typeof encodeText>[0], text: string, t: Parameters<typeof encodeText>[5]): void => {
        const framed = utf8(`<${text}>`)
        encodeText(w, framed, 1, framed.length - 1, {}, t, ignore)
      }
      expect(await column(client, 'text', texts, encode)).toEqual(texts)
      expect(await column(client, 'varchar(300)', texts, encode)).toEqual(texts)
      // char(n): padding is no part of the value, other trailing spaces are not told apart from it.
      expect(await column(client, 'char(4)', ['ab', 'ab  ', '', '日本', 'abcd   '], encode)).toEqual([
        'ab',
        'ab',
        '',
        '日本',
        'abcd',
      ])
    })

    it('bytes, uuid, bits, addresses, arrays', async () => {
      const blobs = sample(fc.uint8Array({ maxLength: 500 }), 100)
      expect(await column(client, 'bytea', blobs, (w, v) => encodeBytea(w, v))).toEqual(
        blobs.map((v) => `\\x${Buffer.from(v).toString('hex')}`),
      )
      const uuid = '6ccd780c-baba-1026-9564-5b8c656024db'
      const hex = uuid.replaceAll('-', '')
      expect(await column(client, 'uuid', [hex, uuid, `{${uuid.toUpperCase()}}`], encodeUuidText)).toEqual([
        uuid,
        uuid,
        uuid,
      ])
      expect(await column(client, 'uuid', [Buffer.from(hex, 'hex')], (w, v) => encodeUuid(w, v, false))).toEqual([uuid])
      // What MySQL's UUID_TO_BIN(x, 1) gives for it, by its manual.
      expect(
        await column(client, 'uuid', [Buffer.from('1026baba6ccd780c95645b8c656024db', 'hex')], (w, v) =>
          encodeUuid(w, v, true),
        ),
      ).toEqual([uuid])
      const ten = [Buffer.from([0x02, 0xa5]), Buffer.from([0, 1]), Buffer.from([3, 255])]
      expect(await column(client, 'bit(10)', ten, (w, v, t) => encodeBits(w, v, 10, t))).toEqual([
        '1010100101',
        '0000000001',
        '1111111111',
      ])
      expect(await column(client, 'bit varying(12)', ten, (w, v, t) => encodeBits(w, v, 10, t))).toEqual([
        '1010100101',
        '0000000001',
        '1111111111',
      ])
      expect(await column(client, 'bit(64)', [Buffer.alloc(8, 0xff)], (w, v, t) => encodeBits(w, v, 64, t))).toEqual([
        '1'.repeat(64),
      ])
      const addresses = [
        '10.0.0.1',
        '10.0.0.1/8',
        '::',
        '::1',
        '2001:db8::/32',
        '::ffff:10.0.0.1',
        'fe80::1:2:3:4',
        '1:2:3:4:5:6:7:8',
        'ABCD::',
        '255.255.255.255/0',
      ]
      addresses.push(
        ...sample(
          fc.oneof(
            fc.ipV4(),
            fc.ipV6().filter((text) => !/^[^:]*:.*\..*:/.test(text)),
          ),
          200,
        ),
      )
      expect(await column(client, 'inet', addresses, encodeInet)).toEqual(await serverCasts(client, 'inet', addresses))
      expect(await column(client, 'inet', [Buffer.from([1, 2, 3, 4]), Buffer.alloc(16)], encodeInetBytes)).toEqual([
        '1.2.3.4/32',
        '::/128',
      ])
      const lists = [
        [],
        [''],
        ['a', 'b'],
        ['NULL', '{}', '"', '\\', ',', ' ä'],
        ...sample(fc.array(fc.string()), 100),
      ].map((list) => list.map(sendable))
      const { rows } = await client.query<{ v: string }>(
        `select coalesce((select array_agg(e order by n) from json_array_elements_text(v) with ordinality x(e, n)), '{}')::text as v
         from (select v::json, n as o from unnest($1::text[]) with ordinality u(v, n)) s order by o`,
        [lists.map((list) => JSON.stringify(list))],
      )
      const asBytes = lists.map((list) => list.map(utf8))
      expect(await column(client, 'text[]', asBytes, (w, v, t) => encodeTextArray(w, v, {}, t, ignore))).toEqual(
        rows.map((row) => row.v),
      )
    })

    it('json and jsonb, equal by value after a round trip', async () => {
      const documents = [
        '{"b":1,"a":2,"b":3}',
        '[1.50e2, -0.0, 1e-3, 100, 1E5, 0.10]',
        ' { "k" : [ ] , "" : { } } ',
        '"\\u00e9\\ud83d\\ude00\\n\\/"',

        'null',
        'true',
        '0',
        '"a: b"',
        '["k",":",{"x":"y:z"}]',
        '{"a":{"a":{"a":[1,[2,[3]]]}}}',
        '"\u007f\u0080\u2028"',
        '1e100',
        '-12.30',
        '{"10":1,"9":2,"é":3,"😀":4,"\uffff":5}',
        '{"__proto__":1,"constructor":2}',
        ...sample(fc.json({ stringUnit: 'binary' }), 300).filter((text) => !/\\u0000|\\ud[89a-f]/i.test(text)),
      ]
      expect(await column(client, 'jsonb', documents.map(utf8), encodeJson)).toEqual(
        await serverCasts(client, 'jsonb', documents),
      )
      expect(await column(client, 'json', documents.map(utf8), encodeJson)).toEqual(documents)
    })

    it('rows of many columns with NULL', async () => {
      const types = ['bigint', 'text', 'numeric(10,2)', 'timestamptz', 'jsonb', 'double precision', 'char(3)', 'text[]']
      const back = await roundTrip(client, types, (w, parsed) => {
        for (let i = 0; i < 2000; i += 1) {
          w.startRow()
          w.int8n(i)
          if (i % 3 === 0) w.null_()
          else w.bytes(utf8(`row ${i}`))
          encodeNumericText(w, `${i}.50`, parsed[2]!)
          encodeTimestampMicros(w, BigInt(i) * 1_000_001n, parsed[3]!, ignore)
          encodeJson(w, utf8(`{"i": ${i}, "a": ${i}.0}`), parsed[4]!)
          if (i % 5 === 0) w.null_()
          else w.float8(i / 7)
          w.bytes(utf8('x'))
          encodeTextArray(w, [utf8('a'), utf8(String(i))], {}, parsed[7]!, ignore)
          if (i % 7 === 0) w.abortRow()
          else w.endRow()
        }
      })
      expect(back.texts).toHaveLength(2000 - 286)
      expect(back.texts[0]).toEqual([
        '1',
        'row 1',
        '1.50',
        '1970-01-01 00:00:01.000001+00',
        '{"a": 1.0, "i": 1}',
        '0.14285714285714285',
        'x',
        '{a,1}',
      ])
      expect(back.received).toBe(back.sent)
    })
  })
}
