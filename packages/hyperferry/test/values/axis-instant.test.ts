import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PlannedTable, TimeUnit } from '../../src/model.ts'
import { isExactCut } from '../../src/steps/verify/ranges.ts'
import { alignPosition, axisLiteral } from '../../src/values/axis.ts'
import {
  alignInstant,
  alignInstantUp,
  earliestInstant,
  instantLiteral,
  instantOfPosition,
  instantOfTime,
  latestInstant,
  positionOfInstant,
  timeOfInstant,
} from '../../src/values/axis-instant.ts'
import { axisTable } from './axis-table.ts'

const day = 86_400_000_000n
const utc = (...parts: [number, number, number, number?, number?, number?]): bigint =>
  BigInt(Date.UTC(...parts)) * 1000n

const table = (
  sourceType: string,
  type: string,
  { unit, raw }: { unit?: TimeUnit; raw?: TimeUnit } = {},
): PlannedTable => axisTable(sourceType, type, unit ? { unit } : {}, { time: { column: 'at', unit: raw ?? null } })

/** Every kind of time column that there is. */
const tables: [string, PlannedTable][] = [
  ['datetime', table('datetime(6)', 'timestamptz')],
  ['datetime, milliseconds', table('datetime(6)', 'timestamptz(3)')],
  ['datetime, whole seconds', table('datetime', 'timestamptz(0)')],
  ['datetime to wall clock', table('datetime(6)', 'timestamp')],
  ['datetime to date', table('datetime', 'date')],
  ['date', table('date', 'date')],
  ['date to timestamptz', table('date', 'timestamptz')],
  ['timestamp', table('timestamp(6)', 'timestamptz')],
  ['timestamp to wall clock', table('timestamp(6)', 'timestamp(3)')],
  ...(['s', 'ms', 'us', 'ns'] as const).flatMap((unit): [string, PlannedTable][] => [
    [`${unit} to timestamptz`, table('bigint(20)', 'timestamptz', { unit })],
    [`${unit} to timestamptz(0)`, table('bigint(20)', 'timestamptz(0)', { unit })],
    [`${unit} to date`, table('bigint(20)', 'date', { unit })],
    [`${unit} as it is`, table('bigint(20)', 'bigint', { raw: unit })],
  ]),
]
const zones = ['UTC', 'Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe']

// Near the changes of the clocks, and anywhere between 1900 and 2200.
const time = fc.oneof(
  fc.bigInt({ min: utc(2024, 2, 30), max: utc(2024, 3, 8) }),
  fc.bigInt({ min: utc(2024, 9, 26), max: utc(2024, 10, 4) }),
  fc.bigInt({ min: utc(1900, 0, 1), max: utc(2200, 0, 1) }),
)
const distance = fc.oneof(fc.bigInt({ min: 0n, max: 5n }), fc.bigInt({ min: 0n, max: 10_000_000_000n }))

describe.each(tables)('instants of %s', (_, each) => {
  it('the first position of an instant is exactly that', () => {
    fc.assert(
      fc.property(time, fc.constantFrom(...zones), (micros, zone) => {
        const instant = instantOfTime(each, micros, zone)
        const position = positionOfInstant(each, instant, zone)
        expect(instantOfPosition(each, position, zone)).toBeGreaterThanOrEqual(instant)
        expect(instantOfPosition(each, position - 1n, zone)).toBeLessThan(instant)
      }),
      { seed: 21, numRuns: 300 },
    )
  })

  it('an aligned instant cuts both stores at the same rows', () => {
    fc.assert(
      fc.property(time, fc.constantFrom(...zones), (micros, zone) => {
        const instant = instantOfTime(each, micros, zone)
        const aligned = alignInstant(each, instant)
        expect(aligned).toBeLessThanOrEqual(instant)
        expect(alignInstant(each, aligned)).toBe(aligned)
        const up = alignInstantUp(each, instant)
        expect(up).toBeGreaterThanOrEqual(instant)
        expect(alignInstant(each, up)).toBe(up)
        // Nothing between the two is aligned.
        expect(alignInstant(each, up > aligned ? up - 1n : up)).toBe(aligned)
        const position = positionOfInstant(each, aligned, zone)
        expect(isExactCut(each, position, zone)).toBe(true)
        expect(alignPosition(each, position)).toBe(position)
      }),
      { seed: 22, numRuns: 300 },
    )
  })

  it('there and back', () => {
    fc.assert(
      fc.property(time, fc.constantFrom(...zones), (micros, zone) => {
        const instant = instantOfTime(each, micros, zone)
        const back = timeOfInstant(each, instant, zone)
        expect(back).toBeLessThanOrEqual(micros)
        // The same instant again, except in an hour that the zone leaves out (midnight of a date may be in one).
        expect(instantOfTime(each, back, zone) === instant || instantOfTime(each, back - 1n, zone) < instant).toBe(true)
      }),
      { seed: 23, numRuns: 300 },
    )
  })

  it('bounds of instants hold for every time before and after', () => {
    fc.assert(
      fc.property(time, distance, fc.constantFrom(...zones), (micros, further, zone) => {
        expect(instantOfTime(each, micros - further, zone)).toBeLessThanOrEqual(latestInstant(each, micros, zone))
        expect(instantOfTime(each, micros + further, zone)).toBeGreaterThanOrEqual(earliestInstant(each, micros, zone))
      }),
      { seed: 24, numRuns: 500 },
    )
  })

  it('its literal is the one of its position', () => {
    fc.assert(
      fc.property(time, fc.constantFrom(...zones), (position, zone) => {
        expect(instantLiteral(each, instantOfPosition(each, position, zone))).toBe(axisLiteral(each, position, zone))
      }),
      { seed: 25, numRuns: 200 },
    )
  })
})

