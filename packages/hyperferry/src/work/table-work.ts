/** Everything about one table that is the same for all of its tasks, worked out once. */
import type { PlannedColumn, PlannedTable } from '../model.ts'
import type { TableReader } from '../source/source.ts'
import { copySql } from '../target/copy.ts'
import { qualified } from '../target/sql.ts'
import { compileNormaliser } from '../values/normalise.ts'
import type { Normaliser } from '../values/normalise.ts'
import { parsePgType } from '../values/pgtype.ts'
import type { PgType } from '../values/pgtype.ts'
import type { DirectLoad } from './direct.ts'
import type { Part } from './part.ts'

export interface TableWork {
  readonly table: PlannedTable
  /** The ledger's number of the table. */
  readonly tableId: number
  readonly reader: TableReader
  /** Columns on the wire, in plan order. */
  readonly columns: readonly PlannedColumn[]
  readonly types: readonly PgType[]
  readonly normaliser: Normaliser
  /** Schema and name, quoted. */
  readonly target: string
  readonly schema: string
  /** COPY … FROM STDIN of these columns. */
  readonly copySql: string
  /** While writers work: what is left of the table for the backfill. null: all of it (offline). */
  readonly part: Part | null
  /** How rows are compressed on their way in. null: they are not. */
  readonly direct: DirectLoad | null
}

/** Throws HF-P022 for a type of the plan that has no binary form. */
export function tableWork(schema: string, table: PlannedTable, tableId: number, reader: TableReader): TableWork {
  const columns = table.columns.filter((column) => column.generated === null)
  const types = columns.map((column) => parsePgType(column.type))
  return {
    table,
    tableId,
    reader,
    columns,
    types,
    normaliser: compileNormaliser(types),
    target: qualified(schema, table.name),
    schema,
    copySql: copySql(
      schema,
      table.name,
      columns.map((column) => column.name),
    ),
    part: null,
    direct: null,
  }
}
