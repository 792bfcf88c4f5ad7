import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { alignPosition, axisLiteral, chunkGrid, targetAxis } from '../../src/values/axis.ts'
import { axisTable as table } from './axis-table.ts'

const summer = BigInt(Date.UTC(2024, 6, 1)) * 1000n

describe('axisLiteral', () => {
  it.each([
    ['datetime(6)', 'timestamptz', {}, 'UTC', summer + 1n, "'2024-07-01 00:00:00.000001+00'::timestamptz"],
    ['datetime', 'timestamptz', {}, 'Europe/Berlin', summer, "'2024-06-30 22:00:00+00'::timestamptz"],
    ['datetime', 'timestamptz', { timezone: 'UTC' }, 'Europe/Berlin', summer, "'2024-07-01 00:00:00+00'::timestamptz"],
    ['timestamp', 'timestamptz', {}, 'Europe/Berlin', summer, "'2024-07-01 00:00:00+00'::timestamptz"],
    [
      'timestamp(3)',
      'timestamptz(3)',
      {},
      'Europe/Berlin',
      summer + 1999n,
      "'2024-07-01 00:00:00.001000+00'::timestamptz",
    ],
    ['datetime', 'timestamp', {}, 'Europe/Berlin', summer, "'2024-07-01 00:00:00'::timestamp"],
    ['date', 'date', {}, 'Europe/Berlin', summer, "'2024-07-01'::date"],
    ['date', 'timestamptz', {}, 'Europe/Berlin', summer, "'2024-06-30 22:00:00+00'::timestamptz"],
    ['datetime', 'date', {}, 'UTC', -1n, "'1969-12-31'::date"],
    ['datetime', 'timestamptz', {}, 'UTC', -62167219200000000n, "'0001-01-01 00:00:00+00 BC'::timestamptz"],
    ['bigint(20)', 'timestamptz', { unit: 'ms' }, 'Europe/Berlin', 1n, "'1970-01-01 00:00:00.001000+00'::timestamptz"],
    ['bigint(20)', 'timestamptz', { unit: 'ns' }, 'UTC', -1n, "'1969-12-31 23:59:59.999999+00'::timestamptz"],
    ['integer', 'timestamp', { unit: 's' }, 'Europe/Berlin', 0n, "'1970-01-01 00:00:00'::timestamp"],
    ['bigint', 'timestamptz', { unit: 's' }, 'UTC', 10n ** 18n, "'infinity'::timestamptz"],
    ['bigint', 'timestamptz', { unit: 's' }, 'UTC', -(10n ** 18n), "'-infinity'::timestamptz"],
    ['bigint', 'date', { unit: 's' }, 'UTC', 10n ** 18n, "'infinity'::date"],
    ['bigint(20)', 'bigint', {}, 'Europe/Berlin', -5n, "'-5'::int8"],
    ['int(11)', 'integer', {}, 'UTC', 2147483648n, "'2147483648'::numeric"],
    ['int(11)', 'integer', {}, 'UTC', -2147483648n, "'-2147483648'::int4"],
    ['bigint(20) unsigned', 'numeric(20,0)', {}, 'UTC', 18446744073709551615n, "'18446744073709551615'::numeric"],
    // In the gap: the instant at which the clocks were set forward.
    [
      'datetime',
      'timestamptz',
      {},
      'Europe/Berlin',
      BigInt(Date.UTC(2024, 2, 31, 2, 30)) * 1000n,
      "'2024-03-31 01:00:00+00'::timestamptz",
    ],
  ] as const)('%s to %s %o in %s: %s', (...[sourceType, type, rules, zone, position, expected]) => {
    expect(axisLiteral(table(sourceType, type, rules), position, zone)).toBe(expected)
  })

  it('is monotone, gaps and folds included', () => {
    const t = table('datetime(6)', 'timestamptz(3)')
    const near = BigInt(Date.UTC(2024, 2, 31)) * 1000n
    const position = fc.bigInt({ min: near, max: near + 86_400_000_000n * 300n })
    fc.assert(
      fc.property(position, fc.bigInt({ min: 1n, max: 7_200_000_000n }), (a, distance) => {
        const [first, second] = [a, a + distance].map((p) => axisLiteral(t, p, 'Europe/Berlin'))
        expect(first!.length !== second!.length || first! <= second!).toBe(true)
      }),
      { seed: 11, numRuns: 2000 },
    )
  })

  it('refuses a table without an axis in the target, and text', () => {
    expect(() => axisLiteral(table('int', 'int', {}, { axis: 'rowid', split: 'pk' }), 1n, 'UTC')).toThrow(
      expect.objectContaining({ code: 'HF-P023' }),
    )
    expect(() => axisLiteral(table('text', 'text'), 1n, 'UTC')).toThrow(expect.objectContaining({ code: 'HF-P023' }))
  })
})

