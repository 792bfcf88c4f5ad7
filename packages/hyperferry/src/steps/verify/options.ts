/** What `verify` can be asked. */
import type { VerifyLevel } from './document.ts'

export interface VerifyOptions {
  /** Default `digest`. */
  level?: VerifyLevel
  /** Names (source or target); default all tables of the plan. */
  tables?: readonly string[]
  /** Only ranges that reach into [from, to): ISO 8601, or positions as whole numbers. Tables without an axis are compared whole. */
  from?: string
  to?: string
  /** Rows of each table that both servers render as text; default the plan's, 0 leaves the second opinion out. */
  sampleRows?: number
  /** Rows looked up of each trap class. Default 500. */
  trapRows?: number
  /** Show row values, not only keys. Default false. */
  showValues?: boolean
  /** Examine only the first range that differs of each table. Default false. */
  failFast?: boolean
  /** Default the plan's `backfill.workers`. */
  workers?: number
}
