/** Times as SQLite keeps them: ISO 8601 text, epoch numbers, Julian days; decided value by value. */
import type { ColumnRules, TimeUnit } from '../../model.ts'
import {
  encodeEpoch,
  encodeTimeMicros,
  encodeTimestampMicros,
  encodeTimestampParts,
  encodeWallParts,
} from '../../values/encode/timestamp.ts'
import { reject } from '../../values/encode/reject.ts'
import type { PgType } from '../../values/pgtype.ts'
import type { LossCode, RejectCode } from '../../values/reject-codes.ts'
import { floorDiv, julianToMicros, parseIsoInstant } from '../../values/time.ts'
import type { TupleWriter } from '../../values/tuple-writer.ts'
import { compileZone } from '../../values/zones.ts'
import { parseCommonIso } from './common-iso.ts'
import type { CommonIso } from './common-iso.ts'
import type { ExactText } from './value.ts'

export interface TimeContext {
  rules: ColumnRules
  /** Zone of text without one. */
  timezone: string
  /** Code for a value that is no time at all. */
  unusable: RejectCode
  /** Whether a zero date may become NULL. */
  nullable: boolean
  onLoss: (code: LossCode) => void
}

/** Compiles the writer of a date, time, timestamp or timestamptz column. */
export function compileTime(
  type: PgType,
  context: TimeContext,
): (w: TupleWriter, value: bigint | number | string | Uint8Array | ExactText) => void {
  const { rules, unusable } = context
  const onFloor = (): void => context.onLoss('HF-L001')
  const text = compileIsoText(type, context)
  return (w, value) => {
    if (typeof value === 'string') return text(w, value)
    if (type.name === 'time') return reject(unusable, 'no text hh:mm:ss')
    if (typeof value === 'bigint') {
      if (rules.format === 'julian') return writeJulian(w, Number(value), type, onFloor)
      if (rules.unit === undefined) return reject(unusable, 'an INTEGER, and the rules name no unit')
      const small = value >= -9007199254740991n && value <= 9007199254740991n
      return encodeEpoch(w, small ? Number(value) : value, rules.unit, type, onFloor)
    }
    if (typeof value === 'number') {
      if (!Number.isFinite(value)) return reject('HF-D004', 'infinite')
      if (rules.format === 'julian') return writeJulian(w, value, type, onFloor)
      if (rules.unit === undefined) return reject(unusable, 'a REAL, and the rules name neither unit nor format')
      return writeEpochReal(w, { value, unit: rules.unit, type }, onFloor)
    }
    return reject(unusable, value instanceof Uint8Array ? 'a BLOB' : 'text that is no ISO 8601 time')
  }
}

function compileIsoText(type: PgType, context: TimeContext): (w: TupleWriter, value: string) => void {
  const { timezone, unusable, onLoss } = context
  if (type.name === 'time') return compileTimeText(type, unusable, onLoss)
  const zone = compileZone(timezone)
  const zeroDate = compileZeroDate(type, context)
  const onFloor = (): void => onLoss('HF-L001')
  const losses = { onFloor, onFold: (): void => onLoss('HF-L005') }
  const common: CommonIso = { days: 0, microsOfDay: 0, isUtc: false }
  return (w, value) => {
    if (type.name === 'timestamptz' && parseCommonIso(value, common)) {
      if (common.isUtc) return encodeTimestampParts(w, common.days, common.microsOfDay, type, onFloor)
      return encodeWallParts(w, common.days, common.microsOfDay, zone, type, losses)
    }
    const parsed = parseIsoInstant(value)
    if (parsed === null) {
      if (isZeroDate(value)) return zeroDate(w)
      return reject(unusable, 'text that is no ISO 8601 time')
    }
    const { days, microsOfDay, floored, offsetMinutes } = parsed
    if (floored) onFloor()
    if (offsetMinutes === null) {
      if (type.name === 'timestamptz') return encodeWallParts(w, days, microsOfDay, zone, type, losses)
      return encodeTimestampParts(w, days, microsOfDay, type, onFloor)
    }
    // A date or a timestamp without zone has no place for the offset.
    if (type.name !== 'timestamptz') return reject('HF-D010', `text with an offset from UTC in ${type.text}`)
    if (offsetMinutes === 0) return encodeTimestampParts(w, days, microsOfDay, type, onFloor)
    const micros = BigInt(days) * DAY + BigInt(microsOfDay) - BigInt(offsetMinutes) * 60_000_000n
    encodeTimestampMicros(w, micros, type, onFloor)
  }
}

