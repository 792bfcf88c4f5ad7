/**
 * Plain data and vocabulary. Nothing here runs, except the two small helpers on `Slice`.
 *
 * source / target   the old store / TimescaleDB or PostgreSQL
 * kind              `timeseries` (backfilled by range) or `relational` (copied whole)
 * axis              the one column a table is split along; a *position* on it is a bigint in the source's own unit
 * slice             a half-open range on the axis, the whole table, or the residual (rows without a position)
 * task              one slice of one table, copied in one target transaction
 * receipt           the ledger row a task leaves in that transaction
 * rule / loss       what the value contract does to a value / the count of times it changed one
 * reject            a row that cannot be represented; it goes to quarantine
 * finding           something the plan's owner should know or decide
 */

export type Engine = 'mysql' | 'sqlite'
export type TableKind = 'timeseries' | 'relational'

/** JSON that survives `JSON.stringify`; counts beyond 2^53 are strings. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

// ── the source as it is ────────────────────────────────────────────────────────────────────────────────────────────

export interface SourceInfo {
  engine: Engine
  /** 'MariaDB', 'MySQL' or 'SQLite'. */
  product: string
  version: string
  /** Database (schema) name; for SQLite the file's base name without extension. */
  database: string
  /** Names this very database: server identity and database, or the file. Compared between runs (HF-B021). */
  identity: string
  /** Whether the account (or file handle) cannot write; null if it could not be told. */
  readOnly: boolean | null
  /** Bytes of data and indexes as the server estimates them; null if unknown. */
  bytes: number | null
}

export type ColumnDefault =
  | { kind: 'literal'; value: string }
  | { kind: 'now'; precision: number }
  | { kind: 'uuid' }
  /** An expression of the source that has no sure translation. */
  | { kind: 'expression'; sql: string }

export interface SourceColumn {
  name: string
  /** The type as the source declares it, lower case, e.g. `bigint(20) unsigned`, `enum('a','b')`, `varchar(20)`. */
  type: string
  nullable: boolean
  default: ColumnDefault | null
  generated: { expression: string; stored: boolean } | null
  autoIncrement: boolean
  /** MySQL's ON UPDATE CURRENT_TIMESTAMP. */
  onUpdateNow: boolean
  /** Character set and collation where the source has them, e.g. `utf8mb4`, `utf8mb4_general_ci`, `NOCASE`. */
  charset: string | null
  collation: string | null
  comment: string | null
  invisible: boolean
}

export interface SourceIndexPart {
  /** null for an expression part. */
  column: string | null
  expression: string | null
  descending: boolean
  /** Prefix length in characters, MySQL's `name(20)`. */
  prefix: number | null
}

export interface SourceIndex {
  name: string
  unique: boolean
  kind: 'btree' | 'fulltext' | 'spatial' | 'hash'
  parts: SourceIndexPart[]
  /** Predicate of a partial index (SQLite). */
  where: string | null
}

export type ReferentialAction = 'no action' | 'restrict' | 'cascade' | 'set null' | 'set default'

export interface SourceForeignKey {
  name: string
  columns: string[]
  references: { table: string; columns: string[] }
  onDelete: ReferentialAction
  onUpdate: ReferentialAction
}

export interface SourceTable {
  name: string
  columns: SourceColumn[]
  /** Empty when there is none. */
  primaryKey: string[]
  /** Without the primary key; unique ones included. */
  indexes: SourceIndex[]
  foreignKeys: SourceForeignKey[]
  checks: { name: string; expression: string }[]
  comment: string | null
  /** Server's estimate. */
  estimatedRows: number
  /** Data and indexes, server's estimate; null if unknown. */
  bytes: number | null
  /** Next AUTO_INCREMENT / sqlite_sequence value, null if the table has none. */
  nextAutoIncrement: bigint | null
  /** InnoDB, MyISAM, …; for SQLite `rowid`, `without rowid`, `strict`. */
  storage: string
}

/** Objects that are not moved, each with the reason (views, routines, triggers, virtual tables, …). */
export interface SkippedObject {
  kind: string
  name: string
  reason: string
}

export interface Inventory {
  tables: SourceTable[]
  skipped: SkippedObject[]
}

// ── what the plan says of a column: the value contract ─────────────────────────────────────────────────────────────

