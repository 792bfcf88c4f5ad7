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
  /** How its rows got into the columnstore; null where it has none. */
  columnstore: BackfillColumnstore | null
}

export interface BackfillColumnstore {
  /** `direct`: compressed on the way in where that was worth it. `after`: as rows first, see `reason`. `policy`: left to the policy, beside writers. */
  way: 'direct' | 'after' | 'policy'
  reason: string | null
  /** Rows that this run copied straight into the columnstore. */
  directRows: number
  /** Chunks that this run compressed, those put in order included; bytes of the table before and after that, 0 when there was nothing to do. */
  chunks: number
  bytesBefore: number
  bytesAfter: number
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