const DAY = 86_400_000_000n
const TIME_TEXT = /^(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?$/

function compileTimeText(type: PgType, unusable: RejectCode, onLoss: (code: LossCode) => void) {
  const onFloor = (): void => onLoss('HF-L001')
  return (w: TupleWriter, value: string): void => {
    const match = TIME_TEXT.exec(value)
    if (!match) return reject(unusable, 'no text hh:mm:ss')
    const [, hour, minute, second = '0', fraction = ''] = match
    if (Number(minute) > 59 || Number(second) > 59) return reject(unusable, 'no time of day')
    if (/[1-9]/.test(fraction.slice(6))) onFloor()
    const seconds = Number(hour) * 3600 + Number(minute) * 60 + Number(second)
    encodeTimeMicros(w, seconds * 1_000_000 + Number(fraction.slice(0, 6).padEnd(6, '0')), type, onFloor)
  }
}

function writeJulian(w: TupleWriter, value: number, type: PgType, onFloor: () => void): void {
  const micros = julianToMicros(value)
  if (micros === null) return reject('HF-D004', 'a Julian day outside of what SQLite knows')
  // The double nearest to a millisecond stands for it; another one lies between two of them.
  if ((Number(micros / 1000n) + 210_866_760_000_000) / 86_400_000 !== value) onFloor()
  encodeTimestampMicros(w, micros, type, onFloor)
}

/** A REAL epoch stands for the shortest decimal that names it: 1700000000.123 is no 1700000000.12299990…; monotone, as rounding is. */
function writeEpochReal(
  w: TupleWriter,
  { value, unit, type }: { value: number; unit: TimeUnit; type: PgType },
  onFloor: () => void,
): void {
  const digits = DIGITS[unit]
  const [mantissa = '', exponent = '0'] = String(value).split('e')
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.')
  const shift = Number(exponent) + digits
  const all = BigInt(whole + fraction)
  const scale = shift - fraction.length
  if (scale > 40) return reject('HF-D004', `out of range of ${type.text}`)
  const signed = value < 0 ? -all : all
  if (scale >= 0) return encodeTimestampMicros(w, signed * 10n ** BigInt(scale), type, onFloor)
  const divisor = 10n ** BigInt(-scale)
  const micros = floorDiv(signed, divisor)
  if (micros * divisor !== signed) onFloor()
  encodeTimestampMicros(w, micros, type, onFloor)
}

/** Decimal digits from the unit to microseconds. */
const DIGITS: Record<TimeUnit, number> = { s: 6, ms: 3, us: 0, ns: -3 }

function isZeroDate(text: string): boolean {
  return /^(?:0000-\d\d-\d\d|\d{4}-00-\d\d|\d{4}-\d\d-00)(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?Z?$/.test(text)
}

function compileZeroDate(type: PgType, { rules, nullable, onLoss }: TimeContext): (w: TupleWriter) => void {
  const rule = rules.zeroDate ?? 'quarantine'
  const date = rule === 'quarantine' || rule === 'null' ? null : parseIsoInstant(rule)
  if (date === null && !(rule === 'null' && nullable)) return () => reject('HF-D005', 'a zero date')
  return (w) => {
    onLoss('HF-L002')
    if (date === null) w.null_()
    else encodeTimestampParts(w, date.days, date.microsOfDay, type, () => undefined)
  }
}
