/** The rows of a piece of text one by one: for the slow path, where each has to be named. */
import { CR, LF, ROW_END_BYTES } from './dialect.ts'
import type { RowSyntax } from './dialect.ts'
import { RowScanner } from './scan.ts'

export interface RowTable {
  bytes: Buffer
  /** Where each row begins, and the end of the last one: one more than there are rows. */
  starts: number[]
}

/** Cuts `bytes`, which begins at the beginning of a row. What follows the last row end is a row too. */
export function rowTable(bytes: Buffer, syntax: RowSyntax): RowTable {
  const starts = [0]
  const end = new RowScanner(syntax, starts).push(bytes)
  if (end < bytes.length) starts.push(bytes.length)
  return { bytes, starts }
}

/** The rows `[from, to)` as they stand in the text. */
export function rowBytes({ bytes, starts }: RowTable, from: number, to: number = from + 1): Buffer {
  return bytes.subarray(starts[from], starts[to])
}

/** Lines of text as an editor counts them: LF, CRLF, or CR alone. */
export function lineEnds(bytes: Buffer, rowEnd: RowSyntax['rowEnd']): number {
  const byte = rowEnd === 'cr' ? CR : LF
  let count = 0
  for (let at = bytes.indexOf(byte); at >= 0; at = bytes.indexOf(byte, at + 1)) count += 1
  return count
}

/** A row without its end. */
export function withoutEnd(row: Buffer): Buffer {
  let end = row.length
  if (row[end - 1] === LF) end -= 1
  if (row[end - 1] === CR) end -= 1
  return row.subarray(0, end)
}

/** A row without the end that all rows of its file have: any other CR or LF is a part of it. */
export function withoutItsEnd(row: Buffer, rowEnd: RowSyntax['rowEnd']): Buffer {
  const end = ROW_END_BYTES[rowEnd]
  return row.subarray(-end.length).equals(end) ? row.subarray(0, -end.length) : row
}
