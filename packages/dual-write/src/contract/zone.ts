/** Wall clock and instants of an IANA zone, by Node's own data. The map is monotone: a gap is no instant, at a fold the earlier one is taken. */
import { DeclarationError } from '../errors.ts'
import { civilFromDays, daysFromCivil } from './calendar.ts'

export interface Zone {
  readonly name: string
  readonly isUtc: boolean
  /** Seconds east of UTC at a wall-clock second; null in a gap. `fold`: the second happened twice. */
  atWall(wallSeconds: number): { offset: number; fold: boolean } | null
  /** Seconds east of UTC at an instant. */
  atInstant(utcSeconds: number): number
}

const compiled = new Map<string, Zone>()

/** @throws DeclarationError for a zone that is not known. */
export function compileZone(iana: string): Zone {
  let zone = compiled.get(iana)
  if (zone === undefined) {
    zone = UTC.test(iana) ? utc(iana) : new WallClock(iana)
    compiled.set(iana, zone)
  }
  return zone
}

const UTC = /^(?:utc|gmt|z|zulu|uct|universal|etc\/(?:utc|gmt|uct|zulu|universal)|[-+]00:?00)$/i
const DAY = 86400
const CYCLE_SECONDS = 146097 * DAY
/** Before this year no zone had left its local mean time. */
const FIRST_SECOND = daysFromCivil(1800, 1, 1) * DAY
/** From here on rules repeat every 400 years, and Node's calendar would end before PostgreSQL's. */
const REPEAT_SECOND = daysFromCivil(2500, 1, 1) * DAY

function utc(name: string): Zone {
  const none = { offset: 0, fold: false }
  return { name, isUtc: true, atWall: () => none, atInstant: () => 0 }
}

/** A stretch of wall-clock seconds [from, to) with one answer. */
interface Stretch {
  from: number
  to: number
  answer: { offset: number; fold: boolean } | null
}

class WallClock implements Zone {
  readonly name: string
  readonly isUtc = false
  readonly #format: Intl.DateTimeFormat
  readonly #years = new Map<number, Stretch[]>()

  constructor(name: string) {
    this.name = name
    try {
      // The quickest question that answers to the second: `1843, GMT+00:53:28`, or `2024, GMT`.
      this.#format = new Intl.DateTimeFormat('en-US', {
        timeZone: /^[-+]/.test(name) ? '' : name,
        numberingSystem: 'latn',
        year: 'numeric',
        timeZoneName: 'longOffset',
      })
    } catch {
      throw new DeclarationError(`time zone ${JSON.stringify(name)} is not known; use a name such as Europe/Berlin`)
    }
  }

  atWall(wallSeconds: number): Stretch['answer'] {
    const second = wallSeconds - shiftOf(wallSeconds)
    if (second < FIRST_SECOND) return { offset: this.atInstant(FIRST_SECOND - 2 * DAY), fold: false }
    const { year } = civilFromDays(Math.floor(second / DAY))
    let stretches = this.#years.get(year)
    if (stretches === undefined) {
      stretches = this.#stretches(year)
      this.#years.set(year, stretches)
    }
    return stretches.find((each) => second < each.to)?.answer ?? null
  }

  atInstant(utcSeconds: number): number {
    const second = Math.max(utcSeconds - shiftOf(utcSeconds), FIRST_SECOND - 2 * DAY)
    const match = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(this.#format.format(second * 1000))
    const [, sign, hours = '0', minutes = '0', seconds = '0'] = match ?? []
    const offset = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
    return sign === '-' ? -offset : offset
  }

  /** Every answer within one wall-clock year, in order and without holes. */
  #stretches(year: number): Stretch[] {
    const start = daysFromCivil(year, 1, 1) * DAY
    const end = daysFromCivil(year + 1, 1, 1) * DAY
    const periods = this.#periods(start - 3 * DAY, end + 3 * DAY)
    const borders = new Set([start, end])
    for (const { from, to, offset } of periods) {
      for (const border of [from + offset, to + offset]) if (border > start && border < end) borders.add(border)
    }
    const sorted = [...borders].toSorted((a, b) => a - b)
    return sorted.slice(0, -1).map((from, i) => {
      const holding = periods.filter((each) => each.from + each.offset <= from && from < each.to + each.offset)
      const [first] = holding
      const answer = first === undefined ? null : { offset: first.offset, fold: holding.length > 1 }
      return { from, to: sorted[i + 1] ?? end, answer }
    })
  }

  /** Stretches of instants with one offset, found by looking at every day and bisecting where it changed. */
  #periods(start: number, end: number): { from: number; to: number; offset: number }[] {
    const periods = []
    let from = start
    let offset = this.atInstant(start)
    for (let day = start + DAY; day <= end; day += DAY) {
      const next = this.atInstant(day)
      if (next === offset) continue
      let before = Math.max(day - DAY, from)
      let after = day
      while (after - before > 1) {
        const middle = Math.floor((before + after) / 2)
        if (this.atInstant(middle) === offset) before = middle
        else after = middle
      }
      periods.push({ from, to: after, offset })
      from = after
      offset = this.atInstant(after)
      // Two changes within one day: look at the rest of it again.
      if (offset !== next) day -= DAY
    }
    periods.push({ from, to: end, offset })
    return periods
  }
}

/** Whole 400-year cycles that bring a far second back into the years that are computed. */
function shiftOf(seconds: number): number {
  if (seconds < REPEAT_SECOND) return 0
  return (Math.floor((seconds - REPEAT_SECOND) / CYCLE_SECONDS) + 1) * CYCLE_SECONDS
}
