/** Columns of MySQL that hold times: one wall clock or one instant, cut to what both sides hold, never rounded. */
import { clockText, DAY, dateText, floorTo, isZeroDate, unitOf } from './calendar.ts'
import { noRule, refuse } from './codec.ts'
import type { Codec, ColumnContext, Value } from './codec.ts'
import { instantText } from './epoch.ts'
import { instantOf, momentOf, wallOf } from './moment.ts'

/** DATE and DATETIME hold the years 1 to 9999, TIMESTAMP 1970-01-01 00:00:01 to 2038-01-19 03:14:07. */
const DATETIME = [-62_135_596_800_000_000n, 253_402_300_800_000_000n] as const
const TIMESTAMP = [1_000_000n, 2_147_483_648_000_000n] as const

/** DATE, DATETIME and TIMESTAMP. The cell is what the source keeps, in microseconds: a wall clock, for TIMESTAMP the instant (a wall clock in UTC). */
export function mysqlTime(context: ColumnContext): Codec {
  const { source, target, zone, lose } = context
  const isDate = source.base === 'date'
  const digits = source.numbers[0] ?? 0
  const isText = target.name === 'text' || target.name === 'varchar'
  if (!isText && !/^(?:timestamptz|timestamp|date)$/.test(target.name)) throw noRule(context)
  const [from, end] = source.base === 'timestamp' ? TIMESTAMP : DATETIME
  const step = larger(isDate ? DAY : unitOf(digits), isText ? 1n : targetUnit(context))
  const instant = (cell: Value): bigint =>
    target.name === 'timestamptz' ? instantOf(cell as bigint, zone).micros : (cell as bigint)
  const text = (cell: Value): string => {
    const wall = cell as bigint
    const { date } = dateText(wall)
    return isDate ? date : `${date} ${clockText(wall - floorTo(wall, DAY), digits)}`
  }
  const read = replaceZero(context)
  return {
    cell(value) {
      const replaced = read(value)
      if (replaced === null) return null
      const wall = wallOf(momentOf(replaced, lose), zone)
      const cut = floorTo(wall, step)
      if (cut !== wall) lose('HF-L001')
      if (cut < from || cut >= end) refuse(`out of range of ${source.base}`)
      if (isText && target.length !== null && text(cut).length > target.length) refuse(`too long for ${target.text}`)
      // Of a clock that is set back the earlier instant: the later one cannot be read back from the source.
      if (target.name === 'timestamptz' && instantOf(cut, zone).fold) lose('HF-L005')
      return cut
    },
    source: text,
    target: (cell) => (isText ? text(cell) : instantText(instant(cell), target)),
    instant,
  }
}

/** What a time type of the target holds, in microseconds. */
export function targetUnit({ target }: ColumnContext): bigint {
  return target.name === 'date' ? DAY : unitOf(target.precision)
}

export function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}

/** 0000-00-00 and the like become what the plan says. */
export function replaceZero({ column, required, lose }: ColumnContext): (value: unknown) => unknown {
  const { zeroDate } = column.rules
  return (value) => {
    if (typeof value !== 'string' || !isZeroDate(value)) return value
    if (zeroDate === undefined || zeroDate === 'quarantine') return refuse('a zero date')
    if (zeroDate === 'null' && required) return refuse('a zero date, which would become NULL')
    lose('HF-L002')
    return zeroDate === 'null' ? null : zeroDate
  }
}

/** TIME: a time of day, or a duration up to ±838:59:59. The cell is microseconds. */
export function mysqlTimeOfDay(context: ColumnContext): Codec {
  const { source, target, lose } = context
  const digits = source.numbers[0] ?? 0
  const isText = target.name === 'text' || target.name === 'varchar'
  if (!isText && target.name !== 'time' && target.name !== 'interval') throw noRule(context)
  const step = larger(unitOf(digits), isText ? 1n : unitOf(target.precision))
  return {
    cell(value) {
      const { micros, floored } = timeOf(value)
      const cut = floorTo(micros, step)
      if (floored || cut !== micros) lose('HF-L001')
      if (cut < -LONGEST || cut > LONGEST) refuse('out of range of time')
      if (target.name === 'time' && (cut < 0n || cut > DAY)) refuse('no time of day')
      if (isText && target.length !== null && signed(cut, digits).length > target.length) refuse('too long')
      return cut
    },
    source: (cell) => signed(cell as bigint, digits),
    target: (cell) => signed(cell as bigint, isText ? digits : 6),
  }
}

/** MySQL stops there, MariaDB a fraction of a second later. */
const LONGEST = 3_020_399_000_000n

function timeOf(value: unknown): { micros: bigint; floored: boolean } {
  const match = typeof value === 'string' ? /^(-?)(\d{1,3}):(\d\d)(?::(\d\d)(?:\.(\d+))?)?$/.exec(value.trim()) : null
  if (!match) return refuse('no text hh:mm:ss')
  const [, sign, hours, minutes, seconds = '0', fraction = ''] = match
  if (Number(minutes) > 59 || Number(seconds) > 59) return refuse('no time')
  const whole = BigInt(Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1_000_000n
  const micros = whole + BigInt(fraction.slice(0, 6).padEnd(6, '0'))
  const floored = /[1-9]/.test(fraction.slice(6))
  // Of a negative duration the rest takes it further from zero.
  return { micros: sign ? -micros - (floored ? 1n : 0n) : micros, floored }
}

function signed(micros: bigint, digits: number): string {
  return `${micros < 0n ? '-' : ''}${clockText(micros < 0n ? -micros : micros, digits)}`
}
