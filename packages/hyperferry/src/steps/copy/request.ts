/** What a person asks for, after the command line was read. */
import type { Readable } from 'node:stream'
import type { RetryPolicy } from '../../work/backoff.ts'
import type { ColumnChoice } from './columns.ts'

export interface CopyRequest extends ColumnChoice {
  schema: string
  table: string
  /** null: standard input. */
  file: string | null
  input: Readable
  /** One byte each; `quote` and `escape` null: as COPY has them. */
  delimiter: string
  quote: string | null
  escape: string | null
  /** More options of COPY, as a person writes them. */
  copyOptions: string
  /** Of the file, a name PostgreSQL knows; null: UTF-8, strictly. */
  encoding: string | null
  /** Physical lines in front that are left out. */
  skipLines: number
  /** Whether a header stands behind them. */
  header: boolean
  /** Rows of the file that are loaded; null: all. */
  limit: number | null
  workers: number
  /** Hints for the size of a transaction. */
  batchBytes: number | null
  batchRows: number | null
  importId: string | null
  truncate: boolean
  /** Drop the plain indexes of an empty table, and make them again when all rows are there. */
  deferIndexes: boolean
  skipConflicts: boolean
  /** Keep rows at fault aside and go on. */
  skipErrors: boolean
  /** Where they go; null: beside the file. */
  rejectFile: string | null
  directCompress: boolean
  /** Rows go into the table in the order of its columnstore. */
  sort: boolean
  /** Tell of every transaction. */
  logBatches: boolean
  retry: RetryPolicy
}
