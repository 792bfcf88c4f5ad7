/** The part of a table that the backfill is responsible for while writers work: instants outside of [T, F). */
import { partOf } from '../control/coverage.ts'
import { HyperferryError } from '../errors.ts'
import type { CompletionPoint, EncodedBatch, PlannedColumn, PlannedTable, Slice, Span } from '../model.ts'
import { instantLiteral, instantOfPosition, positionOfInstant } from '../values/axis-instant.ts'
import { anyTime, compilePartFilter } from '../values/part-filter.ts'
import type { PgType } from '../values/pgtype.ts'

export interface Part extends Pick<CompletionPoint, 'instant' | 'beyondInstant' | 'position' | 'beyondPosition'> {
  /** Spans of the main lane to be covered. */
  readonly spans: readonly Span[]
  /**
   * Whether a range of the source is the same range of the target, so that it can be deleted and copied again by itself. Else rows may stand anywhere in
   * the target, and the part is deleted and copied as a whole.
   */
  readonly byRange: boolean
  /** Takes rows out of a batch that belong to the writers. */
  keep(batch: EncodedBatch, slice: Slice): EncodedBatch
  /** SQL condition of the target's rows that are in the part. */
  readonly condition: string
  /** The target's time column: instants of a span's rows. Null is unbounded. */
  instantsOf(this: void, span: Span): { from: bigint | null; to: bigint | null }
  /** Positions of rows whose instants lie between two, both included. */
  spanOf(this: void, low: bigint, high: bigint): Span
}

/** A table and its columns on the wire. */
export interface PartedTable {
  readonly table: PlannedTable
  readonly columns: readonly PlannedColumn[]
  readonly types: readonly PgType[]
}

/** The part that a completion point leaves to the backfill. `timezone` is the zone of the source's wall-clock columns. Throws HF-P023 without a time column. */
export function compilePart({ table, columns, types }: PartedTable, point: CompletionPoint, timezone: string): Part {
  const place = columns.findIndex(({ name }) => name === table.time?.column)
  const [column, type] = [columns[place], types[place]]
  if (column === undefined || type === undefined) {
    throw new HyperferryError('HF-P023', { what: `table ${table.name} has no time column that is copied` })
  }
  const { instant, beyondInstant, position, beyondPosition } = point
  const filter = compilePartFilter({ place, type }, { from: instant, to: beyondInstant })
  // A zero date becomes NULL or a date anywhere, far from its place on the axis.
  const moves = column.rules.zeroDate !== undefined && column.rules.zeroDate !== 'quarantine'
  const byRange = table.split === 'time' && table.axis === column.source && !moves
  const name = `"${column.name.replaceAll('"', '""')}"`
  return {
    instant,
    beyondInstant,
    position,
    beyondPosition,
    spans: partOf(table, point),
    byRange,
    condition: `(${name} < ${instantLiteral(table, instant)} or ${name} >= ${instantLiteral(table, beyondInstant)} or ${name} is null)`,
    keep(batch, slice) {
      if (byRange && slice.kind === 'range') return batch
      if (byRange && table.mode === 'replace' && anyTime(batch, { place, type })) throw placeless(table)
      return filter(batch)
    },
    instantsOf({ from, to }) {
      const at = (each: bigint | null): bigint | null => {
        if (each === null) return null
        if (each === position) return instant
        return each === beyondPosition ? beyondInstant : instantOfPosition(table, each, timezone)
      }
      return { from: at(from), to: at(to) }
    },
    spanOf: (low, high) => ({
      from: positionOfInstant(table, low, timezone),
      to: positionOfInstant(table, high + 1n, timezone),
    }),
  }
}

/** Such a row would be deleted with a range that it is not copied with. */
function placeless(table: PlannedTable): HyperferryError {
  return new HyperferryError('HF-B032', {
    what: `${table.source}: rows hold their time as something else than a number, so they have no place on the axis ${table.axis ?? ''}`,
    details: { table: table.source },
  })
}
