/** `7 days` of a plan as the argument create_hypertable and the policies take. */
import { HyperferryError } from '../errors.ts'
import type { PlannedTable, TimeUnit } from '../model.ts'
import { parsePgType } from '../values/pgtype.ts'
import { microsToUnit } from '../values/time.ts'
import { literal } from './sql.ts'

export interface ChunkInterval {
  sql: string
  /** For time types. */
  micros: bigint | null
  /** For integer columns, in the column's unit. */
  integer: bigint | null
}

const MICROS: Record<string, bigint> = {
  microsecond: 1n,
  millisecond: 1000n,
  ms: 1000n,
  second: 1_000_000n,
  sec: 1_000_000n,
  minute: 60_000_000n,
  min: 60_000_000n,
  hour: 3_600_000_000n,
  day: 86_400_000_000n,
  week: 604_800_000_000n,
  // TimescaleDB counts a month as 30 days; written out, so that nobody has to know.
  month: 2_592_000_000_000n,
  mon: 2_592_000_000_000n,
  year: 31_104_000_000_000n,
}

const INTEGER_MAX: Record<string, bigint> = { int2: 32_767n, int4: 2_147_483_647n, int8: 9_223_372_036_854_775_807n }

/** The interval of a time series; throws HF-P023 when it cannot be one. */
export function chunkInterval(table: PlannedTable): ChunkInterval {
  const text = table.chunkInterval ?? ''
  const time = table.columns.find((column) => column.name === table.time?.column)
  if (time === undefined) throw contradiction(table, 'has no time column')
  const type = parsePgType(time.type).name
  const max = INTEGER_MAX[type]
  if (max === undefined) {
    const micros = intervalMicros(text)
    if (micros === null || micros <= 0n) throw contradiction(table, `has chunkInterval ${text}, which is no interval`)
    if (type === 'date' && micros % (MICROS['day'] ?? 1n) !== 0n) {
      throw contradiction(table, `has a date as its time and must have whole days as chunkInterval, not ${text}`)
    }
    return { sql: `interval ${literal(plainInterval(text, micros))}`, micros, integer: null }
  }
  const integer = /^\d+$/.test(text) ? BigInt(text) : integerInterval(intervalMicros(text), table.time?.unit ?? null)
  if (integer === null || integer <= 0n || integer > max) {
    throw contradiction(table, `has chunkInterval ${text}, which does not fit its time column (${time.type})`)
  }
  return { sql: `${integer}::bigint`, micros: null, integer }
}

/** Microseconds of `7 days`, `1 hour 30 minutes`; null when it is not understood. A month is 30 days. */
export function intervalMicros(text: string): bigint | null {
  const parts = text
    .trim()
    .toLowerCase()
    .match(/\d+\s*[a-z]+/g)
  if (parts === null || text.toLowerCase().replaceAll(/\d+\s*[a-z]+|\s/g, '') !== '') return null
  let sum = 0n
  for (const part of parts) {
    const [, count = '', word = ''] = /^(\d+)\s*([a-z]+)$/.exec(part) ?? []
    const unit = MICROS[word] ?? MICROS[word.replace(/s$/, '')]
    if (unit === undefined) return null
    sum += BigInt(count) * unit
  }
  return sum
}

function plainInterval(text: string, micros: bigint): string {
  return /mon|year/i.test(text) ? `${micros / (MICROS['day'] ?? 1n)} days` : text.trim()
}

function integerInterval(micros: bigint | null, unit: TimeUnit | null): bigint | null {
  return micros === null || unit === null ? null : microsToUnit(micros, unit)
}

function contradiction(table: PlannedTable, what: string): HyperferryError {
  return new HyperferryError('HF-P023', { what: `table "${table.name}" ${what}` })
}
