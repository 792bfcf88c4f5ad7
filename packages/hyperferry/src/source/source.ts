/** The only door between the engine and a source database. A source can read and nothing else. */
import type {
  Check,
  ColumnRules,
  EncodedBatch,
  Finding,
  Inventory,
  Load,
  PauseLimit,
  PlannedTable,
  Slice,
  SourceInfo,
  SourceTable,
  TimeUnit,
} from '../model.ts'

/** The table by which writers tell which of their writes are in the source (docs/design/0009): it is ours, and no part of what moves. */
export const MARKER_TABLE = 'hyperferry_op'

/** One kind of source. Each `source/<engine>/index.ts` exports exactly one, named `adapter`. */
export interface SourceAdapter {
  /** URL schemes it answers to, without colon. */
  readonly schemes: readonly [string, ...string[]]
  /** Connects and proves that reading works. Throws HF-C… with a hint. `signal` aborts connecting and every later call. */
  open(url: string, options: SourceOptions): Promise<Source>
}

export interface SourceOptions {
  /** IANA zone of wall-clock values unless a column says otherwise. Default `UTC`. */
  timezone: string
  /** Connections that may be open at the same time. */
  connections: number
  signal: AbortSignal
}

/** Reading compiled for one table of the plan. Safe to call again for the same slice: the same rows come, if the source stands still. */
export interface TableReader {
  /**
   * Rows of the slice in binary COPY form, columns in plan order without generated ones. One read transaction per call,
   * closed when the iterator ends or is returned. Back-pressure: nothing is read while the consumer does not ask.
   */
  read(slice: Slice): AsyncIterable<EncodedBatch>
  /**
   * The row that the source's own key names, as `read` gives it; more than one only where the key is not unique. `values` has texts as rows in quarantine
   * have them, by source column (or `rowid`); what is not of the key is not looked at. null when the table has no key, or `values` not all of it.
   */
  find(values: Readonly<Record<string, string | null>>): AsyncIterable<EncodedBatch> | null
  /** Exact number of rows of the slice, counted by the server independently of `read`. */
  count(slice: Slice): Promise<bigint>
  /** Smallest and largest position, null when no row has one. Positions as of docs/design/0001. */
  extent(): Promise<{ min: bigint; max: bigint } | null>
  /**
   * A position p > `from` so that about `rows` rows lie in [from, p), found by walking the axis's index;
   * null when fewer are left (the rest is one slice). `from` null starts at the beginning.
   * Never splits rows of equal position. Split `all` always returns null.
   */
  advance(from: bigint | null, rows: number): Promise<bigint | null>
  /** Canonical text of rows, made by the source *server*; see `SecondReader`. */
  second: SecondReader
}

/**
 * The second opinion (docs/design/0003): rows as canonical text rendered by the source server, sharing no code with the transcoder.
 * The forms are fixed in docs/design/0007-canonical-text.md; the target renders the same forms by its own SQL.
 */
export interface SecondReader {
  /** Rows of the slice as arrays of canonical texts in plan order (no generated columns), at most `limit`. */
  rows(slice: Slice, limit: number): Promise<CanonicalRow[]>
  /**
   * Rows of a trap class of any column (negative, huge, boundary, zero date, fraction, over 24 h, four-byte text, empty, blob with NUL, …), at most `limit` per class,
   * and how many of each class exist in all.
   */
  traps(limit: number): Promise<{ name: string; column: string; total: bigint; rows: CanonicalRow[] }[]>
}

/** Texts and byteas of more bytes are given as `#<bytes>:<sha256>`; see docs/design/0007. */
export const LONG_VALUE_BYTES = 4096

export interface CanonicalRow {
  /** Position on the axis as canonical text of the axis column if it is migrated, for finding the row in the target; null for none. */
  readonly values: readonly (string | null)[]
}

/** A consistent view of the whole database. */
export interface SourceView {
  /** Compiles the reader; throws HF-P021 when the live table no longer fits the plan, HF-P022 when a type pair has no transcoder. */
  reader(table: PlannedTable): TableReader
}

