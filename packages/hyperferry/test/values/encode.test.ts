// What encoders refuse, and what they count.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  encodeBits,
  encodeInet,
  encodeInetBytes,
  encodeTextArray,
  encodeUuid,
  encodeUuidText,
} from '../../src/values/encode/binary.ts'
import { encodeJson } from '../../src/values/encode/json.ts'
import { encodeBool, encodeFloat, encodeIntChecked } from '../../src/values/encode/number.ts'
import { encodeNumericBigint, encodeNumericText } from '../../src/values/encode/numeric.ts'
import { Reject } from '../../src/values/encode/reject.ts'
import { encodeText, type TextRules } from '../../src/values/encode/text.ts'
import {
  encodeDateDays,
  encodeEpoch,
  encodeIntervalMicros,
  encodeTimeMicros,
  encodeTimestampMicros,
  encodeTimestampParts,
  encodeWallParts,
} from '../../src/values/encode/timestamp.ts'
import { parsePgType } from '../../src/values/pgtype.ts'
import { LOSS_CODES, REJECT_CODES } from '../../src/values/reject-codes.ts'
import { daysFromCivil } from '../../src/values/time.ts'
import { TupleWriter } from '../../src/values/tuple-writer.ts'
import { compileZone } from '../../src/values/zones.ts'

const nothing = (): void => {}

/** The code of the refusal, or the field's bytes in hex without their length. */
function outcome(write: (w: TupleWriter) => void): string {
  const w = new TupleWriter(1)
  try {
    write(w)
  } catch (error) {
    if (error instanceof Reject) return error.code
    throw error
  }
  return w.buffer.toString('hex', 4, w.size)
}

const numeric = (text: string, type: string): string => outcome((w) => encodeNumericText(w, text, parsePgType(type)))
const int = (v: bigint | number, type: string): string => outcome((w) => encodeIntChecked(w, v, parsePgType(type)))
const float = (v: number, type: string): string => outcome((w) => encodeFloat(w, v, parsePgType(type)))
const text = (bytes: Uint8Array | number[] | string, rules: TextRules = {}, type = 'text'): string => {
  const losses: string[] = []
  const all = typeof bytes === 'string' ? Buffer.from(bytes) : Buffer.from(bytes)
  const result = outcome((w) =>
    encodeText(w, all, 0, all.length, rules, parsePgType(type), (code) => losses.push(code)),
  )
  return [result, ...losses].join(' ')
}
const json = (document: string | number[], type = 'jsonb'): string =>
  outcome((w) =>
    encodeJson(w, typeof document === 'string' ? Buffer.from(document) : Buffer.from(document), parsePgType(type)),
  )

