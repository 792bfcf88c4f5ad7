/** Times as SQLite keeps them: ISO 8601 text, epochs, Julian days. Text keeps the notation the application gave it; only digits are cut off. */
import { clockText, DAY, dateText, floorDiv, floorTo, parseIso } from './calendar.ts'
import { refuse } from './codec.ts'
import type { Codec, ColumnContext, Value } from './codec.ts'
import { decimalOf, plainText } from './decimal.ts'
import type { Decimal } from './decimal.ts'
import { epochToMicros, instantText } from './epoch.ts'
import type { Unit } from './epoch.ts'
import { instantOf, inTimestamp } from './moment.ts'
import { sqliteInteger } from './sqlite-numbers.ts'
import { larger, replaceZero, targetUnit } from './times.ts'

/** date, timestamp and timestamptz. The cell is the text, or the number of an epoch or a Julian day. */
export function sqliteTime(context: ColumnContext): Codec {
  const { column, source, unit } = context
  const text = textTime(context)
  // A column of text makes text of every number, and the engine takes none for a time.
  const numbers =
    source.affinity === 'text' ? null : column.rules.format === 'julian' ? julian(context) : epoch(context, unit)
  return {
    cell(value) {
      if (typeof value === 'string' && !NUMBER.test(value)) return text.cell(value)
      if (numbers !== null) return numbers.cell(value)
      return value instanceof Date ? text.cell(value) : refuse('a number in a column of texts')
    },
    source: (cell) => (typeof cell === 'string' || numbers === null ? text : numbers).source(cell),
    target: (cell) => (typeof cell === 'string' || numbers === null ? text : numbers).target(cell),
    instant: (cell) => (typeof cell === 'string' || numbers === null ? text : numbers).instant?.(cell) ?? 0n,
    ...(numbers === null && { now: (at: Date) => nowText(at, context) }),
  }
}

const NUMBER = /^\s*[+-]?\d+(?:\.\d+)?\s*$/

function textTime(context: ColumnContext): Codec {
  const { target, zone, lose } = context
  const isInstant = target.name === 'timestamptz'
  const step = targetUnit(context)
  const read = replaceZero(context)
  /** Where the text stands on the target's axis, digits and all; the text has been checked. */
  const position = (text: string): { micros: bigint; fold: boolean } => {
    const iso = parseIso(text) ?? refuse('text that is no ISO 8601 time')
    const offset = iso.offsetMinutes
    if (!isInstant)
      return offset === null
        ? { micros: iso.micros, fold: false }
        : refuse('an offset, for which the target has no place')
    if (offset === null) return instantOf(iso.micros, zone)
    return { micros: iso.micros - BigInt(offset) * 60_000_000n, fold: false }
  }
  const instant = (cell: Value): bigint => position(String(cell)).micros
  return {
    cell(value) {
      const replaced = read(value)
      if (replaced === null) return null
      const given = replaced instanceof Date ? isoOf(replaced, context) : trimmed(replaced)
      const { fold } = position(given)
      const cut =
        target.name === 'date' ? given.slice(0, given.search(/\d-\d\d-\d\d/) + 7) : withDigits(given, target.precision)
      if (cut !== given && (/[1-9]/.test(dropped(given, cut)) || floorTo(instant(given), step) !== instant(given)))
        lose('HF-L001')
      inTimestamp(instant(cut), target.text)
      if (fold) lose('HF-L005')
      return cut
    },
    source: String,
    target: (cell) => instantText(instant(cell), target),
    instant,
  }
}

function trimmed(value: unknown): string {
  return typeof value === 'string' ? value.trim() : refuse('neither a Date nor text that is a time')
}

/** The fraction with at most `precision` digits. */
function withDigits(text: string, precision: number | null): string {
  const digits = precision ?? 6
  return text.replace(/[.,](\d+)/, (all, fraction: string) =>
    fraction.length <= digits ? all : digits === 0 ? '' : all.slice(0, digits + 1),
  )
}

/** Digits of the fraction beyond what is left. */
function dropped(given: string, cut: string): string {
  const fraction = (text: string): string => /[.,](\d+)/.exec(text)?.[1] ?? ''
  return fraction(given).slice(fraction(cut).length)
}

/** A Date as its own `toISOString` writes it; where the target has no zone, the wall clock of the column's. */
function isoOf(at: Date, { target, zone }: ColumnContext): string {
  const millis = at.getTime()
  if (Number.isNaN(millis)) return refuse('an invalid Date')
  if (target.name === 'timestamptz') return at.toISOString()
  const micros = BigInt(millis) * 1000n
  const wall = micros + BigInt(zone.atInstant(Math.floor(millis / 1000))) * 1_000_000n
  const { date, era } = dateText(wall)
  if (era !== '' || date.length > 10) return refuse('a year that has not four digits')
  return target.name === 'date' ? date : `${date} ${clockText(wall - floorTo(wall, DAY), 3)}`
}

