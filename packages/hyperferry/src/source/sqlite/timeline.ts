/** One column seen as instants in the table's own order: plausible, growing, and how dense. */
import { parseIsoInstant, epochToMicros, julianToMicros } from '../../values/time.ts'
import { compileZone } from '../../values/zones.ts'
import type { ColumnRules, TimeUnit } from '../../model.ts'
import { unitOf } from './epoch.ts'
import type { SqliteValue } from './value.ts'
import type { ExactText } from './value.ts'

const DAY = 86_400_000_000n
/** 1971-01-01 and 2101-01-01. */
const PLAUSIBLE_FROM = 31_536_000_000_000n
const PLAUSIBLE_TO = 4_133_980_800_000_000n

export class Timeline {
  instants = 0
  plausible = 0
  unusable = 0
  min: bigint | null = null
  max: bigint | null = null
  private pairs = 0
  private growing = 0
  private last: bigint | null = null
  private window = -1
  private windowFirst: bigint | null = null
  private windowRows = 0
  private readonly days = new Map<bigint, number>()
  private readonly rates: number[] = []
  private readonly toMicros: (value: SqliteValue | ExactText) => bigint | null

  /** `unit` undefined: each integer by its own magnitude. */
  constructor(rules: { unit?: TimeUnit | undefined; format?: ColumnRules['format'] | undefined }, timezone: string) {
    this.toMicros = reader(rules, timezone)
  }

  add(value: SqliteValue | ExactText, window: number): void {
    const micros = this.toMicros(value)
    if (micros === null) {
      this.unusable += 1
      return
    }
    this.instants += 1
    if (micros >= PLAUSIBLE_FROM && micros < PLAUSIBLE_TO) this.plausible += 1
    if (this.min === null || micros < this.min) this.min = micros
    if (this.max === null || micros > this.max) this.max = micros
    if (window !== this.window) this.startWindow(micros, window)
    else if (this.last !== null) {
      this.pairs += 1
      if (micros >= this.last) this.growing += 1
    }
    this.windowRows += 1
    this.last = micros
    if (this.days.size < 100_000) {
      const day = micros / DAY
      this.days.set(day, (this.days.get(day) ?? 0) + 1)
    }
  }

  /** Share of neighbours that do not go back. */
  get monotone(): number {
    return this.pairs === 0 ? 1 : this.growing / this.pairs
  }

  /** Rows per day over the busiest days; a sample sees parts of days only, so there the density of its windows counts. */
  rowsPerDay(exact: boolean): number | null {
    if (this.instants < 2) return null
    if (!exact) {
      this.endWindow()
      const rates = this.rates.toSorted((a, b) => a - b)
      return rates[Math.floor(rates.length * 0.9)] ?? null
    }
    const busiest = [...this.days.values()].toSorted((a, b) => b - a).slice(0, 7)
    return Math.round(busiest.reduce((sum, count) => sum + count, 0) / busiest.length)
  }

  private startWindow(first: bigint, window: number): void {
    this.endWindow()
    this.window = window
    this.windowFirst = first
    this.windowRows = 0
  }

  private endWindow(): void {
    if (this.windowFirst === null || this.last === null || this.windowRows < 10) return
    const span = Number(this.last - this.windowFirst)
    if (span > 0) this.rates.push(Math.round((this.windowRows * Number(DAY)) / span))
    this.windowFirst = null
  }
}

function reader(rules: { unit?: TimeUnit | undefined; format?: ColumnRules['format'] | undefined }, timezone: string) {
  const zone = compileZone(timezone)
  return (value: SqliteValue | ExactText): bigint | null => {
    if (typeof value === 'bigint') {
      if (rules.format === 'julian') return julianToMicros(Number(value))
      const unit = rules.unit ?? unitOf(value)
      return unit === null ? null : epochToMicros(value, unit).micros
    }
    if (typeof value === 'number') {
      if (rules.format === 'julian') return julianToMicros(value)
      return Number.isFinite(value) && Math.abs(value) < 1e13 ? BigInt(Math.floor(value * 1e6)) : null
    }
    if (typeof value !== 'string') return null
    const parsed = parseIsoInstant(value)
    if (parsed === null) return null
    const wall = BigInt(parsed.days) * DAY + BigInt(parsed.microsOfDay)
    if (parsed.offsetMinutes !== null) return wall - BigInt(parsed.offsetMinutes) * 60_000_000n
    const instant = zone.toUtcMicros(wall)
    return instant === 'gap' ? null : instant.micros
  }
}
