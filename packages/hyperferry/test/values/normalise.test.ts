// Each normal form by hand-made bytes: what a server of another kind, or an older one, might send.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson, canonicalNumber } from '../../src/values/canonical-json.ts'
import { rowHash } from '../../src/values/digest.ts'
import { compileNormaliser, NORMALISER_VERSION } from '../../src/values/normalise.ts'
import { parsePgType } from '../../src/values/pgtype.ts'

/** The normal form of one field given in hex. */
function form(type: string, hex: string): string {
  const field = Buffer.from(hex.replaceAll(' ', ''), 'hex')
  const head = Buffer.alloc(6)
  head.writeInt16BE(1)
  head.writeInt32BE(field.length, 2)
  const tuple = Buffer.concat([Buffer.from('xx'), head, field])
  const n = compileNormaliser([parsePgType(type)])
  const length = n.normalise(tuple, 2, tuple.length)
  // 0: the tuple stays as it is.
  const out = Buffer.from(length === 0 ? tuple.subarray(2) : n.scratch.bytes.subarray(0, length))
  expect([out.readInt16BE(0), out.readInt32BE(2)]).toEqual([1, out.length - 6])
  return out.toString('hex', 6)
}

describe('normal forms', () => {
  it('version', () => {
    expect(NORMALISER_VERSION).toBe(1)
  })

  it('numeric: dscale by the digits, no zero groups', () => {
    const onePointFive = '0002 0000 0000 0001 0001 1388'.replaceAll(' ', '')
    expect(form('numeric', '0002 0000 0000 0001 0001 1388')).toBe(onePointFive)
    expect(form('numeric', '0002 0000 0000 0004 0001 1388')).toBe(onePointFive)
    expect(form('numeric', '0003 0000 0000 0008 0001 1388 0000')).toBe(onePointFive)
    expect(form('numeric', '0003 0001 0000 0001 0000 0001 1388')).toBe(onePointFive)
    expect(form('numeric', '0002 0000 4000 0001 0001 1388')).not.toBe(onePointFive)
    expect(form('numeric', '0001 0001 0000 0002 0001')).toBe('00010001000000000001')
    expect(form('numeric', '0001 fffe 0000 0008 03e8')).toBe('0001fffe0000000503e8')
    expect(form('numeric', '0001 fffe 0000 0008 0064')).toBe('0001fffe000000060064')
    expect(form('numeric', '0001 fffe 0000 0008 000a')).toBe('0001fffe00000007000a')
    expect(form('numeric', '0001 fffe 0000 0009 0001')).toBe('0001fffe000000080001')
    for (const zero of ['0000 0000 0000 0005', '0001 0003 0000 0002 0000', '0000 0000 4000 0000'])
      expect(form('numeric', zero)).toBe('0000000000000000')
    // The server sends infinity with a scale of 32.
    expect(form('numeric', '0000 0000 d000 0020')).toBe('00000000d0000000')
    expect(form('numeric', '0000 0000 c000 0000')).toBe('00000000c0000000')
    expect(form('numeric', '0000 0000 f000 0020')).toBe('00000000f0000000')
  })

  it('numeric: whatever groups of zeros and scale it comes with, a number has one form', () => {
    const hex = (value: number): string => (value & 0xffff).toString(16).padStart(4, '0')
    const group = fc.constantFrom(0, 1, 10, 100, 1000, 1230, 5000, 9999)
    const digits = fc.array(group, { minLength: 1, maxLength: 3 }).filter((all) => all[0] !== 0 && all.at(-1) !== 0)
    fc.assert(
      fc.property(
        fc.record({
          all: digits,
          weight: fc.integer({ min: -3, max: 3 }),
          front: fc.nat(2),
          back: fc.nat(2),
          scale: fc.nat(9),
        }),
        ({ all, weight, front, back, scale }) => {
          const of = (groups: readonly number[], exponent: number, dscale: number): string =>
            form('numeric', [groups.length, exponent, 0, dscale, ...groups].map(hex).join(''))
          const plain = Math.max(0, (all.length - weight - 1) * 4 - (/0*$/.exec(String(all.at(-1)))?.[0].length ?? 0))
          const zeros = (count: number): number[] => Array<number>(count).fill(0)
          const wanted = [all.length, weight, 0, plain, ...all].map(hex).join('')
          expect(of(all, weight, plain)).toBe(wanted)
          expect(of(all, weight, scale)).toBe(wanted)
          const padded = [...zeros(front), ...all, ...zeros(back)]
          for (const dscale of [scale, plain, Math.max(0, (padded.length - weight - front - 1) * 4 - 3)])
            expect(of(padded, weight + front, dscale)).toBe(wanted)
        },
      ),
      { seed: 13, numRuns: 500 },
    )
  })

  it('bpchar: without padding; varchar and text keep spaces', () => {
    expect(form('char(5)', '6162202020')).toBe('6162')
    expect(form('char(5)', '2020')).toBe('')
    expect(form('varchar(5)', '612020')).toBe('612020')
  })

  it('floats: one NaN, two zeros', () => {
    expect(form('real', '7fc00001')).toBe('7fc00000')
    expect(form('real', 'ffc00000')).toBe('7fc00000')
    expect(form('real', '7f800001')).toBe('7fc00000')
    expect([form('real', '7f800000'), form('real', 'ff800000'), form('real', '80000000')]).toEqual([
      '7f800000',
      'ff800000',
      '80000000',
    ])
    expect(form('double precision', '7ff0000000000001')).toBe('7ff8000000000000')
    expect(form('double precision', 'fff8000000000000')).toBe('7ff8000000000000')
    expect(form('double precision', '7ff0000000000000')).toBe('7ff0000000000000')
    expect(form('double precision', '8000000000000000')).toBe('8000000000000000')
  })

  it('arrays: no element type, flags by content, bounds kept, elements in their own form', () => {
    const element = '00000001 61'
    expect(form('text[]', `00000001 00000001 00000019 00000001 00000001 ${element}`)).toBe(
      '00000001 00000000 00000000 00000001 00000001 0000000161'.replaceAll(' ', ''),
    )
    expect(form('text[]', '00000001 00000000 00004e20 00000001 00000005 ffffffff')).toBe(
      '00000001 00000001 00000000 00000001 00000005 ffffffff'.replaceAll(' ', ''),
    )
    expect(form('text[]', '00000000 00000000 00000019')).toBe('000000000000000000000000')
    expect(form('numeric[]', '00000001 00000000 000006a4 00000001 00000001 0000000a 0001 0000 0000 0002 0001')).toMatch(
      /0001000000000000 ?0001$/,
    )
    const floats = (nan: string): string =>
      `00000001 00000000 000002bd 00000002 00000001 00000008 3ff0000000000000 00000008 ${nan}`
    expect(form('float8[]', floats('fff0000000000001'))).toBe(form('float8[]', floats('7ff8000000000000')))
    expect(form('float8[]', floats('7ff8000000000000'))).toMatch(/000000083ff0000000000000000000087ff8000000000000$/)
    expect(form('char(3)[]', '00000001 00000000 00000412 00000001 00000001 00000003 612020')).toMatch(/0000000161$/)
  })

  it('jsonb: by value; json: as it is', () => {
    const hex = (text: string): string => Buffer.from(text).toString('hex')
    expect(form('jsonb', `01${hex('{"b": 1.0, "a": [ ]}')}`)).toBe(`01${hex('{"a":[],"b":1}')}`)
    expect(form('json', hex('{"b": 1.0}'))).toBe(hex('{"b": 1.0}'))
  })

  it('NULL stays NULL among fields of every kind', () => {
    const n = compileNormaliser(['numeric', 'text', 'float8'].map(parsePgType))
    const hex = (float: string): string => `0003ffffffff0000000161${float}`
    const plain = Buffer.from(hex('000000083ff0000000000000'), 'hex')
    expect(n.normalise(plain, 0, plain.length)).toBe(0)
    const odd = Buffer.from(hex('000000087ff0000000000001'), 'hex')
    const length = n.normalise(odd, 0, odd.length)
    expect(Buffer.from(n.scratch.bytes.subarray(0, length)).toString('hex')).toBe(hex('000000087ff8000000000000'))
    const none = Buffer.from('0003ffffffffffffffffffffffff', 'hex')
    expect(n.normalise(none, 0, none.length)).toBe(0)
  })

  it('knows when nothing has to be done', () => {
    expect(
      compileNormaliser(['bigint', 'text', 'timestamptz', 'interval', 'uuid', 'json'].map(parsePgType)).identity,
    ).toBe(true)
    for (const type of ['numeric', 'char(2)', 'real', 'float8', 'jsonb', 'text[]']) {
      expect(compileNormaliser([parsePgType('int4'), parsePgType(type)]).identity).toBe(false)
    }
  })

  it('refuses a tuple of other columns', () => {
    const n = compileNormaliser([parsePgType('numeric')])
    for (const hex of ['0002ffffffffffffffff', '0001ffffffff00', '0001']) {
      const tuple = Buffer.from(hex, 'hex')
      expect(() => rowHash(n, tuple, 0, tuple.length)).toThrow(expect.objectContaining({ code: 'HF-X001' }))
    }
  })
})

