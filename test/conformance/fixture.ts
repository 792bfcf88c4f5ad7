/**
 * What an engine brings to the conformance suite: a database on a real server with given logical content, and the URL of an account that reads it.
 *
 * To plug in an engine write `test/conformance/<engine>.test.ts` (`.db.test.ts` when it needs a server):
 *
 *     describeSource('MariaDB', { ...fixture })
 *
 * and `test/conformance/<engine>-postgres.db.test.ts` with `describeDecoding(…)`. The suite makes each table once per test by `create`.
 */
import type { ColumnRules, Engine } from '../../packages/hyperferry/src/model.ts'

/**
 * Kinds of columns that every engine has. Values: `integer` bigint (64 bits), `double` number, `text` string without lone surrogates,
 * `bytes` Uint8Array, `instant` bigint microseconds since 1970-01-01 UTC (kept so that the axis can be split by it), all of them or null.
 */
export type LogicalKind = 'integer' | 'double' | 'text' | 'bytes' | 'instant'
export type LogicalValue = bigint | number | string | Uint8Array | null
export type LogicalRow = readonly LogicalValue[]

export interface LogicalTable {
  name: string
  columns: readonly { name: string; kind: LogicalKind }[]
  /** Column that is the primary key, an `integer`; null for a table without any key. */
  key: string | null
  /** Column with a plain index, which the source can be split by; null for none. */
  index: string | null
  rows: readonly LogicalRow[]
}

export interface FixtureDatabase {
  /** For the reading account. */
  url: string
  /** Adds rows and commits, on a connection of its own. Resolves when they are committed; must fail, not hang, when a reader holds a lock. */
  insert(table: LogicalTable, rows: readonly LogicalRow[]): Promise<void>
  /** Everything that a source could have changed, as one text: the file's hash, or a dump and the server's status of writes. */
  fingerprint(): Promise<string>
  drop(): Promise<void>
}

export interface SourceFixture {
  engine: Engine
  create(tables: readonly LogicalTable[]): Promise<FixtureDatabase>
  /** Target type and rules for a kind. */
  planned(kind: LogicalKind): { type: string; rules: ColumnRules }
  /** Position on the axis of an `integer` or `instant`. */
  position(kind: LogicalKind, value: bigint): bigint
  /** Bounds of what an `instant` may be in this engine, in microseconds. */
  instants: { min: bigint; max: bigint }
  /** A value that the engine stores in a `text` column and PostgreSQL refuses, with its HF-D… code. */
  rejected: { value: string; code: string }
}
