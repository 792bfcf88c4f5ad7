/** Dates, times and timestamps. Digits beyond the type's precision are floored towards the past, and the caller is told. */
import type { TimeUnit } from '../../model.ts'
import type { PgType } from '../pgtype.ts'
import { epochToMicros, floorDiv, MICROS_PER_DAY } from '../time.ts'
import type { TupleWriter } from '../tuple-writer.ts'
import type { Zone } from '../zones.ts'
import { reject } from './reject.ts'

/** 2000-01-01, PostgreSQL's epoch. */
const EPOCH_DAYS = 10957
/** 4713-11-24 BC (astronomical year −4713) of the proleptic Gregorian calendar: Julian day 0. */
export const MIN_DAYS = -2451545 + EPOCH_DAYS
/** 294277-01-01, the first day that a timestamp does not hold. */
export const END_TIMESTAMP_DAYS = 106_751_983 + EPOCH_DAYS
/** 5874898-01-01, the first day that a date does not hold. */
export const END_DATE_DAYS = 2_145_031_949 + EPOCH_DAYS
const FLOOR_UNITS = [1_000_000, 100_000, 10_000, 1000, 100, 10, 1] as const
const DAY = BigInt(MICROS_PER_DAY)
/** Days around 2000 whose microseconds are safe integers. */
const SAFE_DAYS = 100_000

/**
 * Microseconds since 1970-01-01 (UTC, or of the wall clock) into timestamptz, timestamp or date. `onFloor` is called when digits were cut off.
 * @throws Reject HF-D004 outside of 4713 BC to 294276 AD (dates: 5874897 AD).
 */
export function encodeTimestampMicros(w: TupleWriter, micros: bigint, type: PgType, onFloor: () => void): void {
  const days = floorDiv(micros, DAY)
  if (days < MIN_DAYS || days > END_DATE_DAYS) outOfRange(type)
  encodeTimestampParts(w, Number(days), Number(micros - days * DAY), type, onFloor)
}

/**
 * The same from days since 1970-01-01 and 0 ≤ `microsOfDay` < 86 400 000 000, without a bigint.
 * @throws Reject HF-D004
 */
// eslint-disable-next-line max-params -- hot path: no object per value
export function encodeTimestampParts(
  w: TupleWriter,
  days: number,
  microsOfDay: number,
  type: PgType,
  onFloor: () => void,
): void {
  if (type.name === 'date') {
    if (microsOfDay !== 0) onFloor()
    return encodeDateDays(w, days)
  }
  if (days < MIN_DAYS || days >= END_TIMESTAMP_DAYS) outOfRange(type)
  let rest = microsOfDay
  if (type.precision !== null && type.precision < 6) {
    const cut = rest % (FLOOR_UNITS[type.precision] ?? 1)
    if (cut !== 0) {
      rest -= cut
      onFloor()
    }
  }
  const day = days - EPOCH_DAYS
  if (day > -SAFE_DAYS && day < SAFE_DAYS) w.int8n(day * MICROS_PER_DAY + rest)
  else w.int8(BigInt(day) * DAY + BigInt(rest))
}

/** What counts the losses of a wall-clock column. */
export interface WallLosses {
  /** HF-L001 */
  onFloor: () => void
  /** HF-L005 */
  onFold: () => void
}

/**
 * A wall-clock value of `zone` into timestamptz; in timestamp and date it stays the wall clock that it is. At a fold the earlier instant.
 * @throws Reject HF-D011 for a wall time that does not exist, HF-D004 out of range.
 */