export type TimeUnit = 's' | 'ms' | 'us' | 'ns'

/** Rules of docs/design/0002. All optional; absent means the default given there. Plain data: the dual-write library reads the same. */
export interface ColumnRules {
  /** `0000-00-00`, `2010-00-00`, …: null, an ISO date to put in its place, or quarantine. Default quarantine. */
  zeroDate?: 'null' | 'quarantine' | (string & {})
  /** A NUL byte inside text. Default quarantine. */
  nul?: 'quarantine' | 'strip' | 'replace'
  /** Text that is not valid in its encoding. Default quarantine. */
  invalidText?: 'quarantine' | 'replace' | 'windows-1252'
  /** Unit of an epoch number that becomes a timestamp. */
  unit?: TimeUnit
  /** IANA zone of wall-clock values, overriding `source.timezone`. */
  timezone?: string
  /** How text or a REAL holds a time (SQLite): ISO 8601 text or a Julian day number. Default `iso`. */
  format?: 'iso' | 'julian'
  /** UUID stored by `UUID_TO_BIN(x, 1)`: time fields swapped. */
  swappedUuid?: boolean
}

export interface PlannedColumn {
  /** Name in the source. */
  source: string
  /** Name in the target; at most 63 bytes. */
  name: string
  /** Source type at planning time; a different one later is refused (HF-P021). */
  sourceType: string
  /** Target type as PostgreSQL writes it: `numeric(20,0)`, `timestamp(3) with time zone` is written `timestamptz(3)`. */
  type: string
  nullable: boolean
  /** SQL of the default in the target, or null. */
  default: string | null
  /** GENERATED BY DEFAULT AS IDENTITY; its sequence is set after the copy. */
  identity: boolean
  /** SQL of a stored generated column; such a column is not copied. */
  generated: string | null
  comment: string | null
  rules: ColumnRules
  /** Why this type and these rules; become comments of the YAML. Not structural. */
  reasons?: string[]
}

export interface PlannedKey {
  name: string
  columns: string[]
  primary: boolean
}

export interface PlannedIndex {
  name: string
  unique: boolean
  method: 'btree' | 'gin' | 'hash'
  /** Column names or parenthesised SQL expressions, each with optional ` desc`. */
  parts: string[]
  where: string | null
}

export interface PlannedForeignKey {
  name: string
  columns: string[]
  references: { table: string; columns: string[] }
  onDelete: ReferentialAction
  onUpdate: ReferentialAction
}

export type Split = 'time' | 'pk' | 'all'

export interface PlannedTable {
  /** Name in the source. */
  source: string
  /** Name in the target schema; at most 63 bytes. */
  name: string
  kind: TableKind
  /** Why it is of this kind and so on; become comments of the YAML. Not structural. */
  reasons: string[]
  /** Time column (target name); only for time series. `unit` when the target column is an integer. */
  time: { column: string; unit: TimeUnit | null } | null
  /** Interval as `7 days`, `1 hour`; null for relational tables. Integer time columns convert it by their unit. */
  chunkInterval: string | null
  columnstore: { segmentBy: string[]; orderBy: string[]; after: string } | null
  split: Split
  /** Source column that is the axis; `rowid` in SQLite for tables without an integer primary key; null when split is `all`. */
  axis: string | null
  /** `merge`: rows are told apart by a key, one that stands there already and is equal is left alone. `replace`: there is no such key. */
  mode: 'merge' | 'replace'
  /** What becomes of rows that stand in the target before the first one is copied: the table is refused (HF-S011), or emptied once. */
  existingRows: 'refuse' | 'delete'
  /** Relational tables: brought up to date inside the cutover, or written by nobody. Operational: may be edited at any time. */
  sync: 'final-copy' | 'frozen'
  columns: PlannedColumn[]
  /** Primary key first, then unique keys; each holds the time column if the table is a hypertable. */
  keys: PlannedKey[]
  indexes: PlannedIndex[]
  foreignKeys: PlannedForeignKey[]
  checks: { name: string; expression: string }[]
  comment: string | null
  /** Server's row estimate and expected bytes in the target, for progress and forecast only. Not structural. */
  estimatedRows: number
  estimatedBytes: number | null
}

