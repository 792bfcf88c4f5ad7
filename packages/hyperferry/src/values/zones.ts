/** Wall-clock times of an IANA zone as instants. The map is monotone: a gap is refused, at a fold the earlier instant is taken. */
import { HyperferryError } from '../errors.ts'
import { daysFromCivil, civilFromDays } from './time.ts'
import { bareOffset } from './zone-names.ts'
import { offsetReader } from './zone-offsets.ts'
import { stretchesOfYear } from './zone-stretches.ts'
import type { Stretch } from './zone-stretches.ts'

export interface Zone {
  readonly name: string
  readonly isUtc: boolean
  /** Instant of a wall-clock value, both in microseconds since 1970-01-01; `fold` when the value happened twice. */
  toUtcMicros(wallMicros: bigint): { micros: bigint; fold: boolean } | 'gap'
  /** Seconds east of UTC at a wall-clock second, NaN in a gap. Sets `lastWasFold`. For the row path: no object per value. */
  offsetAtWall(wallSeconds: number): number
  readonly lastWasFold: boolean
  /** The wall-clock second at which the gap that holds `wallSeconds` ends, and the offset from there on. */
  gapEnd(wallSeconds: number): { wallSeconds: number; offset: number }
}

const compiled = new Map<string, Zone>()

/**
 * Compiles `Europe/Berlin` or `UTC`. Rules are those of Node's own time zone data.
 * @throws HyperferryError HF-P023 for a zone that is not known, and for a bare offset.
 */
export function compileZone(iana: string): Zone {
  const known = compiled.get(iana)
  if (known) return known
  const zone = new WallClock(iana)
  compiled.set(iana, zone)
  return zone
}

const DAY = 86400
const CYCLE_SECONDS = 146097 * DAY
/** Before this year no zone had left its local mean time. */
const FIRST_YEAR = 1800
/** From here on rules repeat every 400 years, and Node's calendar would end before PostgreSQL's. */
const REPEAT_YEAR = 2500
const FIRST_SECOND = daysFromCivil(FIRST_YEAR, 1, 1) * DAY
const REPEAT_SECOND = daysFromCivil(REPEAT_YEAR, 1, 1) * DAY

class WallClock implements Zone {
  readonly name: string
  readonly isUtc: boolean
  lastWasFold = false
  private readonly offsetAt: (utcSeconds: number) => number
  private readonly years = new Map<number, Stretch[]>()
  private current: Stretch = { from: 0, to: 0, offset: 0, fold: false }

  constructor(iana: string) {
    this.name = iana
    this.isUtc = /^(?:utc|gmt|z|zulu|uct|universal|etc\/(?:utc|gmt|uct|zulu|universal)|[-+]00:?00)$/i.test(iana)
    const offset = bareOffset(iana)
    if (offset) throw new HyperferryError('HF-P023', offset)
    try {
      this.offsetAt = this.isUtc ? () => 0 : offsetReader(iana)
    } catch (cause) {
      throw new HyperferryError('HF-P023', {
        what: `time zone ${JSON.stringify(iana)} is not known`,
        hint: 'Use an IANA name such as Europe/Berlin, or UTC.',
        cause,
      })
    }
  }

  toUtcMicros(wallMicros: bigint): { micros: bigint; fold: boolean } | 'gap' {
    if (this.isUtc) return { micros: wallMicros, fold: false }
    const seconds = wallMicros >= 0n ? wallMicros / 1_000_000n : (wallMicros - 999_999n) / 1_000_000n
    const offset = this.offsetAtWall(Number(seconds))
    if (Number.isNaN(offset)) return 'gap'
    return { micros: wallMicros - BigInt(offset) * 1_000_000n, fold: this.lastWasFold }
  }

  offsetAtWall(wallSeconds: number): number {
    if (wallSeconds < this.current.from || wallSeconds >= this.current.to) {
      const shift = shiftOf(wallSeconds)
      const found = this.stretchAt(wallSeconds - shift)
      this.current = { ...found, from: found.from + shift, to: found.to + shift }
    }
    this.lastWasFold = this.current.fold
    return this.current.offset
  }

  gapEnd(wallSeconds: number): { wallSeconds: number; offset: number } {
    let at = wallSeconds
    let offset = this.offsetAtWall(at)
    // A gap that crosses a year's end is cut in two there.
    while (Number.isNaN(offset)) {
      at = this.current.to
      offset = this.offsetAtWall(at)
    }
    return { wallSeconds: at, offset }
  }

  private stretchAt(wallSeconds: number): Stretch {
    if (wallSeconds < FIRST_SECOND) {
      return { from: -Infinity, to: FIRST_SECOND, offset: this.offsetAt(FIRST_SECOND - 2 * DAY), fold: false }
    }
    const { year } = civilFromDays(Math.floor(wallSeconds / DAY))
    let stretches = this.years.get(year)
    if (stretches === undefined) {
      stretches = stretchesOfYear(year, this.offsetAt)
      this.years.set(year, stretches)
    }
    const found = stretches.find((each) => wallSeconds < each.to)
    if (found === undefined) throw new HyperferryError('HF-X001', { what: `no offset in ${this.name}` })
    return found
  }
}

/** Whole 400-year cycles that bring a far second back into the years that are computed. */
function shiftOf(wallSeconds: number): number {
  if (wallSeconds < REPEAT_SECOND) return 0
  return (Math.floor((wallSeconds - REPEAT_SECOND) / CYCLE_SECONDS) + 1) * CYCLE_SECONDS
}
