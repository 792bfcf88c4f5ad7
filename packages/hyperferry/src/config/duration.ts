/** Spans of real time as people write them: `6 hours`, `1 day`. */
import { HyperferryError } from '../errors.ts'

export const DURATION = /^(\d+) (microsecond|millisecond|second|minute|hour|day|week)s?$/

const MICROS: Readonly<Record<string, bigint>> = {
  microsecond: 1n,
  millisecond: 1_000n,
  second: 1_000_000n,
  minute: 60_000_000n,
  hour: 3_600_000_000n,
  day: 86_400_000_000n,
  week: 604_800_000_000n,
}

/** Microseconds of a duration; a day is 24 hours. Throws HF-U001 for anything else. */
export function durationMicros(text: string): bigint {
  const [, number, unit] = DURATION.exec(text) ?? []
  const micros = unit === undefined ? undefined : MICROS[unit]
  if (number !== undefined && micros !== undefined) return BigInt(number) * micros
  throw new HyperferryError('HF-U001', {
    what: `${text}: not a duration`,
    hint: 'Write a number and a unit from microseconds to weeks, such as 6 hours.',
  })
}
