/** The marker table of the source: one row for each op, taken in the op's transaction or by whoever settles it (docs/design/0009). */
import type { OpId } from '../model.ts'
import { StoreError } from './outcome.ts'

/**
 * How the marker table is made; the account of the application needs to select, insert, update and delete there. `ids` holds the values that the source
 * gave to an identity column in that op: who settles it has to know them.
 */
export const MARKER_SQL: { mysql: string; sqlite: string } = {
  mysql: `create table hyperferry_op (
  journal char(36) character set ascii not null,
  seq bigint not null,
  ids mediumtext character set ascii,
  primary key (journal, seq)
) engine=InnoDB`,
  sqlite: `create table hyperferry_op (
  journal text not null,
  seq integer not null,
  ids text,
  primary key (journal, seq)
) without rowid`,
}

export interface MarkerOptions {
  /** Name of the marker table; false to work without one. Default `hyperferry_op`. */
  markers?: string | false
}

export type MarkerRow = [journal: string, seq: number]

export function marker(op: OpId): MarkerRow {
  return [op.journal, op.seq]
}

/**
 * Stands beside a marker that was taken to settle the op. Whoever finds the marker knows by it that the op is absent: the settler's own COMMIT may have
 * lost its answer, and then its marker must not pass for the op's.
 */
export function tombstone(op: OpId): MarkerRow {
  return [op.journal, -1 - op.seq]
}

/** Both ends, included, of the numbers that markers and tombstones of ops below `seq` have. */
export function numbersBelow(seq: number): [from: number, to: number] {
  return [-seq, seq - 1]
}

/** Two markers as far apart as they can be, to try whether a table holds them. */
export function probes(journal: string): [MarkerRow, MarkerRow] {
  const op = { journal, seq: Number.MAX_SAFE_INTEGER - 1 }
  return [marker(op), tombstone(op)]
}

/** What stands in `ids`. */
export function idsText(values: readonly (number | bigint | string)[]): string {
  return JSON.stringify(values.map(String))
}

export function idsOf(text: unknown): string[] | undefined {
  return typeof text === 'string' && text !== '' ? (JSON.parse(text) as string[]) : undefined
}

/**
 * Which ops carry a marker. An op that was written without one must never be settled by one: taking its marker would succeed though the op is there.
 */
export class Markers {
  /** Name of the table; null when there shall be none. */
  readonly table: string | null
  /** Whether `prepare` found it usable. */
  usable = false
  readonly #written = new Map<string, Set<number>>()

  constructor(options: MarkerOptions | undefined) {
    this.table = options?.markers === false ? null : (options?.markers ?? 'hyperferry_op')
  }

  /** Whether this op is to be written with a marker. Throws when its intent says so and the table cannot be used. */
  forWriting(op: OpId | null): op is OpId {
    if (op === null) return false
    const marked = op.marked ?? this.usable
    if (marked && !this.usable) {
      throw new StoreError('NO_MARKERS', 'the marker table cannot be used', { retry: 'transient' })
    }
    if (!marked && op.marked === undefined) this.#unmarked(op.journal).add(op.seq)
    return marked
  }

  /** Whether this op, if it is in the store, has its marker there. */
  forSettling(op: OpId): boolean {
    return this.usable && (op.marked ?? !this.#unmarked(op.journal).has(op.seq))
  }

  #unmarked(journal: string): Set<number> {
    const known = this.#written.get(journal)
    if (known !== undefined) return known
    const fresh = new Set<number>()
    this.#written.set(journal, fresh)
    return fresh
  }
}