export interface Source extends SourceView {
  readonly info: SourceInfo
  /** Step 1: privileges, versions, settings that would make reading wrong or slow. */
  checks(): Promise<Check[]>
  inventory(): Promise<Inventory>
  /**
   * Looks at the values of one table and proposes types and rules. Sampled (`sampleRows`, spread over the table) unless `full`;
   * min/max/count that an index answers are always exact.
   */
  assess(table: SourceTable, options: { full: boolean; sampleRows: number }): Promise<TableAssessment>
  /** Runs `use` on one consistent snapshot of all tables (one connection). */
  snapshot<T>(use: (view: SourceView) => Promise<T>): Promise<T>
  /**
   * One statement of a person's own, in a read-only transaction; parameters are bound. Throws HF-R001 for more than `QUERY_ROWS` rows,
   * else what the server answers: what writes is refused by it.
   */
  query(sql: string, params: readonly QueryParameter[]): Promise<QueryResult>
  /**
   * How busy the server is at this moment, of what is `wanted`; on a session of its own, which is opened anew after a failure. What the account may not see is
   * null and said. Absent: there is no server that could be spared.
   */
  load?(wanted: readonly PauseLimit[]): Promise<Load>
  /** Lets so many connections be open at the same time, if it were fewer. Absent: they are not counted. */
  roomFor?(connections: number): void
  close(): Promise<void>
}

/** Most rows that `Source.query` gives. */
export const QUERY_ROWS = 100_000

export type QueryParameter = string | number | bigint | boolean | null

/** Values as text: booleans as the engine has them (`1`), bytes as `\x` and hex. */
export interface QueryResult {
  columns: string[]
  rows: (string | null)[][]
  /** Milliseconds from sending the statement to having its last row; connecting and transactions are not counted. */
  ms: number
}

/** What a look at the values says; facts are the engine's, the decision is the plan step's. */
export interface TableAssessment {
  /** Exact when an index or a full scan counted it. */
  rows: { value: number; exact: boolean }
  columns: ColumnAssessment[]
  /** Candidates for the time column, best first. */
  timeCandidates: TimeCandidate[]
  /** Axis the source offers without a time column: leading integer key column or rowid. */
  keyAxis: { column: string } | null
  /** HF-P… findings about values and definitions of this table. */
  findings: Finding[]
}

export interface ColumnAssessment {
  column: string
  /** Proposed target type. */
  type: string
  rules: ColumnRules
  /** Short facts for the plan's comment: `41 rows above 2^63-1`. */
  reasons: string[]
  /** Some value is NULL or becomes NULL by a rule. */
  hasNulls: boolean
  /** Distinct values seen in the sample, and rows sampled; for segment-by. */
  distinct: { value: number; rows: number } | null
  /** SQL of the default in the target, null when there is none or it could not be translated (then a finding says so). */
  default: string | null
}

export interface TimeCandidate {
  column: string
  /** Target type if chosen: timestamptz, timestamp, date or an integer type. */
  type: string
  /** For epoch numbers. */
  unit: TimeUnit | null
  /** Share of sampled values that are plausible instants (1971–2100), 0–1. */
  plausible: number
  /** Share of neighbouring sampled rows (in key order) whose time does not decrease, 0–1: series grow with insertion. */
  monotone: number
  /** How the source can read a range: index on it, clustered by it, or not at all. */
  access: 'clustered' | 'index' | 'none'
  /** Extent as ISO 8601 UTC text with microseconds; null if empty. */
  min: string | null
  max: string | null
  /** Rows per day over the busiest days of the sample, for the chunk interval; null if unknown. */
  rowsPerDay: number | null
  /** Rows with NULL, zero date or a value that is no time. */
  unusable: { value: number; exact: boolean }
  /** Why it is (or is not) a good choice. */
  reasons: string[]
}
