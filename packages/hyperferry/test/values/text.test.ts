import { describe, expect, it } from 'vitest'
import { describeBytes } from '../../src/values/text.ts'

describe('describeBytes', () => {
  it('shows text as text and everything else in hex, never both alike', () => {
    expect(describeBytes(Buffer.from('ä b'))).toBe('ä b')
    expect(describeBytes(new Uint8Array())).toBe('')
    expect(describeBytes(Uint8Array.of(0x61, 0))).toBe('\\x6100')
    expect(describeBytes(Uint8Array.of(0xff))).toBe('\\xff')
    expect(describeBytes(Buffer.from('\\x61'))).toBe('\\x5c783631')
    expect(describeBytes(Buffer.from('..ab..').subarray(2, 4))).toBe('ab')
  })
})
