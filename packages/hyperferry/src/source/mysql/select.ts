/** How a column is asked for, so that it arrives in a form the transcoder knows. */
import type { ColumnRules, SourceColumn } from '../../model.ts'
import { ident } from './quote.ts'

/** SQL of one column in the SELECT of a read. */
export function selectColumn(column: SourceColumn | undefined, rules: ColumnRules = {}): string {
  if (!column) return 'NULL'
  const name = ident(column.name)
  if (isUtf8Stored(column)) return name
  const utf8 = `CONVERT(${name} USING utf8mb4)`
  const misfit = lossyCondition(column)
  return misfit === null ? utf8 : `IF(${misfit}, ${marked(name, utf8, rules)}, CONVERT(${utf8} USING binary))`
}

/** Sent as it is stored: binary, or already UTF-8. Others are converted by the server. */
export function isUtf8Stored(column: SourceColumn): boolean {
  return column.charset === null || /^(utf8|utf8mb3|utf8mb4|ascii|binary)$/i.test(column.charset)
}

/**
 * SQL that is true where the server's conversion to UTF-8 loses something: it then writes question marks, or nothing at all, without a word.
 * A way back to other bytes is no loss: some sets have two codes for one character. null where every byte has a character.
 */
export function lossyCondition(column: SourceColumn): string | null {
  if (isUtf8Stored(column) || column.charset === 'latin1') return null
  const name = ident(column.name)
  const utf8 = `CONVERT(${name} USING utf8mb4)`
  const others = (text: string): string => `CHAR_LENGTH(REPLACE(${text}, '?', ''))`
  // MariaDB makes three bytes that are no UTF-8 of half a surrogate pair, MySQL nothing.
  const halves = column.charset === 'ucs2' ? `HEX(${name}) REGEXP '^(....)*D[89A-F]' OR ` : ''
  return `(${halves}CHAR_LENGTH(${name}) <> CHAR_LENGTH(${utf8}) OR ${others(name)} <> ${others(utf8)})`
}

/** First byte of text that the server could not convert: no UTF-8 holds it, so the rules for invalid text apply. */
export const UNCONVERTED = 0xff

/** Kept for the quarantine: the stored bytes. By rule: what the server made of them, and the mark that becomes U+FFFD. */
function marked(name: string, utf8: string, { invalidText }: ColumnRules): string {
  if (invalidText === 'replace') return `CONCAT(CONVERT(${utf8} USING binary), 0x${UNCONVERTED.toString(16)})`
  return `CONCAT(0x${UNCONVERTED.toString(16)}, CONVERT(${name} USING binary))`
}
