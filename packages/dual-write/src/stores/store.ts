/** The two stores as the library sees them. Adapters are in this folder; a driver is never imported, only its shape is known. */
import type { OpId } from '../model.ts'

/** Rows for one table, values as the driver takes them (the contract's `toSource` or `toTarget` has been applied). */
export interface StoreBatch {
  /** Table name as the store has it, not quoted. */
  table: string
  /** Schema of the table; target only. */
  schema?: string
  columns: readonly string[]
  /** Types of the columns, for the casts; target only. */
  types?: readonly string[]
  rows: readonly (readonly unknown[])[]
  /** Columns (names as in `columns`) of a unique key all of which are given; null without one. */
  key: readonly string[] | null
  /** Column whose value this store gives and that has to be told back; null for none. Only when the store is primary. */
  capture: string | null
  /** The session must read and write instants of zoned columns (MySQL TIMESTAMP) in UTC. */
  utc: boolean
}

export interface Captured {
  /** Values of the `capture` column in the order of the rows; null when nothing was asked for. */
  values: (number | bigint | string)[] | null
}

/**
 * `definite`: nothing of the transaction is in the store, certainly. `unknown`: it may be. For a secondary, `transient` errors are waited out (they are
 * `definite` or `unknown` too, which does not matter there), `permanent` ones are the row's fault.
 */
export interface Verdict {
  outcome: 'definite' | 'unknown'
  retry: 'transient' | 'permanent'
  /** SQLSTATE or driver code. */
  code: string | null
}

export interface Settled {
  answer: 'present' | 'absent' | 'unknown'
  present?: number[]
  captured?: (number | bigint | string)[]
}

export interface SourceStore {
  readonly engine: 'mysql' | 'sqlite' | 'generic'
  /** Looks whether the marker table `hyperferry_op` is there and usable. Called at the start, and again when that was not the case. */
  prepare(): Promise<{ markers: boolean }>
  /** As primary: one transaction that holds the marker of `op` (first, if there are markers and `op` is not null) and all rows. */
  write(batch: StoreBatch, op: OpId | null): Promise<Captured>
  /**
   * Settles an op whose outcome is not known, so that it stays settled: with markers by taking the marker itself (then the op can never commit any
   * more), without them by looking for the keys. `present` lists the indexes of rows that are there; `captured` are the values the store gave to the
   * `capture` column, which stand beside the marker.
   */
  settle(batch: StoreBatch, op: OpId): Promise<Settled>
  /** As secondary: each op exactly once, by its marker or, without markers, by the key. Several ops in one transaction. */
  apply(ops: readonly { op: OpId; batch: StoreBatch }[]): Promise<void>
  /** Deletes markers of a journal below `seq`: they were settled long ago. */
  forget(journal: string, seq: number): Promise<void>
  /** Deletes the markers of these ops alone. */
  forgetOnly?(journal: string, seqs: readonly number[]): Promise<void>
  classify(error: unknown): Verdict
}

// eslint-disable-next-line typescript/no-unnecessary-type-parameters -- who asks knows what the columns are
export type Query = <R extends Record<string, unknown> = Record<string, unknown>>(
  sql: string,
  params?: readonly unknown[],
) => Promise<{ rows: R[]; rowCount: number }>

export interface TargetStore {
  /** One statement outside of a transaction. */
  query: Query
  /** BEGIN … COMMIT on one connection; rolls back and destroys the connection when `use` throws. An error of COMMIT itself is thrown as it is. */
  transaction<T>(use: (query: Query) => Promise<T>): Promise<T>
  classify(error: unknown): Verdict
}