describe('instants', () => {
  const noon = utc(2026, 6, 1, 12)

  it.each([
    ['timestamptz', table('datetime(6)', 'timestamptz'), noon],
    ['wall clock', table('datetime(6)', 'timestamp'), noon + 7_200_000_000n],
    ['MySQL TIMESTAMP without zone is UTC', table('timestamp', 'timestamp'), noon],
    ['date', table('date', 'date'), utc(2026, 6, 1)],
    ['seconds', table('bigint', 'bigint', { raw: 's' }), noon / 1_000_000n],
    ['milliseconds', table('bigint', 'bigint', { raw: 'ms' }), noon / 1000n],
    ['nanoseconds', table('bigint', 'bigint', { raw: 'ns' }), noon * 1000n],
    ['epoch number as wall clock', table('bigint', 'timestamp', { unit: 'ms' }), noon],
  ] as const)('%s', (_, each, expected) => {
    expect(instantOfTime(each, noon, 'Europe/Berlin')).toBe(expected)
  })

  it('the hour that happens twice: no row before the second 02:30 is later than 02:59:59.999999', () => {
    const each = table('datetime(6)', 'timestamp')
    const second = utc(2026, 9, 25, 1, 30)
    expect(instantOfTime(each, second, 'Europe/Berlin')).toBe(utc(2026, 9, 25, 2, 30))
    expect(latestInstant(each, second, 'Europe/Berlin')).toBe(utc(2026, 9, 25, 3) - 1n)
    expect(earliestInstant(each, utc(2026, 9, 25, 0, 30), 'Europe/Berlin')).toBe(utc(2026, 9, 25, 2))
    expect(latestInstant(each, second + day * 2n, 'Europe/Berlin')).toBe(utc(2026, 9, 27, 2, 30))
  })

  it('an hour that is left out begins where the clocks were set', () => {
    const each = table('datetime(6)', 'timestamptz')
    const change = utc(2026, 2, 29, 1)
    expect(positionOfInstant(each, change, 'Europe/Berlin')).toBe(utc(2026, 2, 29, 2))
    expect(positionOfInstant(each, change + 1n, 'Europe/Berlin')).toBe(utc(2026, 2, 29, 3) + 1n)
  })

  it('literals', () => {
    expect(instantLiteral(table('datetime', 'timestamptz'), noon)).toBe("'2026-07-01 12:00:00+00'::timestamptz")
    expect(instantLiteral(table('date', 'date'), noon)).toBe("'2026-07-01'::date")
    expect(instantLiteral(table('bigint', 'bigint', { raw: 'ms' }), 5n)).toBe("'5'::int8")
  })

  it('refuses an integer of unknown unit, and a table without time', () => {
    expect(() => instantOfTime(table('bigint', 'bigint'), noon, 'UTC')).toThrow(
      expect.objectContaining({ code: 'HF-P023' }),
    )
    expect(() => instantOfTime({ ...table('bigint', 'bigint'), time: null }, noon, 'UTC')).toThrow(
      expect.objectContaining({ code: 'HF-P023' }),
    )
  })
})
