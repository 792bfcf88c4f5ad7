/** What the drafting of a plan is given, and what its parts hand to each other. Plain data; nothing here asks a database. */
import type { Finding, Inventory, PlannedTable, SourceTable, TableKind } from '../../model.ts'
import type { TableAssessment, TimeCandidate } from '../../source/source.ts'

/** What the target can do, as far as the draft depends on it. */
export interface DraftTarget {
  hypertables: boolean
  columnstore: boolean
  foreignKeyToHypertable: boolean
  /** Bytes of memory that may hold active chunks: effective_cache_size; null if unknown. */
  cacheBytes: number | null
}

interface DraftOptions {
  /** Fewer rows speak against a time series. Default 100,000. */
  seriesRows: number
  /** Kind by source table name, decided by a person. */
  kinds: ReadonlyMap<string, TableKind>
}

export interface DraftInput {
  inventory: Inventory
  /** By source table name; tables without one are not planned. */
  assessments: ReadonlyMap<string, TableAssessment>
  target: DraftTarget
  options: DraftOptions
}

export interface Draft {
  /** Sorted by name. */
  tables: PlannedTable[]
  findings: Finding[]
}

/** A source table on its way to a planned one. */
export interface TableDraft {
  source: SourceTable
  assessment: TableAssessment
  planned: PlannedTable
  /** The chosen time column; null for relational tables. */
  series: TimeCandidate | null
}

/** Takes findings as they come up. */
export type Report = (finding: Finding) => void
