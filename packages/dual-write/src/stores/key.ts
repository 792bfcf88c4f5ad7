/** Finding rows by their key, where there are no markers. */
import type { StoreBatch } from './store.ts'
import { StoreError } from './outcome.ts'

export interface Key {
  columns: readonly string[]
  of(row: readonly unknown[]): unknown[]
}

/** The key of a batch when every row can be found by it; NULL is no value that could be found. */
export function usableKey(batch: StoreBatch): Key | null {
  if (batch.key === null || batch.key.length === 0) return null
  const places = batch.key.map((column) => batch.columns.indexOf(column))
  if (places.includes(-1)) return null
  const of = (row: readonly unknown[]): unknown[] => places.map((place) => row[place])
  if (batch.rows.some((row) => of(row).some((value) => value === null))) return null
  return { columns: batch.key, of }
}

/** The same, where nothing can be done without one. */
export function neededKey(batch: StoreBatch): Key {
  const key = usableKey(batch)
  if (key !== null) return key
  throw new StoreError(
    'NO_KEY',
    `rows of ${batch.table} can be delivered exactly once only with a marker table or a unique key without NULL`,
    { retry: 'permanent' },
  )
}
