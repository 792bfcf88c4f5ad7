/** Spans of real time as people write them: `6 hours`, `1 day`, `30 s`. */
import { HyperferryError } from '../errors.ts'

/** PostgreSQL reads all of these as the same intervals. */
export const DURATION = /^(\d+)(?: (microsecond|millisecond|second|minute|hour|day|week)s?| ?(us|ms|s|min|h|d))$/

const MICROS: Readonly<Record<string, bigint>> = {
  microsecond: 1n,
  millisecond: 1_000n,
  second: 1_000_000n,
  minute: 60_000_000n,
  hour: 3_600_000_000n,
  day: 86_400_000_000n,
  week: 604_800_000_000n,
  us: 1n,
  ms: 1_000n,
  s: 1_000_000n,
  min: 60_000_000n,
  h: 3_600_000_000n,
  d: 86_400_000_000n,
}

/** Microseconds of a duration; a day is 24 hours. Throws HF-U001 for anything else. */
export function durationMicros(text: string): bigint {
  const [, number, word, letters] = DURATION.exec(text) ?? []
  const unit = word ?? letters
  const micros = unit === undefined ? undefined : MICROS[unit]
  if (number !== undefined && micros !== undefined) return BigInt(number) * micros
  throw new HyperferryError('HF-U001', {
    what: `${text}: not a duration`,
    hint: 'Write a number and a unit from microseconds to weeks, such as 6 hours or 30 s.',
  })
}
