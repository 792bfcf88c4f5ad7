/** Where TimescaleDB cuts a table into chunks, in positions of the source. */
import type { PlannedColumn, PlannedTable } from '../model.ts'
import { parsePgType } from './pgtype.ts'
import { microsToUnit } from './time.ts'
import { compileZone } from './zones.ts'

/**
 * Chunk borders are at `origin + k × interval`; null when the axis is not the time column or has no such grid. In zones with summer time the
 * borders move by an hour twice a year: a cut at the grid is a good one, not an exact one.
 */
export function chunkGrid(table: PlannedTable, timezone: string): { interval: bigint; origin: bigint } | null {
  if (table.split !== 'time' || table.time === null || table.chunkInterval === null) return null
  const { column: name, unit: timeUnit } = table.time
  const column = table.columns.find((each) => each.name === name)
  if (!column || column.source !== table.axis) return null
  const micros = intervalMicros(table.chunkInterval)
  if (micros === null) return null
  const unit = column.rules.unit ?? timeUnit
  const interval = typeof micros === 'object' ? micros.raw : unit === null ? micros : microsToUnit(micros, unit)
  if (interval <= 0n) return null
  return { interval, origin: unit === null ? wallOrigin(column, timezone) : 0n }
}

/** Chunks start at multiples since 1970-01-01 UTC; on the wall clock that is the zone's usual distance from UTC. */
function wallOrigin(column: PlannedColumn, timezone: string): bigint {
  if (parsePgType(column.type).name !== 'timestamptz' || /^timestamp\b/i.test(column.sourceType)) return 0n
  const zone = compileZone(column.rules.timezone ?? timezone)
  // 2020-01-01: no zone sets its clocks on that day.
  const offset = zone.offsetAtWall(1_577_836_800)
  return BigInt(Number.isNaN(offset) ? 0 : offset) * 1_000_000n
}

/** A plain number is in the column's own unit. Months and years have the lengths TimescaleDB gives them: 30 days. */
function intervalMicros(text: string): bigint | { raw: bigint } | null {
  const match = /^\s*(\d+)\s*([a-z]*)\s*$/i.exec(text)
  if (!match) return null
  const [, count = '', word = ''] = match
  if (word === '') return { raw: BigInt(count) }
  const seconds = SECONDS.get(word.toLowerCase().replace(/s$/, ''))
  return seconds === undefined ? null : BigInt(count) * seconds * 1_000_000n
}

const SECONDS = new Map<string, bigint>([
  ['second', 1n],
  ['sec', 1n],
  ['minute', 60n],
  ['min', 60n],
  ['hour', 3600n],
  ['day', 86_400n],
  ['week', 604_800n],
  ['month', 2_592_000n],
  ['mon', 2_592_000n],
  ['year', 31_104_000n],
])