export interface Plan {
  migration: string
  source: { url: string; timezone: string; fingerprint: string }
  target: { url: string; schema: string; owner: string | null }
  tables: PlannedTable[]
  /** Source tables left out on purpose. */
  exclude: string[]
  /** Operational part: may be edited at any time. */
  /** `writers`: processes that write, null if unknown. `maxLateness`: how late rows come at most, such as `6 hours`. */
  dualWrite: { writers: number | null; maxLateness: string }
  backfill: {
    workers: number
    taskRows: number
    pauseWhen?: PauseWhen
    window?: string
    writerSlowdown?: number | 'off'
  }
  verify: { sampleRows: number }
}

// ── pacing (docs/design/0014) ──────────────────────────────────────────────────────────────────────────────────────

/** What a backfill can be told to spare, by the names that the plan's `backfill.pauseWhen` has: whose load it is, and in what it is measured. */
export const PAUSE_LIMITS = {
  sourceThreadsRunning: { side: 'source', unit: 'count' },
  sourceReplicaLag: { side: 'source', unit: 'ms' },
  targetReplicationLag: { side: 'target', unit: 'ms' },
  targetReplicationBytes: { side: 'target', unit: 'bytes' },
  targetWalRate: { side: 'target', unit: 'bytes/s' },
  targetLockWaits: { side: 'target', unit: 'count' },
  targetCheckpoints: { side: 'target', unit: 'count' },
  targetActiveSessions: { side: 'target', unit: 'count' },
} as const satisfies Record<string, { side: Side; unit: PauseUnit }>

export type PauseUnit = 'count' | 'ms' | 'bytes' | 'bytes/s'
export type PauseLimit = keyof typeof PAUSE_LIMITS
/** As the plan says it: `30 s`, `50 MB`, 40. */
export type PauseWhen = {
  readonly [L in PauseLimit]?: (typeof PAUSE_LIMITS)[L]['unit'] extends 'count' ? number : string
}

/** A time of day, in minutes since midnight in `zone`: `from` inclusive, `to` exclusive; `from` after `to` spans midnight. */
export interface TimeWindow {
  from: number
  to: number
  zone: string
}

/** What a look at a server gave: null where it may not look, and then why. */
export interface Load {
  values: ReadonlyMap<PauseLimit, number | null>
  blind: readonly string[]
}

// ── findings ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** `decide`: a safe answer stands in the plan, the owner should choose. `block`: the plan cannot run as it is. */
export type Severity = 'block' | 'decide' | 'warn' | 'info'

export interface Finding {
  /** HF-P…; see source/finding-codes.ts. */
  code: string
  severity: Severity
  table: string | null
  column: string | null
  /** Rows concerned; `exact` false when it comes from a sample. null when counting makes no sense. */
  count: { value: number; exact: boolean } | null
  message: string
  /** What the proposed plan does about it, and the alternatives. */
  action: string
}

/** What the migration will cost, measured on a sample of the largest tables. */
export interface Forecast {
  rows: number
  /** Rows that were read to measure. 0: nothing was measured, bytes are the source's estimate. */
  sampledRows: number
  /** `write`: the sample was also loaded into a temporary table of the target. */
  measured: 'write' | 'read' | 'nothing'
  rowsPerSecond: number | null
  seconds: number | null
  /** Expected bytes in the target, indexes included, before compression. */
  targetBytes: number
}

/** One check of step 1. */
export interface Check {
  code: string
  ok: boolean
  severity: 'error' | 'warn' | 'info'
  message: string
  hint: string | null
}

export interface Gate {
  code: string
  ok: boolean
  reason: string
}

// ── rows on their way ──────────────────────────────────────────────────────────────────────────────────────────────

/** Part of a table that one task reads. Positions in the source's unit; null is unbounded. */
export type Slice =
  | { kind: 'range'; from: bigint | null; to: bigint | null }
  /** Rows without a position: NULL, or a storage class that is no number. */
  | { kind: 'residual' }
  /** Every row of the table: ranges and residual together. */
  | { kind: 'all' }

/** A row that the transcoder or the target refused. */
export interface RejectedRow {
  /** HF-D… code. */
  code: string
  column: string | null
  reason: string
  /** SQLSTATE when the target refused it. */
  sqlstate: string | null
  /** Primary key or rowid in the source, as text; all columns when the table has no key. */
  key: Record<string, string | null>
  /** Every column as text (bytes as `\x…`), so that nothing is lost. */
  values: Record<string, string | null>
  /** Hash of the row as it was sent, when the target refused it: key and values are as PostgreSQL prints them then. */
  hash?: string | null
}

