/** The fields of one row, for its header and for naming what is wrong in it; never on the way of the data. */
import { CR, LF } from './dialect.ts'
import type { Dialect } from './dialect.ts'

export interface Field {
  /** Unquoted and unescaped. */
  bytes: Buffer
  /** Where it begins in the row. */
  at: number
  /** Something of it stood in quotes: it is never NULL. */
  quoted: boolean
  /** The row ends within its quotes. */
  open: boolean
  /** A CR or LF in it outside of quotes, the first one. */
  bare: number | null
}

/** Splits a row without its row end, as COPY does. */
export function splitRow(row: Buffer, { delimiter, quote, escape }: Dialect): Field[] {
  const fields: Field[] = []
  let bytes: number[] = []
  let at = 0
  let field = begun(0)
  let inside = false
  const close = (next: number): void => {
    fields.push({ bytes: Buffer.from(bytes), ...field, open: inside })
    bytes = []
    field = begun(next)
  }
  for (; at < row.length; at += 1) {
    const byte = row[at] ?? 0
    if (inside) {
      const next = row[at + 1]
      if (byte === escape && (next === escape || next === quote)) {
        bytes.push(next)
        at += 1
      } else if (byte === quote) inside = false
      else bytes.push(byte)
    } else if (byte === quote) {
      inside = true
      field.quoted = true
    } else if (byte === delimiter) close(at + 1)
    else {
      if (byte === CR || byte === LF) field.bare ??= byte
      bytes.push(byte)
    }
  }
  close(row.length)
  return fields
}

function begun(at: number): { at: number; quoted: boolean; bare: number | null } {
  return { at, quoted: false, bare: null }
}
