/** Bytes of a row in the target, from its types alone: a guess until a sample is measured. */
import type { PlannedTable } from '../../model.ts'
import { parsePgType } from '../../values/pgtype.ts'
import type { PgType } from '../../values/pgtype.ts'

const TUPLE_HEADER = 28
const INDEX_ENTRY = 16

/** Heap and indexes of one row; texts count as a third of their length, at most 64 bytes. */
export function estimateRowBytes(table: PlannedTable): number {
  const width = new Map(table.columns.map((column) => [column.name, typeBytes(parsePgType(column.type))]))
  const heap = table.columns.reduce((sum, { name }) => sum + (width.get(name) ?? 8), TUPLE_HEADER)
  const indexed = [...table.keys.map(({ columns }) => columns), ...table.indexes.map(({ parts }) => parts)]
  const indexes = indexed.map((columns) => columns.reduce((sum, name) => sum + (width.get(name) ?? 16), INDEX_ENTRY))
  return indexes.reduce((sum, bytes) => sum + bytes, heap)
}

function typeBytes(type: PgType): number {
  switch (type.name) {
    case 'bool':
      return 1
    case 'int2':
      return 2
    case 'int4':
    case 'float4':
    case 'date':
      return 4
    case 'numeric':
      return 8 + Math.ceil((type.precision ?? 12) / 4) * 2
    case 'uuid':
    case 'interval':
      return 16
    case 'text':
    case 'varchar':
    case 'bpchar':
    case 'bytea':
      return Math.min(64, 1 + Math.ceil((type.length ?? 96) / 3))
    case 'json':
    case 'jsonb':
    case 'array':
      return 64
    case 'bit':
    case 'varbit':
      return 5 + Math.ceil((type.length ?? 64) / 8)
    default:
      return 8
  }
}
