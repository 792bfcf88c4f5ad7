/** What `verify` answers: plain data, kept in the step log and printed by `--json`. Counts beyond 2^53 are strings. */

export type VerifyLevel = 'estimate' | 'count' | 'digest' | 'rows'

export interface VerifyDocument {
  /** null at level `estimate`, which has no verdict. */
  equal: boolean | null
  level: VerifyLevel
  tables: VerifiedTable[]
}

export interface VerifiedTable {
  /** Name in the target. */
  name: string
  source: string
  /** null at level `estimate`, and of a relational table that only the target is written of any more. */
  equal: boolean | null
  /** Only a part was compared (`from`, `to`): an equal part does not prove the table. */
  partial: boolean
  /** Ranges compared; one for a table compared whole. */
  ranges: number
  /** Counted by the source, independently of the copy (an estimate at level `estimate`). */
  sourceRows: number | string
  targetRows: number | string
  /** Rows kept back: source rows = target rows + quarantined. */
  quarantined: number | string
  /** Those of them that nobody has decided about: they are in quarantine, the others were given up. */
  open: number
  /** Digest of the target's rows, `hf1:…`; null when none was made. */
  digest: string | null
  /** Every range that differs, in order. Rows without a position are named by `residual`. */
  different: DifferentRange[]
  /** While the application writes: rows with a time from here on were left out (ISO 8601 UTC). null: everything was compared. */
  settledUntil: string | null
  /** Sum of the receipts' digests when the table was compared; null where `digest` says the same. */
  books: string | null
  /** The second opinion; null when it was not asked for. */
  meaning: MeaningVerdict | null
  /** Facts about this table that a reader of the verdict should know. */
  notes: string[]
}

export interface DifferentRange {
  /** Position as SQL of the target's axis column without its cast, half-open; null is unbounded. */
  from: string | null
  to: string | null
  /** The rows without a position (NULL on the axis). */
  residual: boolean
  /** Source rows that the target does not hold. */
  missing: number
  /** Target rows that the source does not hold. */
  extra: number
  /** Rows of the same key with other values; needs a key. */
  changed: number
  /** Whether rows were examined one by one; otherwise the numbers come from counts. */
  examined: boolean
  /** At most ten. */
  samples: RowSample[]
}

export interface RowSample {
  kind: 'missing' | 'extra' | 'changed'
  /** Key columns as text; of a table without a key its axis column. */
  key: Record<string, string | null>
  /** Columns that differ; of changed rows only. */
  columns?: string[]
  /** Values of all columns (of changed rows: of those that differ); only when values were asked for. */
  source?: Record<string, string | null>
  target?: Record<string, string | null>
}

export interface MeaningVerdict {
  /** Rows that both servers rendered as text and that were compared. */
  rows: number
  /** Rows the sample should have had at least; fewer mean that the source's second reading is not to be trusted. */
  expected: number
  /** Rows of trap classes that were looked up in the target besides. */
  traps: number
  /** Trap classes found, with how many rows of each exist and were compared. */
  classes: { name: string; column: string; total: number | string; compared: number }[]
  /** Number of rows that differ; `different` holds at most ten of them. */
  differences: number
  different: MeaningDifference[]
}

export interface MeaningDifference {
  kind: 'missing' | 'extra' | 'changed'
  /** `sample` or the name of a trap class. */
  class: string
  key: Record<string, string | null>
  /** Column that differs; null when the whole row has no counterpart. */
  column: string | null
  /** Canonical texts (docs/design/0007); absent unless values were asked for. */
  source?: string | null
  target?: string | null
}

/** A count as JSON holds it exactly. */
export function jsonCount(value: bigint | number): number | string {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : String(value)
}
