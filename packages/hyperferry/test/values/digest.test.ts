import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Digest, digestBatch, rowHash } from '../../src/values/digest.ts'
import { murmur3 } from '../../src/values/murmur3.ts'
import { compileNormaliser } from '../../src/values/normalise.ts'
import { parsePgType } from '../../src/values/pgtype.ts'
import { viewOf } from '../../src/values/view-of.ts'

const MASK = 2n ** 64n - 1n
const rows = fc.array(fc.uint8Array({ maxLength: 70 }), { maxLength: 40 })
const digestOf = (all: readonly Uint8Array[]): Digest => {
  const digest = new Digest()
  for (const row of all) digest.add(viewOf(row), 0, row.length)
  return digest
}
const hash = (text: string, seed: number): string => {
  const words = new Uint32Array(4)
  const bytes = Buffer.from(`..${text}.`)
  murmur3(viewOf(bytes), 2, bytes.length - 1, seed, words)
  return Array.from(words, (word) => word.toString(16).padStart(8, '0')).join('')
}

describe('murmur3', () => {
  // Reference: MurmurHash3_x86_128 of the SMHasher suite.
  it.each([
    ['', 0, '00000000000000000000000000000000'],
    ['', 1, '88c4adec54d201b954d201b954d201b9'],
    ['The quick brown fox jumps over the lazy dog', 0, '2f1583c3ecee2c675d7bf66ce5e91d2c'],
    ['I will not buy this tobacconist\u0027s, it is scratched.', 0, '9b5b7ba2ef3f7866889adeaf00f3f98e'],
  ])('%j seed %i', (text, seed, expected) => {
    expect(hash(text, seed)).toBe(expected)
  })

  it('the verification value of SMHasher: every length, every byte', () => {
    // Hashes of 0, 01, 0102, … with seed 256 − length, then the hash of all of them.
    const words = new Uint32Array(4)
    const hashes = Buffer.alloc(256 * 16)
    const key = Uint8Array.from({ length: 256 }, (_, i) => i)
    for (let length = 0; length < 256; length += 1) {
      murmur3(viewOf(key), 0, length, 256 - length, words)
      words.forEach((word, i) => hashes.writeUInt32LE(word, length * 16 + i * 4))
    }
    murmur3(viewOf(hashes), 0, hashes.length, 0, words)
    expect(words[0]).toBe(0xb3ece62a)
  })
})

describe('Digest', () => {
  it('does not depend on order, sees duplicates, adds up', () => {
    fc.assert(
      fc.property(rows, rows, fc.nat(), (a, b, cut) => {
        const whole = digestOf([...a, ...b])
        expect(digestOf([...b, ...a].toReversed()).equals(whole)).toBe(true)
        const sum = digestOf(a)
        sum.merge(cut % 2 ? digestOf(b) : digestOf(b).toString())
        expect(String(sum)).toBe(String(whole))
        expect(sum.rows).toBe(a.length + b.length)
        const more = [...a, Buffer.from('one more')]
        expect(digestOf(more).equals(digestOf(a))).toBe(false)
        expect(digestOf([...more, ...more]).equals(digestOf(more))).toBe(false)
        expect(String(Digest.parse(String(whole)))).toBe(String(whole))
      }),
      { seed: 7 },
    )
  })

  it('a pair of equal rows is not nothing, as it would be with XOR', () => {
    const [a, b] = [Buffer.from('a'), Buffer.from('b')]
    const words = (d: Digest): string => String(d).split(':').slice(2).join(':')
    expect(words(digestOf([a, a]))).not.toBe(words(digestOf([b, b])))
  })

  it('sums are exact beyond the fold, and modulo 2^64', () => {
    // Seven rows in turn: roundings of one and the same sum could cancel each other out.
    const cycle = Array.from({ length: 7 }, (_, i) => Buffer.from(`row ${i}`))
    const expected = [0n, 0n, 0n, 0n]
    const words = new Uint32Array(4)
    // More than the 2^21 rows after which a sum of words is no safe integer any more.
    const times = 600_000
    for (const row of cycle) {
      murmur3(viewOf(row), 0, row.length, 0x48460001, words)
      words.forEach((word, i) => (expected[i]! += BigInt(word) * BigInt(times)))
    }
    const many = new Digest()
    for (let i = 0; i < times; i += 1) for (const row of cycle) many.add(viewOf(row), 0, row.length)
    const text = expected.map((sum) => (sum & MASK).toString(16).padStart(16, '0')).join(':')
    expect(String(many)).toBe(`hf1:${(times * 7).toString(16)}:${text}`)
    const full = Digest.parse(`hf1:1:${'ffffffffffffffff:'.repeat(3)}ffffffffffffffff`)
    full.merge(`hf1:1:${'0000000000000002:'.repeat(3)}0000000000000001`)
    expect(String(full)).toBe(`hf1:2:${'0000000000000001:'.repeat(3)}0000000000000000`)
  })

  it.each(['', 'hf2:1:0:0:0:0', 'hf1:1:0:0:0:0', `hf1:g:${'0'.repeat(16)}`])('refuses the text %j', (wrong) => {
    expect(() => Digest.parse(wrong)).toThrow(expect.objectContaining({ code: 'HF-V002' }))
  })
})

describe('digestBatch and rowHash', () => {
  it('hash the tuple in its normal form, field count and lengths included', () => {
    const identity = compileNormaliser([parsePgType('text'), parsePgType('text')])
    const two = (a: string, b: string): Buffer =>
      Buffer.concat([
        Buffer.from([0, 2, 0, 0, 0, a.length]),
        Buffer.from(a),
        Buffer.from([0, 0, 0, b.length]),
        Buffer.from(b),
      ])
    const tuples = [two('ab', 'c'), two('a', 'bc')]
    expect(rowHash(identity, tuples[0]!, 0, tuples[0]!.length)).not.toBe(
      rowHash(identity, tuples[1]!, 0, tuples[1]!.length),
    )
    const bytes = Buffer.concat(tuples)
    const batch = new Digest()
    digestBatch(batch, identity, bytes, Uint32Array.of(tuples[0]!.length, bytes.length))
    expect(String(batch)).toBe(String(digestOf(tuples)))
    expect(rowHash(identity, bytes, tuples[0]!.length, bytes.length)).toBe(
      rowHash(identity, tuples[1]!, 0, tuples[1]!.length),
    )
  })
})