// eslint-disable-next-line max-params -- hot path: no object per value
export function encodeWallParts(
  w: TupleWriter,
  days: number,
  microsOfDay: number,
  zone: Zone,
  type: PgType,
  losses: WallLosses,
): void {
  if (zone.isUtc || type.name !== 'timestamptz') {
    return encodeTimestampParts(w, days, microsOfDay, type, losses.onFloor)
  }
  const offset = zone.offsetAtWall(days * 86400 + Math.floor(microsOfDay / 1_000_000))
  if (Number.isNaN(offset)) reject('HF-D011', `does not exist in ${zone.name}`)
  if (zone.lastWasFold) losses.onFold()
  let rest = microsOfDay - offset * 1_000_000
  let day = days
  while (rest < 0) {
    rest += MICROS_PER_DAY
    day -= 1
  }
  while (rest >= MICROS_PER_DAY) {
    rest -= MICROS_PER_DAY
    day += 1
  }
  encodeTimestampParts(w, day, rest, type, losses.onFloor)
}

/**
 * An epoch number of `unit` into timestamptz, timestamp (UTC) or date. A `number` must be a safe integer.
 * @throws Reject HF-D004
 */
// eslint-disable-next-line max-params -- hot path: no object per value
export function encodeEpoch(
  w: TupleWriter,
  v: bigint | number,
  unit: TimeUnit,
  type: PgType,
  onFloor: () => void,
): void {
  if (typeof v === 'number') {
    const perDay = PER_DAY[unit]
    const days = Math.floor(v / perDay)
    const rest = v - days * perDay
    const micros = unit === 'ns' ? Math.floor(rest / 1000) : rest * (MICROS_PER_DAY / perDay)
    const cut = unit === 'ns' && micros * 1000 !== rest
    if (cut) onFloor()
    // A value is counted once, though both unit and precision may cut it.
    return encodeTimestampParts(w, days, micros, type, cut ? alreadyTold : onFloor)
  }
  if (v >= -9007199254740991n && v <= 9007199254740991n) return encodeEpoch(w, Number(v), unit, type, onFloor)
  const { micros, floored } = epochToMicros(v, unit)
  if (floored) onFloor()
  encodeTimestampMicros(w, micros, type, floored ? alreadyTold : onFloor)
}

function alreadyTold(): void {}

const PER_DAY: Record<TimeUnit, number> = { s: 86_400, ms: 86_400_000, us: 86_400_000_000, ns: 86_400_000_000_000 }

/** @throws Reject HF-D004 outside of 4713 BC to 5874897 AD. */
export function encodeDateDays(w: TupleWriter, unixDays: number): void {
  if (unixDays < MIN_DAYS || unixDays >= END_DATE_DAYS) reject('HF-D004', 'out of range of date')
  w.int4(unixDays - EPOCH_DAYS)
}

/** A time of day, 24:00:00 included. @throws Reject HF-D004 */
export function encodeTimeMicros(w: TupleWriter, micros: number, type: PgType, onFloor: () => void): void {
  if (micros < 0 || micros > MICROS_PER_DAY) outOfRange(type)
  const cut = type.precision === null ? 0 : micros % (FLOOR_UNITS[type.precision] ?? 1)
  if (cut !== 0) onFloor()
  w.int8n(micros - cut)
}

/** A duration, all of it in the microseconds of the interval. @throws Reject HF-D004 beyond 64 bits. */
export function encodeIntervalMicros(w: TupleWriter, micros: bigint, type?: PgType, onFloor?: () => void): void {
  if (micros < -9223372036854775808n || micros > 9223372036854775807n) reject('HF-D004', 'out of range of interval')
  let kept = micros
  if (type?.precision != null && type.precision < 6) {
    const unit = BigInt(FLOOR_UNITS[type.precision] ?? 1)
    kept = floorDiv(micros, unit) * unit
    if (kept !== micros) onFloor?.()
    if (kept < -9223372036854775808n) reject('HF-D004', 'out of range of interval')
  }
  const at = w.field(16)
  w.data.setBigInt64(at, kept)
  w.data.setInt32(at + 8, 0)
  w.data.setInt32(at + 12, 0)
}

function outOfRange(type: PgType): never {
  return reject('HF-D004', `out of range of ${type.text}`)
}
