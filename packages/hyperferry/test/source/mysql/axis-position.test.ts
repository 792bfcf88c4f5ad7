import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { axisScale, plainMicros } from '../../../src/source/mysql/axis-position.ts'
import type { AxisScale } from '../../../src/source/mysql/axis-position.ts'
import { parseColumnType } from '../../../src/source/mysql/column-type.ts'

const FIRST = -62_167_219_200_000_000n
const LAST = 253_402_300_799_999_999n

function scale(type: string): AxisScale {
  const found = axisScale(parseColumnType(type))
  if (!found) throw new Error(type)
  return found
}

/** What the condition says of a stored value, the literal being compared as text, as these sort. */
function holds(condition: string, value: string): boolean {
  if (condition === 'TRUE' || condition === 'FALSE') return condition === 'TRUE'
  const [, operator, literal = ''] = /(>=|<) \w+'([^']*)'$/.exec(condition) ?? []
  return operator === '<' ? value < literal : value >= literal
}

describe('axisScale', () => {
  it('has none for types without order by number', () => {
    for (const type of ['varchar(9)', 'decimal(9,2)', 'double', 'time', 'json'])
      expect(axisScale(parseColumnType(type))).toBeNull()
  })

  it.each([
    ['date', 86_400_000_000n, 10],
    ['datetime', 1_000_000n, 19],
    ['datetime(2)', 10_000n, 22],
    ['datetime(6)', 1n, 26],
  ])('compares %s as its positions compare', (type, step, width) => {
    const { atLeast, below, parse } = scale(type)
    const stored = fc.bigInt({ min: FIRST / step, max: LAST / step }).map((n) => n * step)
    const bound = fc.bigInt({ min: FIRST - 10n * step, max: LAST + 10n * step })
    fc.assert(
      fc.property(stored, fc.oneof(bound, stored), fc.bigInt({ min: -2n, max: 2n }), (position, near, by) => {
        const text = plainMicros(position).slice(0, width)
        expect(parse(text)).toBe(position)
        for (const at of [near, position + by]) {
          expect(holds(atLeast('c', at), text)).toBe(position >= at)
          expect(holds(below('c', at), text)).toBe(position < at)
        }
      }),
      { seed: 20260103, numRuns: 500 },
    )
  })

  it('puts zero months and days right before the next real day', () => {
    const { parse } = scale('datetime(6)')
    const order = [
      '0000-00-00 00:00:00',
      '0000-01-01',
      '2009-12-31',
      '2010-00-00',
      '2010-01-01',
      '2010-04-30',
      '2010-05-00',
      '2010-05-01',
      '2010-12-31',
      '2011-00-31',
      '2011-01-01',
      '2011-02-28',
      '2011-02-31',
      '2011-03-01',
    ]
    const positions = order.map(parse)
    expect(positions).toEqual(positions.toSorted((a, b) => (a < b ? -1 : 1)))
    expect(parse('2010-05-00')).toBe(parse('2010-05-01') - 1n)
    expect(parse('0000-00-00 00:00:00')).toBe(FIRST - 1n)
  })

  it('takes integers as they are', () => {
    const { atLeast, below, parse } = scale('bigint unsigned')
    expect(atLeast('c', -5n)).toBe('c >= -5')
    expect(below('c', 2n ** 64n)).toBe('c < 18446744073709551616')
    expect(parse('18446744073709551615')).toBe(2n ** 64n - 1n)
  })
})
