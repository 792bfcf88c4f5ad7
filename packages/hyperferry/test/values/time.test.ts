import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  civilFromDays,
  daysFromCivil,
  epochToMicros,
  formatMicros,
  isoUtc,
  isDate,
  julianToMicros,
  parseIsoInstant,
} from '../../src/values/time.ts'

describe('calendar', () => {
  it('agrees with Date where Date is right, far beyond its usual years', () => {
    fc.assert(
      fc.property(fc.integer({ min: -100_000_000, max: 100_000_000 }), (days) => {
        const date = new Date(days * 86_400_000)
        const civil = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() }
        expect(civilFromDays(days)).toEqual(civil)
        expect(daysFromCivil(civil.year, civil.month, civil.day)).toBe(days)
      }),
      { seed: 8, numRuns: 2000 },
    )
  })

  it('knows which days exist', () => {
    expect([isDate(2024, 2, 29), isDate(2023, 2, 29), isDate(1900, 2, 29), isDate(2000, 2, 29)]).toEqual([
      true,
      false,
      false,
      true,
    ])
    expect([
      isDate(2024, 0, 1),
      isDate(2024, 13, 1),
      isDate(2024, 4, 31),
      isDate(2024, 4, 0),
      isDate(0, 2, 29),
    ]).toEqual([false, false, false, false, true])
  })
})

describe('parseIsoInstant', () => {
  const at = (text: string): string | null => {
    const instant = parseIsoInstant(text)
    if (instant === null) return null
    const micros = BigInt(instant.days) * 86_400_000_000n + BigInt(instant.microsOfDay)
    return `${formatMicros(micros)}${instant.offsetMinutes === null ? '' : ` ${instant.offsetMinutes}`}${instant.floored ? ' floored' : ''}`
  }

  it.each([
    ['2024-01-31', '2024-01-31 00:00:00'],
    ['2024-01-31 23:59', '2024-01-31 23:59:00'],
    ['2024-01-31T23:59:58.5', '2024-01-31 23:59:58.500000'],
    ['2024-01-31T23:59:58,123456Z', '2024-01-31 23:59:58.123456 0'],
    ['2024-01-31 23:59:58.1234567', '2024-01-31 23:59:58.123456 floored'],
    ['2024-01-31 23:59:58.1234560', '2024-01-31 23:59:58.123456'],
    ['2024-01-31T10:00:00+05:30', '2024-01-31 10:00:00 330'],
    ['2024-01-31T10:00:00-0330', '2024-01-31 10:00:00 -210'],
    ['2024-12-31 24:00:00', '2025-01-01 00:00:00'],
    ['  2024-02-29  ', '2024-02-29 00:00:00'],
    ['-0001-01-01', '0002-01-01 BC 00:00:00'],
    ['+12024-01-01', '12024-01-01 00:00:00'],
  ])('%s', (text, expected) => {
    expect(at(text)?.replace(/^(\S+) (.*) BC/, '$1 BC $2')).toBe(expected)
  })

  it.each([
    '',
    '2024',
    '2024-1-1',
    '2023-02-29',
    '2024-00-10',
    '2024-01-00',
    '2024-13-01',
    '2024-01-01 25:00',
    '2024-01-01 24:00:01',
    '2024-01-01 24:00:00.0000001',
    '2024-01-01 10:60',
    '2024-01-01 10:00:60',
    '0000-00-00',
    '2024-01-01x',
    '2024-01-01Z',
    '2024-01-01+02:00',
    '2024-01-01TT10:00',
    '2024-01-01 10',
    '24-01-01',
    '2024-01-01T10:00+16:00',
    'now',
    '12:30',
  ])('%j is no instant', (text) => {
    expect(at(text)).toBeNull()
  })
})

describe('epochs and Julian days', () => {
  it('floors nanoseconds towards the past', () => {
    expect(epochToMicros(-1n, 'ns')).toEqual({ micros: -1n, floored: true })
    expect(epochToMicros(-1000n, 'ns')).toEqual({ micros: -1n, floored: false })
    expect(epochToMicros(1999n, 'ns')).toEqual({ micros: 1n, floored: true })
    expect([epochToMicros(-7n, 's').micros, epochToMicros(7n, 'ms').micros, epochToMicros(7n, 'us').micros]).toEqual([
      -7_000_000n,
      7000n,
      7n,
    ])
  })

  it('reads Julian days to the millisecond', () => {
    expect(julianToMicros(2440587.5)).toBe(0n)
    expect(julianToMicros(2460310.5)).toBe(1_704_067_200_000_000n)
    expect(formatMicros(julianToMicros(2451544.9999999) ?? 0n)).toBe('2000-01-01 11:59:59.991000')
    expect(formatMicros(julianToMicros(0) ?? 0n)).toBe('4714-11-24 12:00:00 BC')
    expect([julianToMicros(-1), julianToMicros(NaN), julianToMicros(Infinity), julianToMicros(5373484.5)]).toEqual([
      null,
      null,
      null,
      null,
    ])
  })
})

it.each([
  [0n, '1970-01-01T00:00:00.000000Z'],
  [-1n, '1969-12-31T23:59:59.999999Z'],
  [1704067199123456n, '2023-12-31T23:59:59.123456Z'],
  [-62135596800000000n - 1n, '0000-12-31T23:59:59.999999Z'],
  [-62167219200000000n - 1n, '-0001-12-31T23:59:59.999999Z'],
  [253402300800000000n, '10000-01-01T00:00:00.000000Z'],
])('%s µs is %s', (micros, text) => {
  expect(isoUtc(micros)).toBe(text)
})
