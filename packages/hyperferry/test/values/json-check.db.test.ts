// The JSON scanner says yes exactly when the server does.
import fc from 'fast-check'
import type pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWith, serverUrl } from '../../../../test/servers/index.ts'
import { checkJson, MAX_DEPTH } from '../../src/values/encode/json-check.ts'
import { Reject } from '../../src/values/encode/reject.ts'
import { connect, sample, sendable } from './round-trip.ts'

const describeEach = await Promise.all(
  (['pg15', 'pg18'] as const).map(async (name) => ({ name, describe: await describeWith(name) })),
)

const odd = [
  '',
  ' ',
  '{',
  '[',
  ']',
  '{}',
  '[]',
  '[,]',
  '[1,]',
  '{"a"}',
  '{"a":}',
  '{"a":1,}',
  '{a:1}',
  "{'a':1}",
  '[1 2]',
  '{} {}',
  '[]x',

  '01',
  '-',
  '-0',
  '+1',
  '.5',
  '1.',
  '1.e5',
  '1e',
  '1e+',
  '1E-5',
  '1e5.5',
  '0x10',
  '1a',
  '1_0',
  '-01',
  '00',
  '0.0',
  '--1',
  '1é',
  'é',

  'NaN',
  'Infinity',
  'tru',
  'truee',
  'TRUE',
  'nul',
  'null1',
  'null ',
  '\ttrue\r\n',
  '\u00a0true',
  '\ufefftrue',
  'true,',
  'true true',

  '"',
  '"a',
  '"\\"',
  '"\\',
  '"\\u"',
  '"\\u12"',
  '"\\u12G4"',
  '"\\x41"',
  '"\\u0041"',
  '"\\U0041"',
  '"\t"',
  '"\u007f"',
  '"\u0001"',
  '"\n"',

  '"\\u0000"',
  '"\\ud800"',
  '"\\udc00"',
  '"\\ud83d\\ude00"',
  '"\\ud83dx"',
  '"\\ud83d\\n"',
  '"\\ude00\\ud83d"',
  '"\\ud83d\\ud83d\\ude00"',
  '{"\\u0000":1}',
  '{"\\ud800":1}',

  '"\\\\u0000"',
  '"\\ud83d\\u0041"',
  '"\\\\\\u0000"',
  '1e131071',
  '1e131072',
  '1e-16383',
  '1e-16384',
  '0e131072',
  '0e-16384',
  '-1e400000',
  '1e400000',

  '10e131070',
  '10e131071',
  '0.1e131072',
  '0.1e131073',
  '0.01e131073',
  '0.01e131074',
  '0e400000',
  '1e1073741822',
  '0e1073741822',
  '0e1073741824',
  '0e99999999999',
  '1.0e-16382',
  '1.0e-16383',

  `1${'0'.repeat(131071)}`,
  `1${'0'.repeat(131072)}`,
  `0.${'0'.repeat(16382)}1`,
  `0.${'0'.repeat(16383)}1`,
  `0.${'0'.repeat(16384)}`,
  `${'1'.repeat(20000)}.5e-16380`,
]

const pieces = fc.constantFrom(
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"a"',
  '"b\\n"',
  '1',
  '-0.5e3',
  'true',
  'null',
  ' ',
  '"\\u00e9"',
  '"\\ud83d"',
  '\\',
  '"',
  '0',
  '.',
  'e',
  'é',
)

for (const { name, describe } of describeEach) {
  describe(`JSON scanner, ${name}`, () => {
    let client: pg.Client
    beforeAll(async () => {
      client = await connect(await serverUrl(name))
      await client.query(`create function pg_temp.accepts(v text, t text) returns boolean language plpgsql as
        $$ begin execute format('select %L::%s', v, t); return true; exception when others then return false; end $$`)
    })
    afterAll(() => client.end())

    const expectAgreement = async (texts: readonly string[]): Promise<void> => {
      for (const type of ['json', 'jsonb']) {
        const { rows } = await client.query<{ ok: boolean }>(
          `select pg_temp.accepts(v, $2) as ok from unnest($1::text[]) with ordinality u(v, n) order by n`,
          [texts, type],
        )
        const server = texts.map((text, i) => [text.slice(0, 60), rows[i]?.ok])
        const ours = texts.map((text) => [text.slice(0, 60), accepts(text, type === 'jsonb')])
        expect(ours).toEqual(server)
      }
    }

    it('odd documents', async () => {
      expect(odd.length).toBeGreaterThan(100)
      await expectAgreement(odd)
    })

    it('documents broken in one place, and heaps of tokens', async () => {
      const broken = fc
        .tuple(fc.json({ maxDepth: 3 }), fc.nat(), fc.nat(2), pieces)
        .map(
          ([text, at, cut, piece]) =>
            text.slice(0, at % (text.length + 1)) + piece + text.slice((at % (text.length + 1)) + cut),
        )
      const heaps = fc.array(pieces, { maxLength: 9 }).map((all) => all.join(''))
      const texts = [...sample(broken, 1500), ...sample(heaps, 1500)].map(sendable)
      await expectAgreement(texts)
      // The sample must hold both kinds, or it proves nothing.
      const good = texts.filter((text) => accepts(text, true)).length
      expect(good).toBeGreaterThan(100)
      expect(good).toBeLessThan(texts.length - 100)
    })

    it('the deepest document we send is one the server takes', async () => {
      const deep = '['.repeat(MAX_DEPTH) + ']'.repeat(MAX_DEPTH)
      const deepObject = `${'{"a":'.repeat(MAX_DEPTH)}1${'}'.repeat(MAX_DEPTH)}`
      await expectAgreement([deep, deepObject])
      expect(accepts(deep, true)).toBe(true)
      expect(accepts(`[${deep}]`, true)).toBe(false)
    })
  })
}

function accepts(text: string, jsonb: boolean): boolean {
  try {
    checkJson(Buffer.from(text, 'utf8'), jsonb)
    return true
  } catch (error) {
    if (error instanceof Reject) return false
    throw error
  }
}
