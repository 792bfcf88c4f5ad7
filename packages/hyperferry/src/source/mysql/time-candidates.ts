/** Columns that could be the time of a time series, judged by a sample in key order. */
import { counted } from '../count-text.ts'
import type { SourceColumn, SourceTable, TimeUnit } from '../../model.ts'
import { daysFromCivil, isoUtc, MICROS_OF } from '../../values/time.ts'
import type { TimeCandidate } from '../source.ts'
import { axisScale } from './axis-position.ts'
import type { AxisScale } from './axis-position.ts'
import { leadingIndex } from './axis.ts'
import { parseColumnType } from './column-type.ts'
import { Facts } from './profile-sql.ts'
import type { Profile } from './profile.ts'
import type { ColumnLook } from './findings.ts'

/** Best first. */
export function timeCandidates(table: SourceTable, looks: readonly ColumnLook[], profile: Profile): TimeCandidate[] {
  return looks
    .map((look) => candidate(table, look, profile))
    .filter((one) => one !== null)
    .toSorted((a, b) => score(b, table) - score(a, table))
}

const DAY = 86_400_000_000n
const FIRST = BigInt(daysFromCivil(1971, 1, 1)) * DAY
const END = BigInt(daysFromCivil(2101, 1, 1)) * DAY
/** Less than this and the numbers are no times. */
const ENOUGH = 0.9

interface Reading {
  unit: TimeUnit | null
  toMicros(position: bigint): bigint
}

function candidate(table: SourceTable, { column, proposal }: ColumnLook, profile: Profile): TimeCandidate | null {
  const scale = axisScale(parseColumnType(column.type))
  if (scale === null || column.generated || parseColumnType(column.type).base === 'year') return null
  const facts = profile.facts.get(column.name) ?? new Facts()
  const parts = samplePositions(column.name, scale, profile)
  const values = parts.flat()
  const reading = scale.kind === 'time' ? WALL : epochReading(column, values)
  if (reading === null) return null
  const micros = values.map((value) => reading.toMicros(value))
  const plausible = micros.length === 0 ? 0 : micros.filter(isPlausible).length / micros.length
  const access = accessTo(table, column.name)
  const unusable = facts.nulls + facts.count('zeroDate') + facts.count('invalidDay')
  const extent = (text: string | null): string | null =>
    text === null ? null : isoUtc(reading.toMicros(scale.parse(text)))
  const one: TimeCandidate = {
    column: column.name,
    type: proposal.type,
    unit: reading.unit,
    plausible,
    monotone: monotoneShare(parts),
    access,
    min: extent(facts.min),
    max: extent(facts.max),
    rowsPerDay: rowsPerDay(
      parts.map((part) => part.map((value) => reading.toMicros(value))),
      profile,
      {
        edges: [facts.min, facts.max].flatMap((text) => (text === null ? [] : [reading.toMicros(scale.parse(text))])),
        inOrder: table.primaryKey.length < 2 || table.primaryKey[0] === column.name,
      },
    ),
    unusable: { value: unusable, exact: profile.exact },
    reasons: [],
  }
  one.reasons = explain(one, column)
  return one
}

const WALL: Reading = { unit: null, toMicros: (position) => position }

/** Values of each part of the sample; NULL and zero dates left out. */
function samplePositions(name: string, scale: AxisScale, profile: Profile): bigint[][] {
  const i = profile.sampleColumns.indexOf(name)
  return profile.sample.map((rows) =>
    rows.flatMap((row) => {
      const text = row[i] ?? null
      return text === null || (scale.kind === 'time' && /-00/.test(text)) ? [] : [scale.parse(text)]
    }),
  )
}

const UNITS: readonly TimeUnit[] = ['s', 'ms', 'us', 'ns']
const NAMED =
  /(^|_)(t|ts|time|timestamp|epoch|unixtime|date|at|created|updated|when|start|end)(_?(s|ms|us|ns|at|on))?$|time$|stamp$/i

/** The unit by magnitude: only one unit puts a number between 1971 and 2100. Numbers that are keys fit by accident, so names count. */
function epochReading(column: SourceColumn, values: readonly bigint[]): Reading | null {
  if (column.autoIncrement || values.length === 0) return null
  const shares = UNITS.map((unit) => ({
    unit,
    share: values.filter((value) => isPlausible(unitMicros(value, unit))).length / values.length,
  }))
  const best = shares.toSorted((a, b) => b.share - a.share)[0]
  if (best === undefined || best.share < (NAMED.test(column.name) ? 0.5 : ENOUGH)) return null
  return { unit: best.unit, toMicros: (value) => unitMicros(value, best.unit) }
}