describe('numeric', () => {
  it('is exact or refused', () => {
    expect(numeric('1.2300', 'numeric(5,2)')).toBe('0002000000000002000108fc')
    expect(numeric('1.005', 'numeric(5,2)')).toBe('HF-D003')
    expect(numeric('999.99', 'numeric(5,2)')).not.toMatch(/^HF/)
    expect(numeric('1000', 'numeric(5,2)')).toBe('HF-D002')
    expect(numeric('0001000e-1', 'numeric(5,2)')).not.toMatch(/^HF/)
    expect(numeric('999.999', 'numeric(5,2)')).toBe('HF-D003')
    expect(numeric('0.0999', 'numeric(3,4)')).not.toMatch(/^HF/)
    expect(numeric('0.1', 'numeric(3,4)')).toBe('HF-D002')
    expect(numeric('12000', 'numeric(2,-3)')).not.toMatch(/^HF/)
    expect(numeric('12100', 'numeric(2,-3)')).toBe('HF-D003')
    expect(numeric('100000', 'numeric(2,-3)')).toBe('HF-D002')
    expect(numeric('0.000', 'numeric(5,0)')).toBe('0000000000000000')
    expect(numeric('0e999', 'numeric(1,0)')).toBe('0000000000000000')
    expect(numeric('1e131072', 'numeric')).toBe('HF-D002')
    expect(numeric('1e-16384', 'numeric')).toBe('HF-D003')
    expect(numeric('1e99999999999', 'numeric')).toBe('HF-D002')
    expect(numeric('Infinity', 'numeric(5,2)')).toBe('HF-D002')
  })

  it.each([
    '',
    '-',
    '.',
    'abc',
    '1x',
    '1 ',
    ' 1',
    '1e',
    '1e+',
    '1.2.3',
    '0x10',
    'nan',
    '1e5.5',
    '--1',
    'ıı',
    '1e1234567890123',
  ])('%j is no number', (given) => {
    expect(numeric(given, 'numeric')).toBe('HF-D010')
  })

  it('integers are the same bytes from text, number and bigint', () => {
    const type = parsePgType('numeric')
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), (v) => {
        expect(outcome((w) => encodeNumericBigint(w, v, type))).toBe(numeric(String(v), 'numeric'))
      }),
      { seed: 3 },
    )
    fc.assert(
      fc.property(fc.maxSafeInteger(), (v) => {
        expect(int(v, 'numeric')).toBe(numeric(String(v), 'numeric'))
      }),
      { seed: 4 },
    )
  })

  it('a double is the decimal whose nearest double it is', () => {
    expect(float(0.1, 'numeric(5,2)')).toBe(numeric('0.10', 'numeric(5,2)'))
    expect(float(1.005, 'numeric(5,2)')).toBe('HF-D003')
    expect(float(0.30000000000000004, 'numeric(5,1)')).toBe('HF-D003')
    expect(float(1234.5, 'numeric(5,2)')).toBe('HF-D002')
    expect(float(1e30, 'numeric(40,2)')).toBe(numeric('1000000000000000019884624838656', 'numeric(40,2)'))
    expect(float(0.1, 'numeric')).toBe(numeric('0.1', 'numeric'))
    expect(float(-5e-7, 'numeric')).toBe(numeric('-0.0000005', 'numeric'))
    expect(float(NaN, 'numeric(5,2)')).toBe('00000000c0000000')
    expect(float(Infinity, 'numeric(5,2)')).toBe('HF-D002')
  })
})

describe('integers, floats, booleans', () => {
  it('neither clamps nor wraps', () => {
    expect([
      int(32767, 'smallint'),
      int(32768, 'smallint'),
      int(-32768n, 'smallint'),
      int(-32769n, 'smallint'),
    ]).toEqual(['7fff', 'HF-D002', '8000', 'HF-D002'])
    expect([int(2147483647, 'integer'), int(2147483648, 'integer'), int(-2147483649, 'integer')]).toEqual([
      '7fffffff',
      'HF-D002',
      'HF-D002',
    ])
    expect([int(2n ** 63n - 1n, 'bigint'), int(2n ** 63n, 'bigint'), int(-(2n ** 63n) - 1n, 'bigint')]).toEqual([
      '7fffffffffffffff',
      'HF-D002',
      'HF-D002',
    ])
    expect([int(2n ** 64n - 1n, 'numeric(20,0)'), int(10n ** 20n, 'numeric(20,0)')]).toEqual([
      numeric('18446744073709551615', 'numeric(20,0)'),
      'HF-D002',
    ])
  })

  it('is exact as a float or refused', () => {
    expect([int(2n ** 60n, 'double precision'), int(2n ** 60n + 1n, 'double precision')]).toEqual([
      '43b0000000000000',
      'HF-D003',
    ])
    expect([int(16777216, 'real'), int(16777217, 'real')]).toEqual(['4b800000', 'HF-D003'])
    expect([float(0.5, 'real'), float(0.1, 'real'), float(1e39, 'real'), float(-0, 'real')]).toEqual([
      '3f000000',
      'HF-D003',
      'HF-D002',
      '80000000',
    ])
    expect([float(NaN, 'real'), float(-Infinity, 'real'), float(Math.fround(0.1), 'real')]).toEqual([
      '7fc00000',
      'ff800000',
      '3dcccccd',
    ])
    expect([float(3, 'integer'), float(3.5, 'integer'), float(NaN, 'bigint'), float(2 ** 63, 'bigint')]).toEqual([
      '00000003',
      'HF-D003',
      'HF-D002',
      'HF-D002',
    ])
    expect(float(-(2 ** 63), 'bigint')).toBe('8000000000000000')
  })

  it('knows two booleans', () => {
    expect([0, 1, 2, -1, 1n].map((v) => outcome((w) => encodeBool(w, v)))).toEqual([
      '00',
      '01',
      'HF-D010',
      'HF-D010',
      '01',
    ])
    expect(int(1, 'text')).toBe('HF-D010')
  })
})

