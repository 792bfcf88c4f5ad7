/** What planned DDL is made of: the text to run and what the catalog must show for it to be there already. */
import type { PlannedForeignKey } from '../model.ts'

export type DdlPhase = 'pre' | 'post'

export type DdlKind =
  | 'schema'
  | 'table'
  | 'owner'
  | 'hypertable'
  | 'key'
  | 'check'
  | 'comment'
  | 'columnstore'
  | 'policy'
  | 'index'
  | 'foreign-key'
  | 'sequence'
  | 'analyze'

export interface DdlStatement {
  phase: DdlPhase
  /** Schema of the table. */
  schema: string
  /** Target table; null for the schema. */
  table: string | null
  kind: DdlKind
  /** Name of the object, or of the column for comments and sequences. */
  name: string
  /** One statement, or several that belong together, separated by `;`. */
  sql: string
  /** How to see whether it is there. */
  expect: Expectation
}

/**
 * `twin` is SQL that makes the same thing on the temporary table `hyperferry_twin`: the server's own rendering of expressions is compared,
 * never our text with the server's.
 */
export type Expectation =
  | { what: 'schema' }
  /** `indexes` are the names of the plan's unique indexes, which come after the rows. */
  | { what: 'table'; twin: string[]; columns: string[]; indexes: string[] }
  | { what: 'owner'; owner: string }
  | { what: 'hypertable'; column: string; micros: bigint | null; integer: bigint | null }
  | { what: 'key'; columns: string[]; primary: boolean }
  | { what: 'check'; twin: string[] }
  | { what: 'comment'; column: string | null; text: string }
  | { what: 'columnstore'; segmentBy: string[]; orderBy: { column: string; descending: boolean }[] }
  | { what: 'policy' }
  | { what: 'index'; twin: string[] }
  | { what: 'foreign-key'; key: PlannedForeignKey; direct: boolean }
  /** Harmless to repeat: always run. */
  | { what: 'nothing' }

/** Something the plan asks for that this server cannot do. */
export interface Omission {
  table: string
  what: string
  why: string
}

/** Temporary table of expectations; lives inside one transaction. */
export const TWIN = 'pg_temp.hyperferry_twin'
