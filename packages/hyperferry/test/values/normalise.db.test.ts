// Normal forms against the server's own idea of equality: equal values have equal hashes, others have not.
import fc from 'fast-check'
import pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWith, serverUrl } from '../../../../test/servers/index.ts'
import { CopyParser } from '../../src/values/copy-stream.ts'
import { rowHash } from '../../src/values/digest.ts'
import { compileNormaliser } from '../../src/values/normalise.ts'
import { parsePgType } from '../../src/values/pgtype.ts'
import { connect, sample } from './round-trip.ts'

const describe = await describeWith('pg18')

describe('normal forms', () => {
  let client: pg.Client
  beforeAll(async () => {
    client = await connect(await serverUrl('pg18'))
  })
  afterAll(() => client.end())

  /** Numbers of the classes of equal values, by the server and by our hashes, both in order of first appearance. */
  const classes = async (type: string, texts: string[], compareAs = type): Promise<[number[], number[]]> => {
    const from = `from unnest(array[${texts.map(pg.escapeLiteral).join(',')}]::text[]) with ordinality u(v, n)`
    const { rows } = await client.query<{ r: string }>(
      `select dense_rank() over (order by v::${type}::${compareAs}) as r ${from} order by n`,
    )
    const normaliser = compileNormaliser([parsePgType(type)])
    const hashes: string[] = []
    const parser = new CopyParser()
    const out = client.query(copyTo(`copy (select v::${type} ${from} order by n) to stdout (format binary)`))
    for await (const chunk of out as AsyncIterable<Uint8Array>) {
      parser.push(chunk, (bytes, ends) => {
        ends.forEach((end, i) => hashes.push(rowHash(normaliser, bytes, ends[i - 1] ?? 0, end)))
      })
    }
    parser.end()
    return [numbered(rows.map((row) => row.r)), numbered(hashes)]
  }

  it('numeric', async () => {
    const few = fc.tuple(
      fc.constantFrom('', '-'),
      fc.integer({ min: 0, max: 30 }),
      fc.integer({ min: -6, max: 6 }),
      fc.nat(6),
    )
    const texts = sample(few, 1500).map(([sign, n, shift, zeros]) => `${sign}${n}.${'0'.repeat(zeros)}e${shift}`)
    texts.push(
      'NaN',
      'Infinity',
      '-Infinity',
      'nan',
      'inf',
      '0',
      '-0',
      '0.000',
      '10000',
      '1e4',
      '10000.0',
      '0.0001',
      '1.0e-4',
    )
    const [server, ours] = await classes('numeric', texts)
    expect(ours).toEqual(server)
    expect(Math.max(...server)).toBeGreaterThan(20)
    expect(Math.max(...server)).toBeLessThan(texts.length / 2)
  })

  it('jsonb', async () => {
    const leaf = fc.constantFrom(
      '1',
      '1.0',
      '10e-1',
      '0',
      '-0.0',
      '"1"',
      '"a"',
      '"\\u0061"',
      'null',
      'true',
      '[]',
      '{}',
      '12',
      '1.2e1',
      '"\\n"',
      '" "',
    )
    const key = fc.constantFrom('"a"', '"b"', '"aa"', '"\\u0062"', '"é"')
    const { value } = fc.letrec<{ value: string }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 2 },
        leaf,
        fc.array(tie('value'), { maxLength: 2 }).map((all) => `[${all.join(' , ')}]`),
        fc
          .array(fc.tuple(key, tie('value')), { maxLength: 3 })
          .map((all) => `{${all.map(([k, v]) => `${k} : ${v}`).join(',')}}`),
      ),
    }))
    const texts = sample(value, 3000)
    const [server, ours] = await classes('jsonb', texts)
    expect(ours).toEqual(server)
    expect(Math.max(...server)).toBeGreaterThan(100)
  })

  it('char(n) and arrays of it', async () => {
    const texts = ['a', 'a ', ' a', '', '   ', 'ab', 'ab ']
    const [server, ours] = await classes('char(5)', texts)
    expect(ours).toEqual(server)
    const arrays = ['{a,b}', '{"a ",b}', '{}', '{NULL}', '{a,NULL}', '[0:1]={a,b}', '{{a},{b}}', '{a,b }']
    const [serverArrays, ourArrays] = await classes('char(3)[]', arrays)
    expect(ourArrays).toEqual(serverArrays)
    const numbers = ['{1.0,2}', '{1,2.00}', '{1,NULL}', '{NULL,1}', '{}', '{12}', '{1,2,0}']
    const [serverNumbers, ourNumbers] = await classes('numeric[]', numbers)
    expect(ourNumbers).toEqual(serverNumbers)
  })

  it('types whose bytes are their normal form', async () => {
    const dates = ['2024-01-01 00:00+00', '2024-01-01 01:00+01', '2023-12-31 24:00+00', '1999-01-01 BC', '0001-01-01']
    const cases: [string, string[]][] = [
      ['timestamptz', dates],
      ['inet', ['10.0.0.1', '10.0.0.1/32', '10.0.0.1/8', '::1', '::0001', '::1/128']],
      ['bit varying', ['1', '10', '100', '1', '00000001', '']],
      ['uuid', ['6ccd780c-baba-1026-9564-5b8c656024db', '{6CCD780CBABA102695645B8C656024DB}']],
    ]
    for (const [type, texts] of cases) {
      const [same, hashed] = await classes(type, texts)
      expect(hashed, type).toEqual(same)
    }
    // Equal to the server, but another value to whoever wrote it: kept apart.
    const [server, ours] = await classes('interval', ['1 day', '24 hours', '1 mon', '30 days', '24:00:00'], 'text')
    expect(ours).toEqual(server)
  })
})

function numbered(keys: string[]): number[] {
  const seen = new Map<string, number>()
  return keys.map((key) => {
    const n = seen.get(key) ?? seen.size
    seen.set(key, n)
    return n
  })
}
