/**
 * Plain data that the parts of the library hand to each other. Nothing here runs.
 *
 * source / target      the old store / TimescaleDB or PostgreSQL
 * primary / secondary  the store that decides / the one that follows; they swap at cutover
 * op                   one `write()`: rows of one collection, numbered by `seq` in the journal
 * cell                 a value after the value contract: what both stores hold once they have it
 * instant              the time of a row as the target's time column holds it: microseconds since 1970-01-01 UTC (of the wall clock, where the type
 *                      has no zone), or the raw number of an integer column
 */

/** Survives the journal unchanged: numbers are doubles bit for bit (−0 is 0), integers beyond 2^53 are bigints. */
export type Cell = null | boolean | number | bigint | string | Uint8Array

export type Stage = 'off' | 'dualwrite' | 'shadow' | 'live' | 'complete'
export type Phase = 'open' | 'prepare' | 'hold'
export type Side = 'source' | 'target'

// ── the value contract as data; the tool makes it from the plan (packages/hyperferry/src/control/contract.ts) ──────────────

/** What stands in for a column that a row does not name, so that both stores get the same. */
type Fill =
  | { kind: 'none' }
  | { kind: 'literal'; value: string }
  | { kind: 'now'; precision: number }
  | { kind: 'uuid' }
  /** The primary store gives it; it is captured and handed to the other one. */
  | { kind: 'identity' }
  /** The store computes it from other columns; must not be given. */
  | { kind: 'generated' }
  /** A default that only the source can work out: the row has to name the column. */
  | { kind: 'expression' }

/** The rules of docs/design/0002, as in the plan. */
export interface ColumnRules {
  zeroDate?: string
  nul?: 'quarantine' | 'strip' | 'replace'
  invalidText?: 'quarantine' | 'replace' | 'windows-1252'
  unit?: 's' | 'ms' | 'us' | 'ns'
  timezone?: string
  format?: 'iso' | 'julian'
  swappedUuid?: boolean
}

export interface ContractColumn {
  /** Name in the source: what the application's rows are keyed by. */
  source: string
  /** Name in the target. */
  name: string
  /** As the source declares it, lower case: `datetime(3)`, `enum('a','b')`. */
  sourceType: string
  collation: string | null
  /** As PostgreSQL writes it: `timestamptz(3)`, `numeric(20,0)`. */
  type: string
  nullable: boolean
  rules: ColumnRules
  fill: Fill
}

export interface CollectionContract {
  /** Table in the source; names the collection in journals and control tables. */
  source: string
  /** Schema and table in the target. */
  schema: string
  target: string
  columns: ContractColumn[]
  /** Target names of the columns of a unique key; null without one. */
  key: string[] | null
  /** Target name of the time column, and the unit of an integer one. */
  time: { column: string; unit: 's' | 'ms' | 'us' | 'ns' | null } | null
}

export interface Contract {
  version: 1
  engine: 'mysql' | 'sqlite'
  /** IANA zone of the source's wall-clock columns. */
  timezone: string
  collections: CollectionContract[]
}

// ── rows on their way ──────────────────────────────────────────────────────────────────────────────────────────────────

/** One op as the journal, the outbox and everyone who delivers it have it. Data only (D8): whoever reads it can apply it with the contract. */
export interface OpRecord {
  collection: string
  /** Source names of the columns given, in the order of the cells. */
  columns: string[]
  rows: Cell[][]
  /** When the op began, microseconds since 1970-01-01 by the clock of this machine. */
  at: bigint
  /** Smallest instant of its rows; null when the collection has no time. Far in the future it is the smallest number there is: see times.ts. */
  low: bigint | null
  /** Whether the source was to get a marker with it: one that was written without cannot be settled by one. */
  marked: boolean
}

/** Names an op in the source's marker table. */
export interface OpId {
  /** UUID of the journal (or of the outbox). */
  journal: string
  seq: number
  /**
   * Whether the source had a marker table when the intent was written; to be kept with the intent. An op that was written without a marker and settled
   * with one would be called absent. Not given: what the store remembers since it was made.
   */
  marked?: boolean
}