describe('times', () => {
  const at = (micros: bigint, type: string): string =>
    outcome((w) => encodeTimestampMicros(w, micros, parsePgType(type), nothing))

  it('ends where PostgreSQL ends', () => {
    expect(at(-210866803200000000n, 'timestamptz')).toBe('fd0f7cc1411fa000')
    expect(at(-210866803200000001n, 'timestamptz')).toBe('HF-D004')
    expect(at(9224318015999999999n, 'timestamp')).not.toBe('HF-D004')
    expect(at(9224318016000000000n, 'timestamp')).toBe('HF-D004')
    expect(at(9224318016000000000n, 'date')).not.toBe('HF-D004')
    expect(at(10n ** 30n, 'date')).toBe('HF-D004')
    expect(at(-(10n ** 30n), 'timestamptz')).toBe('HF-D004')
    const date = (days: number): string => outcome((w) => encodeDateDays(w, days))
    expect([date(daysFromCivil(-4713, 11, 24)), date(daysFromCivil(-4713, 11, 23))]).toEqual(['ffda97a7', 'HF-D004'])
    expect([date(daysFromCivil(5874897, 12, 31)), date(daysFromCivil(5874898, 1, 1))]).toEqual(['7fda970c', 'HF-D004'])
    const time = (v: number): string => outcome((w) => encodeTimeMicros(w, v, parsePgType('time'), nothing))
    expect([time(-1), time(86_400_000_001)]).toEqual(['HF-D004', 'HF-D004'])
    expect(outcome((w) => encodeIntervalMicros(w, 2n ** 63n))).toBe('HF-D004')
  })

  it('parts and microseconds are the same bytes', () => {
    const anyMicros = fc.bigInt({ min: -210866803200000000n, max: 9224318015999999999n })
    fc.assert(
      fc.property(anyMicros, fc.constantFrom('timestamptz', 'timestamp(2)', 'date'), (micros, type) => {
        const pg = parsePgType(type)
        const day = 86_400_000_000n
        const days = (micros - (((micros % day) + day) % day)) / day
        const parts = outcome((w) => encodeTimestampParts(w, Number(days), Number(micros - days * day), pg, nothing))
        expect(parts).toBe(at(micros, type))
      }),
      { seed: 5, numRuns: 300 },
    )
  })

  it('counts what was cut, once', () => {
    let cut = 0
    const count = (): void => {
      cut += 1
    }
    const losses = (write: (w: TupleWriter) => void): number => {
      cut = 0
      outcome(write)
      return cut
    }
    expect(losses((w) => encodeTimestampMicros(w, -1n, parsePgType('timestamptz(3)'), count))).toBe(1)
    expect(losses((w) => encodeTimestampMicros(w, -1000n, parsePgType('timestamptz(3)'), count))).toBe(0)
    expect(losses((w) => encodeTimestampMicros(w, 1n, parsePgType('date'), count))).toBe(1)
    expect(losses((w) => encodeEpoch(w, 1_234_567n, 'ns', parsePgType('timestamptz(0)'), count))).toBe(1)
    expect(losses((w) => encodeEpoch(w, 1_234_567, 'ns', parsePgType('timestamptz(0)'), count))).toBe(1)
    expect(losses((w) => encodeEpoch(w, 2n ** 62n + 1n, 'ns', parsePgType('timestamptz'), count))).toBe(1)
    expect(losses((w) => encodeEpoch(w, 1_234_000, 'ns', parsePgType('timestamptz(0)'), count))).toBe(1)
    expect(losses((w) => encodeEpoch(w, 1_234_000, 'ns', parsePgType('timestamptz'), count))).toBe(0)
  })

  it('an epoch number is the same as a number and as a bigint', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.constantFrom('s', 'ms', 'us', 'ns'), (v, unit) => {
        const pg = parsePgType('timestamptz')
        const viaMicros = { s: 1_000_000n, ms: 1000n, us: 1n, ns: 1n }[unit] * BigInt(v)
        const micros = unit === 'ns' ? BigInt(Math.floor(v / 1000)) : viaMicros
        expect(outcome((w) => encodeEpoch(w, v, unit, pg, nothing))).toBe(at(micros, 'timestamptz'))
        expect(outcome((w) => encodeEpoch(w, BigInt(v), unit, pg, nothing))).toBe(at(micros, 'timestamptz'))
      }),
      { seed: 6, numRuns: 500 },
    )
    expect(outcome((w) => encodeEpoch(w, 10n ** 19n, 's', parsePgType('timestamptz'), nothing))).toBe('HF-D004')
  })

  it('wall clocks: gap refused, fold counted, day borders crossed', () => {
    const berlin = compileZone('Europe/Berlin')
    const wall = (m: number, d: number, h: number, minute: number): [string, number] => {
      let folds = 0
      const micros = (h * 60 + minute) * 60_000_000
      const result = outcome((w) =>
        encodeWallParts(w, daysFromCivil(2024, m, d), micros, berlin, parsePgType('timestamptz'), {
          onFloor: nothing,
          onFold: () => (folds += 1),
        }),
      )
      return [result, folds]
    }
    expect(wall(3, 31, 2, 30)).toEqual(['HF-D011', 0])
    // 00:30 UTC, not 01:30 UTC.
    expect(wall(10, 27, 2, 30)).toEqual([at(1_729_989_000_000_000n, 'timestamptz'), 1])
    expect(wall(7, 1, 0, 30)).toEqual([at(1_719_786_600_000_000n, 'timestamptz'), 0])
    // Types without a zone keep the wall clock, gap or not.
    const kept = outcome((w) =>
      encodeWallParts(w, daysFromCivil(2024, 3, 31), 9_000_000_000, berlin, parsePgType('timestamp'), {
        onFloor: nothing,
        onFold: nothing,
      }),
    )
    expect(kept).toBe(at(1_711_852_200_000_000n, 'timestamp'))
    const york = compileZone('America/New_York')
    const late = outcome((w) =>
      encodeWallParts(w, daysFromCivil(2024, 7, 1), 23 * 3_600_000_000, york, parsePgType('timestamptz'), {
        onFloor: nothing,
        onFold: nothing,
      }),
    )
    expect(late).toBe(at(1_719_889_200_000_000n, 'timestamptz'))
  })
})