/** As CURRENT_TIMESTAMP writes it, where that is the instant; else with its offset. */
function nowText(at: Date, { target, zone }: ColumnContext): string {
  const iso = at.toISOString()
  if (target.name === 'date') return iso.slice(0, 10)
  return target.name === 'timestamptz' && !zone.isUtc ? iso : iso.slice(0, 19).replace('T', ' ')
}

/** Epochs of a named unit: whole, or with a fraction where the column may hold one. */
function epoch(context: ColumnContext, unit: Unit | null): Codec | null {
  if (unit === null) return null
  const { source, target, lose } = context
  const whole = sqliteInteger(context)
  const micros = (cell: Value): bigint => {
    if (typeof cell !== 'number') return epochToMicros(BigInt(cell as bigint | string), unit)
    const { unscaled, scale } = scaled(decimalOf(cell), unit)
    return scale <= 0 ? unscaled * 10n ** BigInt(-scale) : floorDiv(unscaled, 10n ** BigInt(scale))
  }
  const step = targetUnit(context)
  return {
    cell(value) {
      if (typeof value !== 'number' || Number.isInteger(value) || source.affinity === 'integer')
        return whole.cell(value)
      if (!Number.isFinite(value)) return refuse('not a finite number')
      const cut = floorTo(micros(value), step)
      const kept = Number(plainText(unscaledOf(cut, unit)))
      // The nearest double may name an instant that is a microsecond off.
      if (floorTo(micros(kept), step) !== cut) return refuse('an instant that a double does not hold')
      if (kept !== value) lose('HF-L001')
      inTimestamp(cut, target.text)
      return Number.isSafeInteger(kept) ? BigInt(kept) : kept
    },
    source: (cell) => (typeof cell === 'number' ? cell : whole.source(cell)),
    target: (cell) => instantText(floorTo(micros(cell), step), target),
    instant: (cell) => floorTo(micros(cell), step),
  }
}

/** Digits from the unit to microseconds. */
const DIGITS: Record<Unit, number> = { s: 6, ms: 3, us: 0, ns: -3 }

function scaled({ unscaled, scale }: Decimal, unit: Unit): Decimal {
  return { unscaled, scale: scale - DIGITS[unit] }
}

function unscaledOf(micros: bigint, unit: Unit): Decimal {
  return { unscaled: micros, scale: DIGITS[unit] }
}

/** Milliseconds of 1970-01-01 since the first Julian day. */
const EPOCH_MILLIS = 210_866_760_000_000n
const END_JULIAN = 5_373_484.5

/** Julian days: the double nearest to a millisecond stands for it. */
function julian(context: ColumnContext): Codec {
  const { target, lose } = context
  const step = targetUnit(context)
  const millisOf = (day: number): bigint => BigInt(Math.floor(day * 86_400_000 + 0.5)) - EPOCH_MILLIS
  const micros = (cell: Value): bigint => floorTo(millisOf(Number(cell)) * 1000n, step)
  return {
    cell(value) {
      const given = value instanceof Date ? BigInt(value.getTime()) : null
      const day = given === null ? Number(value) : 0
      if (given === null && !(day >= 0 && day < END_JULIAN)) return refuse('no Julian day')
      const millis = given ?? millisOf(day)
      const cut = floorTo(millis * 1000n, larger(step, 1000n)) / 1000n
      const kept = Number(cut + EPOCH_MILLIS) / 86_400_000
      if (!(kept >= 0 && kept < END_JULIAN)) return refuse('no Julian day')
      if (given === null ? kept !== day : cut !== given) lose('HF-L001')
      return kept
    },
    source: (cell) => Number(cell),
    target: (cell) => instantText(micros(cell), target),
    instant: micros,
  }
}

/** `time`: text hh:mm[:ss[.f]], which keeps its notation. */
export function sqliteTimeOfDay(context: ColumnContext): Codec {
  const { target, lose } = context
  return {
    cell(value) {
      const text = typeof value === 'string' ? value.trim() : refuse('no text hh:mm:ss')
      const [, hours, minutes, seconds = '0', fraction = ''] =
        /^(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?$/.exec(text) ?? refuse('no text hh:mm:ss')
      const whole = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
      if (Number(minutes) > 59 || Number(seconds) > 59) return refuse('no time of day')
      const cut = withDigits(text, target.precision)
      if (/[1-9]/.test(dropped(text, cut))) lose('HF-L001')
      if (whole > 86_400 || (whole === 86_400 && /[1-9]/.test(fraction.slice(0, target.precision ?? 6))))
        return refuse('no time of day')
      return cut
    },
    source: String,
    target: String,
    now: (at) => at.toISOString().slice(11, 19),
  }
}