describe('canonicalJson', () => {
  it.each([
    [' { "b" : 1 , "a" : 2, "b" : 3 } ', '{"a":2,"b":3}'],
    ['{"ä":1,"z":2,"😀":3,"\uffff":4}', '{"z":2,"ä":1,"😀":3,"\uffff":4}'],
    ['"\\u0041\\n\\/"', '"A\\n/"'],
    ['["a:b", ":", "{"]', '["a:b",":","{"]'],
    ['{"a":{"b":{"a":1}},"c":[[],[{}]]}', '{"a":{"b":{"a":1}},"c":[[],[{}]]}'],
    ['{"__proto__":{"a":1}}', '{"__proto__":{"a":1}}'],
    ['[null,true,false]', '[null,true,false]'],
    ['{"a":"x","x":"a"}', '{"a":"x","x":"a"}'],
    ['{"k":[{"k":"k"},"k"],"":""}', '{"":"","k":[{"k":"k"},"k"]}'],
  ])('%s', (text, canonical) => {
    expect(canonicalJson(text)).toBe(canonical)
  })

  it('long strings, deep nesting', () => {
    const long = JSON.stringify('x\n"'.repeat(2_000_000))
    expect(canonicalJson(` ${long} `) === long).toBe(true)
    const deep = '['.repeat(50_000) + ']'.repeat(50_000)
    expect(canonicalJson(deep) === deep).toBe(true)
  })

  it.each([
    ['1.50e2', '15e1'],
    ['-0.0', '0'],
    ['0e5', '0'],
    ['1e-3', '1e-3'],
    ['0.001', '1e-3'],
    ['-12.340', '-1234e-2'],
    ['100', '1e2'],
    ['1e2', '1e2'],
    ['0.00012e3', '12e-2'],
    ['123.456E+1', '123456e-2'],
    ['9007199254740993.1', '90071992547409931e-1'],
    ['0', '0'],
    ['-7', '-7'],
    ['10.0', '1e1'],
    ['1e100000', '1e100000'],
  ])('number %s is %s', (text, canonical) => {
    expect(canonicalNumber(text)).toBe(canonical)
  })
})
