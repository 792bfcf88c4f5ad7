/** What the backfill says at its end; plain data. */

export interface BackfillTable {
  /** Name in the target. */
  name: string
  source: string
  /** Rows on the books, all runs together. */
  rows: number
  quarantined: number
  /** Rows that this run copied. */
  copied: number
  /** `hf1:…` digest of the rows on the books. */
  digest: string
  /** `done`: complete and closed. `unchanged`: it was complete before this run. */
  status: 'done' | 'unchanged'
}

export interface BackfillResult {
  /** Rows copied by this run; the tables say what is on the books in all. */
  rows: number
  seconds: number
  /** Tasks on the books, all runs together; equal when the step is done. */
  tasks: { done: number; total: number }
  quarantined: number
  tables: BackfillTable[]
  notes: string[]
}
