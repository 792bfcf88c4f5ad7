/** Times of rows for watching lateness, and for telling which rows concern the backfill. */
import type { CompiledCollection } from './contract/compile.ts'
import type { OpRecord } from './model.ts'

const PER_UNIT = { s: 1_000_000n, ms: 1000n, us: 1n } as const

/** Microseconds since 1970-01-01 of each row; wall clocks of a type without a zone are taken as UTC. Empty when the table has no time. */
export function timesOf(compiled: CompiledCollection, record: OpRecord): bigint[] {
  const unit = compiled.contract.time?.unit ?? null
  const instants = compiled.instants(record)
  if (unit === null) return instants
  if (unit === 'ns') return instants.map((instant) => instant / 1000n)
  const factor = PER_UNIT[unit]
  return instants.map((instant) => instant * factor)
}

/** Rows stamped further ahead than this may belong to the backfill again (F is a year after T). */
const FAR_AHEAD_US = 300n * 86_400_000_000n

/** What `low` says of a record with such a row: a barrier has to wait for it, whatever range it is about. */
const CONCERNS_ALL = -(2n ** 63n)

/** Smallest instant of the rows, for the barrier. */
export function lowOf(compiled: CompiledCollection, record: OpRecord, nowUs: bigint): bigint | null {
  if (timesOf(compiled, record).some((time) => time - nowUs > FAR_AHEAD_US)) return CONCERNS_ALL
  return compiled.instants(record).reduce<bigint | null>((low, each) => (low === null || each < low ? each : low), null)
}
