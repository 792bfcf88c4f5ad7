/** Seconds east of UTC at an instant, asked of Node's own time zone data. */
import { daysFromCivil } from './time.ts'

/**
 * A function from seconds since 1970-01-01 UTC to seconds east of UTC. Accepts `+02:00` beside IANA names.
 * @throws RangeError for a name that is not known.
 */
export function offsetReader(iana: string): (utcSeconds: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: iana,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  // Years 1800 and later only, so no era is needed.
  return (utcSeconds) => {
    const parts = new Map(format.formatToParts(utcSeconds * 1000).map((part) => [part.type, Number(part.value)]))
    const of = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0
    const days = daysFromCivil(of('year'), of('month'), of('day'))
    return days * 86400 + of('hour') * 3600 + of('minute') * 60 + of('second') - utcSeconds
  }
}
