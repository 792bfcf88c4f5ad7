/** Columns that hold times: one instant or one wall clock, cut to what both sides hold, never rounded. */
import { DAY, clockText, dateText, floorTo, isZeroDate, timestampText, unitOf } from './calendar.ts'
import { noRule, refuse } from './codec.ts'
import type { Codec, ColumnContext } from './codec.ts'
import { instantText } from './epoch.ts'
import { inTimestamp, instantOf, momentOf, wallOf } from './moment.ts'
import type { Moment } from './moment.ts'

/** Year 1000 to 9999 is what MySQL promises; TIMESTAMP goes from 1970-01-01 00:00:01 to 2038-01-19 03:14:07. */
const FIRST_DATETIME = -30_610_224_000_000_000n
const END_DATETIME = 253_402_300_800_000_000n
const FIRST_TIMESTAMP = 1_000_000n
const END_TIMESTAMP = 2_147_483_648_000_000n

/** DATE, DATETIME and TIMESTAMP of MySQL. The cell is in the target's terms: an instant for timestamptz, a wall clock for the others. */
export function mysqlTime(context: ColumnContext): Codec {
  const { source, target, lose } = context
  const isInstant = target.name === 'timestamptz'
  const stored = source.base === 'date' ? DAY : unitOf(source.numbers[0] ?? 0)
  const step = larger(stored, target.name === 'date' ? DAY : unitOf(target.precision))
  const read = replaceZero(context)
  return {
    cell(value) {
      const replaced = read(value)
      if (replaced === null) return null
      const moment = momentOf(replaced, lose)
      const wall = source.base === 'timestamp' ? utcOf(moment) : wallOf(moment, context.zone)
      const cut = floorTo(wall, step)
      if (cut !== wall) lose('HF-L001')
      inRange(source.base, cut)
      if (!isInstant || source.base === 'timestamp') return cut
      // Of a clock that is set back the earlier instant: the later one cannot be read back from the source.
      const { micros, fold } = instantOf(cut, context.zone)
      if (fold) lose('HF-L005')
      inTimestamp(micros, target.text)
      return micros
    },
    source(cell) {
      const micros = cell as bigint
      const wall = isInstant && source.base !== 'timestamp' ? wallOf({ kind: 'instant', micros }, context.zone) : micros
      const { date } = dateText(wall)
      if (source.base === 'date') return date
      return `${date} ${clockText(wall - floorTo(wall, DAY), source.numbers[0] ?? 0)}`
    },
    target: (cell) => instantText(cell as bigint, target),
    instant: (cell) => cell as bigint,
  }
}

function utcOf({ micros }: Moment): bigint {
  return micros
}

function inRange(base: string, wall: bigint): void {
  const [first, end] = base === 'timestamp' ? [FIRST_TIMESTAMP, END_TIMESTAMP] : [FIRST_DATETIME, END_DATETIME]
  if (wall < first || wall >= end) refuse(`out of range of ${base}`)
}

/** ISO 8601 text in SQLite: written in one form, `2024-01-31 23:59:59.123456+00:00` or without zone where the target has none. */
export function isoTime(context: ColumnContext): Codec {
  const { column, target, lose } = context
  if (column.rules.format === 'julian') throw noRule(context)
  const isInstant = target.name === 'timestamptz'
  const step = target.name === 'date' ? DAY : unitOf(target.precision)
  const read = replaceZero(context)
  return {
    cell(value) {
      const replaced = read(value)
      if (replaced === null) return null
      const moment = momentOf(replaced, lose)
      const micros = isInstant
        ? moment.kind === 'instant'
          ? moment.micros
          : instantOf(moment.micros, context.zone).micros
        : wallOf(moment, context.zone)
      const cut = floorTo(micros, step)
      if (cut !== micros) lose('HF-L001')
      inTimestamp(cut, target.text)
      if (cut < FIRST_ISO || cut >= END_DATETIME) refuse('a year that has not four digits')
      return cut
    },
    source(cell) {
      const micros = cell as bigint
      if (target.name === 'date') return dateText(micros).date
      const text = timestampText(micros, '').replace(/\.?0+$/, (zeros) => (zeros.startsWith('.') ? '' : zeros))
      // A wall clock in the source's zone reads best; with another zone the offset has to be said.
      return isInstant && !context.zone.isUtc ? `${text}Z` : trimmed(micros)
    },
    target: (cell) => instantText(cell as bigint, target),
    instant: (cell) => cell as bigint,
  }
}

const FIRST_ISO = -62_135_596_800_000_000n

/** With milliseconds where that is all there is, as SQLite's own functions write it. */
function trimmed(micros: bigint): string {
  const { date } = dateText(micros)
  const rest = micros - floorTo(micros, DAY)
  const digits = rest % 1_000_000n === 0n ? 0 : rest % 1000n === 0n ? 3 : 6
  return `${date} ${clockText(rest, digits)}`
}

/** 0000-00-00 and the like become what the plan says. */
function replaceZero({ column, required, lose }: ColumnContext): (value: unknown) => unknown {
  const { zeroDate } = column.rules
  return (value) => {
    if (typeof value !== 'string' || !isZeroDate(value)) return value
    if (zeroDate === undefined || zeroDate === 'quarantine') return refuse('a zero date')
    lose('HF-L002')
    if (zeroDate !== 'null') return zeroDate
    return required ? refuse('a zero date becomes NULL, which the column refuses') : null
  }
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
