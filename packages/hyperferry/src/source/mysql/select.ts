/** How a column is asked for, so that it arrives in a form the transcoder knows. */
import type { SourceColumn } from '../../model.ts'
import { ident } from './quote.ts'

/** SQL of one column in the SELECT of a read. */
export function selectColumn(column: SourceColumn | undefined): string {
  if (!column) return 'NULL'
  return isUtf8Stored(column) ? ident(column.name) : `CONVERT(${ident(column.name)} USING utf8mb4)`
}

/** Sent as it is stored: binary, or already UTF-8. Others are converted by the server. */
export function isUtf8Stored(column: SourceColumn): boolean {
  return column.charset === null || /^(utf8|utf8mb3|utf8mb4|ascii|binary)$/i.test(column.charset)
}
