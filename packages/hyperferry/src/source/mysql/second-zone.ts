/** Wall-clock text of a zone as UTC text, by Node's formatter. Part of the second opinion: it must not import values/zones. */

const PARTS = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\..*)?$/
const formatters = new Map<string, Intl.DateTimeFormat>()

/** The earlier instant when the clocks were set back; a time that never was keeps its own text, which nothing equals. */
export function toUtc(text: string, zone: string): string {
  const match = PARTS.exec(text)
  if (!match) return text
  const numbers = match.slice(1, 7).map(Number)
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = numbers
  if (month === 0 || day === 0) return text
  const wall = utcMillis([year, month, day, hour, minute, second])
  const candidates = [-86_400_000, 0, 86_400_000]
    .map((aside) => wall - offset(wall + aside, zone))
    .filter((instant) => instant + offset(instant, zone) === wall)
    .toSorted((a, b) => a - b)
  const [instant] = candidates
  if (instant === undefined) return `no such time in ${zone}: ${text}`
  return `${new Date(instant)
    .toISOString()
    .replace(/^\+0*(?=\d{4}-)/, '')
    .slice(0, 19)}${match[7] ?? ''}`
}

/** Milliseconds that the zone's clock is ahead of UTC. */
function offset(instant: number, zone: string): number {
  let formatter = formatters.get(zone)
  if (!formatter) {
    formatter = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
    formatters.set(zone, formatter)
  }
  const parts = new Map(formatter.formatToParts(instant).map((part) => [part.type, part.value]))
  const get = (name: Intl.DateTimeFormatPartTypes): number => Number(parts.get(name) ?? 0)
  const year = parts.get('era')?.startsWith('B') === true ? 1 - get('year') : get('year')
  const shown = utcMillis([year, get('month'), get('day'), get('hour'), get('minute'), get('second')])
  return shown - Math.floor(instant / 1000) * 1000
}

function utcMillis([year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0]: readonly number[]): number {
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  date.setUTCHours(hour, minute, second)
  return date.getTime()
}
