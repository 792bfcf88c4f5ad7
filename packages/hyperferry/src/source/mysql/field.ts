/** What a compiled column is made of; see transcode.ts. */
import { HyperferryError } from '../../errors.ts'
import type { PlannedColumn } from '../../model.ts'
import type { PgType } from '../../values/pgtype.ts'
import type { LossCode } from '../../values/reject-codes.ts'
import type { TupleWriter } from '../../values/tuple-writer.ts'
import type { Zone } from '../../values/zones.ts'
import type { ColumnType } from './column-type.ts'
import type { Cursor } from './wire.ts'

/** Reads the value at the cursor and writes one field. Throws Reject. */
export type WriteField = (cursor: Cursor) => void

/** Everything that decides how one column is encoded. */
export interface FieldContext {
  table: string
  column: PlannedColumn
  /** Source type. */
  source: ColumnType
  target: PgType
  zone: Zone
  /** No NULL may come out of a rule: the column is NOT NULL or is the time column. */
  required: boolean
  writer: TupleWriter
  onLoss: (code: LossCode) => void
}

/** HF-P022 for this pair of types. */
export function noTranscoder(context: FieldContext): HyperferryError {
  const { table, column } = context
  return new HyperferryError('HF-P022', {
    what: `${table}.${column.source}: ${column.sourceType} has no conversion to ${column.type}`,
  })
}
