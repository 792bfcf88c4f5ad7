/** Dates, times and intervals as text. PostgreSQL counts from 2000-01-01. */
import type { Scratch } from '../scratch.ts'
import { formatDays, MICROS_PER_DAY } from '../time.ts'
import type { FieldText, Place } from './field-text.ts'

/** Days from 1970-01-01 to 2000-01-01. */
const EPOCH_DAYS = 10_957
const TWO_32 = 4_294_967_296

export function dateText(_bytes: Uint8Array, view: DataView, { start }: Place, to: Scratch): void {
  const days = view.getInt32(start)
  if (days === 0x7fff_ffff) to.ascii('infinity')
  else if (days === -0x8000_0000) to.ascii('-infinity')
  else {
    const { date, era } = dayOf(days)
    to.ascii(date)
    to.ascii(era)
  }
}

export function timeText(_bytes: Uint8Array, view: DataView, { start }: Place, to: Scratch): void {
  clock(Number(view.getBigInt64(start)), to)
}

/** The zone comes before the era: `0044-03-15 12:00:00+00 BC`. */
export function timestampText(zone: string): FieldText {
  return (_bytes, view, { start }, to) => {
    const high = view.getInt32(start)
    const low = view.getUint32(start + 4)
    if (high === 0x7fff_ffff && low === 0xffff_ffff) return to.ascii('infinity')
    if (high === -0x8000_0000 && low === 0) return to.ascii('-infinity')
    const [days, micros] = split(high, low)
    const { date, era } = dayOf(days)
    to.ascii(date)
    to.byte(0x20)
    clock(micros, to)
    to.ascii(zone)
    to.ascii(era)
  }
}

/** Every part with its own sign, so that it means the same in every interval style of the reading session. */
export function intervalText(_bytes: Uint8Array, view: DataView, { start }: Place, to: Scratch): void {
  const micros = view.getBigInt64(start)
  const days = view.getInt32(start + 8)
  const months = view.getInt32(start + 12)
  if (months === 0x7fff_ffff && days === 0x7fff_ffff && micros === 0x7fff_ffff_ffff_ffffn) return to.ascii('infinity')
  if (months === -0x8000_0000 && days === -0x8000_0000 && micros === -0x8000_0000_0000_0000n)
    return to.ascii('-infinity')
  to.ascii(`${signed(months)} mons ${signed(days)} days `)
  // The clock form has no place for this one: the server reads the size before the sign.
  if (micros === -0x8000_0000_0000_0000n) return to.ascii(`${micros} us`)
  const size = micros < 0n ? -micros : micros
  to.ascii(`${micros < 0n ? '-' : '+'}${size / 3_600_000_000n}`)
  minutes(Number(size % 3_600_000_000n), to)
}

function signed(value: number): string {
  return value < 0 ? String(value) : `+${value}`
}

/** Microseconds as whole days and the rest of the last one. */
function split(high: number, low: number): [days: number, micros: number] {
  if (high >= 0x10_0000 || high < -0x10_0000) {
    const all = BigInt(high) * BigInt(TWO_32) + BigInt(low)
    const day = BigInt(MICROS_PER_DAY)
    const rest = ((all % day) + day) % day
    return [Number((all - rest) / day), Number(rest)]
  }
  // Below 2^52 the rounding of the quotient is smaller than one microsecond is of a day, so the floor is the right one.
  const all = high * TWO_32 + low
  const days = Math.floor(all / MICROS_PER_DAY)
  return [days, all - days * MICROS_PER_DAY]
}

let last = { days: Number.NaN, text: { date: '', era: '' } }

/** Rows of a series come day after day: the last one is kept. */
function dayOf(days: number): { date: string; era: string } {
  if (last.days !== days) last = { days, text: formatDays(days + EPOCH_DAYS) }
  return last.text
}

function clock(micros: number, to: Scratch): void {
  two(Math.floor(micros / 3_600_000_000), to)
  minutes(micros % 3_600_000_000, to)
}

/** `:MM:SS` and the fraction as far as it goes. */
function minutes(micros: number, to: Scratch): void {
  const seconds = Math.floor(micros / 1_000_000)
  to.byte(0x3a)
  two(Math.floor(seconds / 60), to)
  to.byte(0x3a)
  two(seconds % 60, to)
  const fraction = micros % 1_000_000
  if (fraction !== 0) to.ascii(`.${String(fraction).padStart(6, '0').replace(/0+$/, '')}`)
}

function two(value: number, to: Scratch): void {
  to.byte(0x30 + Math.floor(value / 10))
  to.byte(0x30 + (value % 10))
}
