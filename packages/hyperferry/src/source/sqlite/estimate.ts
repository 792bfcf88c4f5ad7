/** About how many rows a table has, told without reading all of it. */
import type { DatabaseSync } from 'node:sqlite'
import type { SourceColumn } from '../../model.ts'
import { ident } from './names.ts'
import { rowOf } from './open.ts'
import { hiddenRowid } from './shape.ts'

/** Up to so many rows are counted. */
const COUNT_UP_TO = 2_000_000
/** Rows whose size is looked at. */
const MEASURED_ROWS = 1000
/** Header, rowid and pointer of a row on its page, about. */
const ROW_OVERHEAD_BYTES = 6

/** SQLite keeps no counts; both ends of the rowid are two look-ups, and a small table is counted. */
export function estimateRows(
  database: DatabaseSync,
  listed: { name: string; withoutRowid: boolean },
  columns: readonly SourceColumn[],
): number {
  const table = ident(listed.name)
  const rowid = listed.withoutRowid ? null : hiddenRowid(columns.map((column) => column.name))
  if (rowid !== null) {
    // Two sub-queries: one query with min and max of a rowid would scan the table.
    const [low, high] = rowOf(
      database,
      `SELECT (SELECT min(${rowid}) FROM main.${table}), (SELECT max(${rowid}) FROM main.${table})`,
    ) ?? [null, null]
    if (typeof low !== 'bigint' || typeof high !== 'bigint') return 0
    const span = Number(high - low + 1n)
    if (span > COUNT_UP_TO) {
      return Math.min(
        span,
        statistics(database, listed.name) ?? estimateSparse(database, listed.name, { columns, span }),
      )
    }
  } else {
    const known = statistics(database, listed.name)
    if (known !== null && known > COUNT_UP_TO) return known
  }
  return Number(rowOf(database, `SELECT count(*) FROM main.${table}`)?.[0] ?? 0n)
}

/** Numbers of keys may be given with gaps, as ids that hold a time are: the span is believed only when so many rows fit into the file. */
function estimateSparse(
  database: DatabaseSync,
  name: string,
  { columns, span }: { columns: readonly SourceColumn[]; span: number },
): number {
  const table = `main.${ident(name)}`
  const size = columns.map((column) => `coalesce(octet_length(${ident(column.name)}), 0)`).join(' + ')
  const row = rowOf(
    database,
    `SELECT (SELECT page_count * page_size FROM pragma_page_count, pragma_page_size),
       (SELECT avg(bytes) FROM (SELECT ${size} AS bytes FROM ${table} LIMIT ${MEASURED_ROWS}))`,
  )
  const most = Math.ceil(Number(row?.[0] ?? 0) / (Number(row?.[1] ?? 0) + ROW_OVERHEAD_BYTES))
  if (span <= most) return span
  const few = Number(
    rowOf(database, `SELECT count(*) FROM (SELECT 1 FROM ${table} LIMIT ${COUNT_UP_TO + 1})`)?.[0] ?? 0,
  )
  return few <= COUNT_UP_TO ? few : Math.max(few, most)
}

/** Row count that ANALYZE left, or null. */
function statistics(database: DatabaseSync, table: string): number | null {
  const made = rowOf(database, "SELECT 1 FROM main.sqlite_schema WHERE name = 'sqlite_stat1'")
  if (!made) return null
  const row = rowOf(
    database,
    'SELECT max(CAST(stat AS INTEGER)) FROM main.sqlite_stat1 WHERE tbl = ? AND idx IS NOT NULL',
    table,
  )
  return typeof row?.[0] === 'bigint' ? Number(row[0]) : null
}
