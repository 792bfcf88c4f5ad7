/** Instants and wall-clock times that the application gives, before a column decides which of the two it keeps. */
import { END_TIMESTAMP, floorDiv, MIN_TIMESTAMP, parseIso } from './calendar.ts'
import { refuse } from './codec.ts'
import type { ColumnContext } from './codec.ts'
import type { Zone } from './zone.ts'

export interface Moment {
  /** `wall`: no zone was named. */
  kind: 'instant' | 'wall'
  /** Since 1970-01-01 UTC, or since that date on the wall. */
  micros: bigint
}

/** A Date, or ISO 8601 text with or without offset. @throws Refusal for anything else. */
export function momentOf(value: unknown, lose: ColumnContext['lose']): Moment {
  if (value instanceof Date) {
    const millis = value.getTime()
    if (Number.isNaN(millis)) return refuse('an invalid Date')
    return { kind: 'instant', micros: BigInt(millis) * 1000n }
  }
  if (typeof value !== 'string') return refuse('neither a Date nor text that is a time')
  const iso = parseIso(value)
  if (iso === null) return refuse('text that is no ISO 8601 time')
  if (iso.floored) lose('HF-L001')
  if (iso.offsetMinutes === null) return { kind: 'wall', micros: iso.micros }
  return { kind: 'instant', micros: iso.micros - BigInt(iso.offsetMinutes) * 60_000_000n }
}

/** What the wall clock of the zone shows at an instant. */
export function wallOf(moment: Moment, zone: Zone): bigint {
  if (moment.kind === 'wall') return moment.micros
  return moment.micros + BigInt(zone.atInstant(Number(floorDiv(moment.micros, 1_000_000n)))) * 1_000_000n
}

/** The instant at which the zone's wall clock shows it; at a fold the earlier one. @throws Refusal in a gap. */
export function instantOf(wall: bigint, zone: Zone): { micros: bigint; fold: boolean } {
  const answer = zone.atWall(Number(floorDiv(wall, 1_000_000n)))
  if (answer === null) return refuse(`a wall-clock time that does not exist in ${zone.name}`)
  return { micros: wall - BigInt(answer.offset) * 1_000_000n, fold: answer.fold }
}

/** @throws Refusal beyond what a timestamp of PostgreSQL holds. */
export function inTimestamp(micros: bigint, type: string): void {
  if (micros < MIN_TIMESTAMP || micros >= END_TIMESTAMP) refuse(`out of range of ${type}`)
}