function unitMicros(value: bigint, unit: TimeUnit): bigint {
  return unit === 'ns' ? value / 1000n : value * MICROS_OF[unit]
}

function isPlausible(micros: bigint): boolean {
  return micros >= FIRST && micros < END
}

function monotoneShare(parts: readonly (readonly bigint[])[]): number {
  let pairs = 0
  let rising = 0
  for (const part of parts) {
    for (let i = 1; i < part.length; i += 1) {
      pairs += 1
      if ((part[i] ?? 0n) >= (part[i - 1] ?? 0n)) rising += 1
    }
  }
  return pairs === 0 ? 1 : rising / pairs
}

/** Rows and the days they are spread over; 0 when all are of one instant. */
function rate(rows: number, low: bigint, high: bigint): number {
  const days = Number(high - low) / Number(DAY)
  return days <= 0 ? 0 : rows / days
}

function bounds(values: readonly bigint[]): [bigint, bigint] {
  return values.reduce<[bigint, bigint]>(
    ([low, high], value) => [value < low ? value : low, value > high ? value : high],
    [values[0] ?? 0n, values[0] ?? 0n],
  )
}

/** By the density of the busiest parts when the whole table is in the order of time, else by the whole span. */
function rowsPerDay(parts: readonly (readonly bigint[])[], profile: Profile, extent: Extent): number | null {
  const all = parts.flat().filter(isPlausible)
  if (all.length < 2) return null
  // A stray value at an end would stretch the span by centuries.
  const [low, high] = extent.edges.every(isPlausible) && extent.edges.length === 2 ? bounds(extent.edges) : bounds(all)
  const whole = rate(profile.rows.value, low, high)
  if (!extent.inOrder || monotoneShare(parts) < ENOUGH) return Math.round(whole) || null
  const dense = parts.map((part) => part.filter(isPlausible)).filter((part) => part.length >= 20)
  // A part of a few rows that came in one burst would promise millions a day.
  const rates = dense.map((part) => rate(part.length, ...bounds(part))).toSorted((a, b) => a - b)
  const typical = rates[Math.floor(rates.length * 0.75)] ?? 0
  return Math.round(Math.min(Math.max(whole, typical), whole * 10)) || null
}

interface Extent {
  /** Smallest and largest value, as far as they are known. */
  edges: readonly bigint[]
  /** Key order is one sequence of rows, not one per device. */
  inOrder: boolean
}

function accessTo(table: SourceTable, column: string): TimeCandidate['access'] {
  if (table.primaryKey[0] === column) return table.storage.startsWith('InnoDB') ? 'clustered' : 'index'
  return leadingIndex(table, column) === null ? 'none' : 'index'
}

function explain(one: TimeCandidate, column: SourceColumn): string[] {
  const percent = (share: number): string => `${Math.floor(share * 1000) / 10} %`
  return [
    `${percent(one.plausible)} of sampled values lie in 1971–2100${one.unit === null ? '' : ` read as ${one.unit}`}`,
    `grows with insertion in ${percent(one.monotone)} of a sample`,
    one.access === 'none'
      ? 'no index on it'
      : one.access === 'clustered'
        ? 'the table is ordered by it'
        : 'has an index',
    ...(column.onUpdateNow ? ['changes when a row is updated'] : []),
    ...(one.unusable.value > 0 ? [`${counted(one.unusable.value, 'rows')} without a usable time`] : []),
  ]
}

function score(one: TimeCandidate, table: SourceTable): number {
  const column = table.columns.find((each) => each.name === one.column)
  const inKey = table.primaryKey.includes(one.column)
  return (
    one.plausible * 4 +
    one.monotone * 2 +
    (one.access === 'none' ? 0 : 2) +
    (one.unit === null ? 1 : 0) +
    (inKey ? 2 : 0) +
    (column?.nullable === true ? -1 : 0) +
    (column?.onUpdateNow === true ? -3 : 0) +
    (one.unusable.value > 0 ? -2 : 0)
  )
}