describe('text', () => {
  const bad = Buffer.from([0x61, 0xe9, 0x62])

  it('is valid UTF-8 without NUL, by the rules', () => {
    expect(text('aä')).toBe('61c3a4')
    expect(text(bad)).toBe('HF-D007')
    expect(text(bad, { invalidText: 'replace' })).toBe('61efbfbd62 HF-L004')
    expect(text(bad, { invalidText: 'windows-1252' })).toBe('61c3a962 HF-L004')
    expect(text([0x80, 0x9f], { invalidText: 'windows-1252' })).toBe('e282acc5b8 HF-L004')
    expect(text('é', { invalidText: 'windows-1252' })).toBe('c3a9')
    expect(text('a\0b')).toBe('HF-D006')
    expect(text('a\0b', { nul: 'strip' })).toBe('6162 HF-L003')
    expect(text('a\0b', { nul: 'replace' })).toBe('61efbfbd62 HF-L003')
    expect(text([0, 0xe9], { nul: 'strip', invalidText: 'windows-1252' })).toBe('c3a9 HF-L004 HF-L003')
    expect(text([...Buffer.alloc(400, 0x61), 0])).toBe('HF-D006')
    expect(text([...Buffer.alloc(400, 0x61), 0xff])).toBe('HF-D007')
    expect(text([0xef, 0xbb, 0xbf, 0xff], { invalidText: 'replace' })).toBe('efbbbfefbfbd HF-L004')
  })

  it.each([0x81, 0x8d, 0x8f, 0x90, 0x9d])('windows-1252 has no character %i', (byte) => {
    expect(text([byte], { invalidText: 'windows-1252' })).toBe('HF-D007')
  })

  it.each(['c080', 'eda080', 'edbfbf', 'f4908080', 'f8888080', 'e282', '80', 'c1bf', 'f0808080'])(
    '%s is not UTF-8',
    (hex) => {
      expect(text(Buffer.from(hex, 'hex'))).toBe('HF-D007')
    },
  )

  it('counts characters and never cuts', () => {
    expect(text('äöü', {}, 'varchar(3)')).toBe('c3a4c3b6c3bc')
    expect(text('😀😀', {}, 'varchar(2)')).not.toMatch(/HF/)
    expect(text('abcd', {}, 'varchar(3)')).toBe('HF-D012')
    expect(text('äöüß', {}, 'varchar(3)')).toBe('HF-D012')
    // PostgreSQL itself would cut these spaces off without a word.
    expect(text('abc ', {}, 'varchar(3)')).toBe('HF-D012')
    expect(text('abc  ', {}, 'char(3)')).toBe('616263')
    expect(text('a\0bc', { nul: 'strip' }, 'varchar(3)')).toBe('616263 HF-L003')
  })

  it('elements of arrays by the same rules', () => {
    const type = parsePgType('text[]')
    const list = (...elements: Uint8Array[]): string => outcome((w) => encodeTextArray(w, elements, {}, type, nothing))
    expect(list()).toBe('000000000000000000000019')
    expect(list(Buffer.from('a'))).toBe('00000001000000000000001900000001000000010000000161')
    expect(list(Buffer.from('a'), bad)).toBe('HF-D007')
  })
})