describe('targetAxis', () => {
  it('is the migrated column of the axis', () => {
    expect(targetAxis(table('datetime', 'timestamptz'))).toEqual({ column: 'at', type: 'timestamptz' })
    expect(targetAxis(table('int', 'int', {}, { split: 'all', axis: null }))).toBeNull()
    expect(targetAxis(table('int', 'int', {}, { split: 'pk', axis: 'rowid' }))).toBeNull()
  })
})

describe('alignPosition', () => {
  it.each([
    ['datetime(6)', 'timestamptz(3)', {}, 1999n, 1000n],
    ['datetime(6)', 'timestamptz', {}, 1999n, 1999n],
    ['datetime(6)', 'timestamptz(0)', {}, -1n, -1_000_000n],
    ['datetime', 'date', {}, -1n, -86_400_000_000n],
    ['bigint', 'timestamptz', { unit: 'ns' }, -1n, -1000n],
    ['bigint', 'timestamptz(0)', { unit: 'ms' }, 1999n, 1000n],
    ['bigint', 'timestamptz(3)', { unit: 's' }, 7n, 7n],
    ['bigint', 'date', { unit: 's' }, 86_401n, 86_400n],
    ['bigint', 'bigint', {}, 7n, 7n],
  ] as const)('%s to %s %o: %s is %s', (...[sourceType, type, rules, position, expected]) => {
    expect(alignPosition(table(sourceType, type, rules), position)).toBe(expected)
  })
})

describe('chunkGrid', () => {
  const day = 86_400_000_000n
  it('is TimescaleDB’s, in the unit of the source', () => {
    expect(chunkGrid(table('datetime', 'timestamptz'), 'UTC')).toEqual({ interval: 7n * day, origin: 0n })
    expect(chunkGrid(table('datetime', 'timestamptz'), 'Europe/Berlin')).toEqual({
      interval: 7n * day,
      origin: 3_600_000_000n,
    })
    expect(chunkGrid(table('timestamp', 'timestamptz'), 'Europe/Berlin')?.origin).toBe(0n)
    expect(chunkGrid(table('datetime', 'timestamp'), 'Europe/Berlin')?.origin).toBe(0n)
    expect(chunkGrid(table('bigint', 'timestamptz', { unit: 'ms' }), 'UTC')).toEqual({
      interval: 604_800_000n,
      origin: 0n,
    })
    expect(
      chunkGrid(table('bigint', 'bigint', {}, { time: { column: 'at', unit: 's' }, chunkInterval: '1 hour' }), 'UTC')
        ?.interval,
    ).toBe(3600n)
    expect(
      chunkGrid(table('bigint', 'bigint', {}, { time: { column: 'at', unit: 'ns' }, chunkInterval: '1 day' }), 'UTC')
        ?.interval,
    ).toBe(day * 1000n)
    expect(chunkGrid(table('bigint', 'bigint', {}, { chunkInterval: '100000' }), 'UTC')?.interval).toBe(100000n)
    expect(chunkGrid(table('datetime', 'timestamptz', {}, { chunkInterval: '1 month' }), 'UTC')?.interval).toBe(
      30n * day,
    )
  })

  it('is nothing when the axis is not the time column', () => {
    expect(chunkGrid(table('int', 'int', {}, { split: 'pk', axis: 'id' }), 'UTC')).toBeNull()
    expect(chunkGrid(table('int', 'int', {}, { time: null }), 'UTC')).toBeNull()
    expect(chunkGrid(table('int', 'int', {}, { chunkInterval: null }), 'UTC')).toBeNull()
    expect(chunkGrid(table('int', 'int', {}, { chunkInterval: 'often' }), 'UTC')).toBeNull()
  })
})
