/** One year of a zone's wall clock, cut where its distance from UTC changes. */
import { daysFromCivil } from './time.ts'

/** Every answer within one wall-clock year, in order and without holes. */
export function stretchesOfYear(year: number, offsetAt: (utcSeconds: number) => number): Stretch[] {
  const start = daysFromCivil(year, 1, 1) * DAY
  const end = daysFromCivil(year + 1, 1, 1) * DAY
  const periods = periodsBetween(start - 3 * DAY, end + 3 * DAY, offsetAt)
  const borders = new Set([start, end])
  for (const { from, to, offset } of periods) {
    for (const border of [from + offset, to + offset]) if (border > start && border < end) borders.add(border)
  }
  const sorted = [...borders].toSorted((a, b) => a - b)
  const stretches: Stretch[] = []
  for (const [i, from] of sorted.entries()) {
    const to = sorted[i + 1]
    if (to === undefined) break
    const holding = periods.filter((each) => each.from + each.offset <= from && from < each.to + each.offset)
    stretches.push({ from, to, offset: holding[0]?.offset ?? NaN, fold: holding.length > 1 })
  }
  return stretches
}

/** A stretch of wall-clock seconds [from, to) with one answer; `offset` NaN for a gap. */
export interface Stretch {
  from: number
  to: number
  offset: number
  fold: boolean
}

const DAY = 86400

/** Stretches of instants with one offset, found by looking at every day and bisecting where it changed. */
function periodsBetween(
  start: number,
  end: number,
  offsetAt: (utcSeconds: number) => number,
): { from: number; to: number; offset: number }[] {
  const periods: { from: number; to: number; offset: number }[] = []
  let from = start
  let offset = offsetAt(start)
  for (let day = start + DAY; day <= end; day += DAY) {
    const next = offsetAt(day)
    if (next === offset) continue
    let before = Math.max(day - DAY, from)
    let after = day
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2)
      if (offsetAt(middle) === offset) before = middle
      else after = middle
    }
    periods.push({ from, to: after, offset })
    from = after
    offset = offsetAt(after)
    // Two changes within one day: look at the rest of it again.
    if (offset !== next) day -= DAY
  }
  periods.push({ from, to: end, offset })
  return periods
}