describe('json', () => {
  it('tells the reasons apart', () => {
    expect(json('{"a":1}')).toBe(`01${Buffer.from('{"a":1}').toString('hex')}`)
    expect(json('{"a":1}', 'json')).toBe(Buffer.from('{"a":1}').toString('hex'))
    expect(json('{')).toBe('HF-D009')
    expect(json('')).toBe('HF-D009')
    expect(json('"\\u0000"')).toBe('HF-D008')
    expect(json('"\\u0000"', 'json')).not.toMatch(/HF/)
    expect(json('"\\ud800"')).toBe('HF-D008')
    expect(json('"\\ud800"', 'json')).not.toMatch(/HF/)
    expect(json('1e400000')).toBe('HF-D002')
    expect(json('1e400000', 'json')).not.toMatch(/HF/)
    expect(json('"\0"')).toBe('HF-D009')
    expect(json([0x22, 0xff, 0x22])).toBe('HF-D007')
  })
})

describe('bytes', () => {
  it('refuses what has another shape', () => {
    expect(outcome((w) => encodeUuid(w, new Uint8Array(15), false))).toBe('HF-D010')
    for (const wrong of [
      '',
      '6ccd780c',
      '6ccd780c-baba-1026-9564-5b8c656024dg',
      '6ccd780cbaba-1026-9564-5b8c656024db',
      '{6ccd780c-baba-1026-9564-5b8c656024db',
    ]) {
      expect(outcome((w) => encodeUuidText(w, wrong))).toBe('HF-D010')
    }
    for (const wrong of [
      '',
      '1.2.3',
      '1.2.3.256',
      '01.2.3.4',
      '1.2.3.4/33',
      '::/129',
      ':',
      '1:2:3:4:5:6:7',
      '1::2::3',
      '1:2:3:4:5:6:7:8::',
      'g::',
      '12345::',
      '1.2.3.4:5',
      '::1.2.3',
      '1.2.3.4/',
    ]) {
      expect([wrong, outcome((w) => encodeInet(w, wrong))]).toEqual([wrong, 'HF-D010'])
    }
    expect(outcome((w) => encodeInetBytes(w, new Uint8Array(5)))).toBe('HF-D010')
  })

  it('bits that do not fit', () => {
    const bits = (bytes: number[], nbits: number, type: string): string =>
      outcome((w) => encodeBits(w, Buffer.from(bytes), nbits, parsePgType(type)))
    expect(bits([0x05], 3, 'bit(3)')).toBe('00000003a0')
    expect(bits([0x05], 3, 'bit(9)')).toBe('000000090280')
    expect(bits([0x08], 4, 'bit(3)')).toBe('HF-D002')
    expect(bits([0x05], 3, 'bit varying(2)')).toBe('HF-D012')
    expect(bits([0xff, 0x01], 1, 'bit(1)')).toBe('HF-D002')
  })
})

describe('codes', () => {
  it('every code has all its texts', () => {
    for (const entry of Object.values({ ...REJECT_CODES, ...LOSS_CODES })) {
      expect(Math.min(entry.title.length, entry.means.length, entry.todo.length)).toBeGreaterThan(4)
    }
  })
})
