/** Rows as the application gives them, for the time before there is a plan: the driver decides what becomes of the values. */
import type { StoreBatch } from './stores/store.ts'

export function plainBatch(table: string, rows: readonly Readonly<Record<string, unknown>>[]): StoreBatch {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row).filter((key) => row[key] !== undefined)))]
  return {
    table,
    columns,
    rows: rows.map((row) => columns.map((column) => row[column] ?? null)),
    key: null,
    capture: null,
    utc: false,
  }
}