/** Times a lossy rule changed a value. */
export interface Loss {
  /** HF-L… code. */
  code: string
  column: string
  count: number
}

/** Rows in binary COPY form, without header and trailer. */
export interface EncodedBatch {
  rows: number
  bytes: Uint8Array
  /** End offset in `bytes` of each row's tuple; length = `rows`. */
  ends: Uint32Array
  rejected: RejectedRow[]
  losses: Loss[]
  /** Rows that a person has given up (docs/design/0013): among neither of the above. Absent: none. */
  discarded?: number
}

// ── the live line (docs/design/0009) ───────────────────────────────────────────────────────────────────────────────

export type Stage = 'off' | 'dualwrite' | 'shadow' | 'live' | 'complete'
export type Side = 'source' | 'target'

/** Who is primary, and whether a change of roles is under way. */
export interface DualState {
  stage: Stage
  /** +1 at each committed or aborted change of roles. */
  epoch: number
  primary: Side
  phase: 'open' | 'prepare' | 'hold'
  holdId: string | null
  barrier: number
  contractHash: string
  /** ISO 8601 UTC with microseconds. */
  stageSince: string
}

/** One process with the dual-write library, or a writer declared by hand. */
export interface WriterInfo {
  id: string
  name: string
  kind: 'library' | 'external'
  /** `silent`: no heartbeat for 15 seconds. `declared`: external, nothing is known of it. */
  state: 'alive' | 'silent' | 'declared' | 'clean' | 'superseded' | 'lost' | 'stopped'
  stage: Stage
  epoch: number
  /** Since when all of its writes go to both stores, ISO 8601 UTC with microseconds; null: not yet. */
  dualSince: string | null
  /** Id of the hold it has answered. */
  held: string | null
  barrier: number
  inFlight: number
  pending: number
  inDoubt: number
  /** Smallest instant of a row it has not delivered, by source table. */
  low: Readonly<Record<string, string>>
  lateness: Readonly<Record<string, Lateness>>
  /** How long its writes of the last half minute took; null when there were none, or when it does not tell. */
  writes: { count: number; p50Ms: number; p99Ms: number } | null
  /** Its clock minus the target's, and half of the round trip; null before it was measured. */
  clock: { offsetUs: number; errorUs: number } | null
  /** What it says of itself: host, pid, markers, durability, … */
  facts: Readonly<Record<string, Json>>
  heartbeatAgeMs: number
}

/** How late the rows of a table come, as a writer has seen it: commit time minus row time in microseconds; negative is the future. */
export interface Lateness {
  rows: number
  minUs: number
  maxUs: number
  /** `counts[i]`: rows later than 2^i milliseconds and not later than 2^(i+1); rows in time are not counted here. */
  counts: readonly number[]
}

/** The part of a table that the backfill is responsible for: instants outside of [below, from). */
export interface CompletionPoint {
  tableId: number
  source: string
  /** ISO 8601 UTC with microseconds. */
  t: string
  /** T as the target's time column holds it: microseconds since 1970-01-01 UTC (wall clock where the type has no zone), or the raw integer. */
  instant: bigint
  /** The same on the source's axis. */
  position: bigint
  /** From here on rows belong to the backfill again. */
  beyondInstant: bigint
  beyondPosition: bigint
  grade: 'proven' | 'observed'
  evidence: Json
  decidedAt: string
}

// ── ledger ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export const MAIN_LANE = 0
export const RESIDUAL_LANE = 1
export type Lane = typeof MAIN_LANE | typeof RESIDUAL_LANE

/** A half-open range of positions; null is unbounded. The residual lane and split `all` use the unbounded span. */
export interface Span {
  from: bigint | null
  to: bigint | null
}

export interface Receipt {
  lane: Lane
  span: Span
  /** Rows sent to the target (inserted, or found equal by key in mode merge). */
  rows: number
  quarantined: number
  /** `hf1:…` digest of the rows sent; see docs/design/0003. */
  digest: string
  losses: Loss[]
  bytes: number
}
