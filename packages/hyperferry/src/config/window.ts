/** A time of the day as people write it: `22:00-06:00`, `22:00-06:00 Europe/Berlin`. */
import { HyperferryError } from '../errors.ts'
import type { TimeWindow } from '../model.ts'
import { isZone } from './zone.ts'

export const WINDOW = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)(?: ([A-Za-z][\w+/-]*))?$/

/** The zone is UTC unless one is named; 24:00 is the end of the day. Throws HF-U001. */
export function parseWindow(text: string): TimeWindow {
  const problem = windowProblem(text)
  if (problem === null) return parts(text)
  throw new HyperferryError('HF-U001', {
    what: `window ${text}: ${problem}`,
    hint: 'Write 22:00-06:00, with an IANA zone if it is not UTC.',
  })
}

/** Why this is no window; null when it is one. */
export function windowProblem(text: string): string | null {
  if (!WINDOW.test(text)) return 'not a time of day'
  const { from, to, zone } = parts(text)
  if (to > DAY) return 'a day ends at 24:00'
  if (from === to % DAY) return 'begins when it ends; leave it out for the whole day'
  return isZone(zone) ? null : `${zone} is no IANA time zone`
}

const DAY = 24 * 60

function parts(text: string): TimeWindow {
  const [, hour, minute, toHour, toMinute, zone] = WINDOW.exec(text) ?? []
  return { from: Number(hour) * 60 + Number(minute), to: Number(toHour) * 60 + Number(toMinute), zone: zone ?? 'UTC' }
}
