/** What an index entry may hold, and what a column may bring to it. */
import type { PlannedColumn } from '../../model.ts'

/** What one entry of a PostgreSQL btree may hold, with some room for its header. */
export const MAX_ENTRY_BYTES = 2700

/** Most bytes a value can have by its declaration in the source; Infinity when it has no bound. */
export function maxBytes({ type, sourceType }: PlannedColumn): number {
  if (!/^(text|varchar|character|bpchar|char|bytea|json|.*\[\])/.test(type)) return 16
  const declared = /^(var)?(char|binary|character)\s*\((\d+)\)/.exec(sourceType)
  if (declared) return Number(declared[3]) * (declared[2] === 'binary' ? 1 : 4)
  if (/^enum|^set/.test(sourceType)) return 256
  return /^tiny(text|blob)/.test(sourceType) ? 255 : Number.POSITIVE_INFINITY
}
