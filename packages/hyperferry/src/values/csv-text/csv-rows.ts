/** Binary COPY tuples as CSV that PostgreSQL's own COPY reads back to exactly the same values (docs/design/0012). */
import { HyperferryError } from '../../errors.ts'
import type { PgType } from '../pgtype.ts'
import { Scratch } from '../scratch.ts'
import type { FieldText } from './field-text.ts'
import { fieldTextOf, isPlain } from './fields.ts'
import { COMMA, NEWLINE, quote } from './quote.ts'

/** Compiled for the columns of one table. Not to be shared by two streams at work at the same time. */
export interface CsvRows {
  /** The first line: names of the columns. */
  header(names: readonly string[], to: Scratch): void
  /** Appends one line per tuple; `ends[i]` is where tuple i stops. @throws HyperferryError HF-X001 for tuples of other columns. */
  rows(bytes: Uint8Array, ends: Uint32Array, to: Scratch): void
}

/** Columns in the order of the tuple. NULL is nothing between the commas, an empty text is `""`. */
export function compileCsv(types: readonly PgType[]): CsvRows {
  const columns = types.map((type) => ({ write: fieldTextOf(type), plain: isPlain(type) }))
  const field = new Scratch()
  return {
    header(names, to) {
      for (const [index, name] of names.entries()) {
        if (index > 0) to.byte(COMMA)
        field.size = 0
        field.text(name)
        quote(field.bytes, 0, field.size, to)
      }
      to.byte(NEWLINE)
    },
    rows(bytes, ends, to) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      let start = 0
      for (const end of ends) {
        line({ bytes, view, start, end }, columns, { field, to })
        start = end
      }
    },
  }
}

interface Tuple {
  bytes: Uint8Array
  view: DataView
  start: number
  end: number
}

interface Column {
  write: FieldText
  /** Its text never holds a character that has to be quoted. */
  plain: boolean
}

function line(tuple: Tuple, columns: readonly Column[], { field, to }: { field: Scratch; to: Scratch }): void {
  const { bytes, view } = tuple
  if (view.getInt16(tuple.start) !== columns.length) unfit()
  let at = tuple.start + 2
  for (let index = 0; index < columns.length; index += 1) {
    if (index > 0) to.byte(COMMA)
    const length = view.getInt32(at)
    at += 4
    if (length < 0) continue
    const column = columns[index]
    if (column?.plain === true) column.write(bytes, view, { start: at, end: at + length }, to)
    else if (column !== undefined) {
      field.size = 0
      column.write(bytes, view, { start: at, end: at + length }, field)
      quote(field.bytes, 0, field.size, to)
    }
    at += length
  }
  if (at !== tuple.end) unfit()
  // A single NULL would be an empty line, which readers of CSV pass over.
  to.byte(NEWLINE)
}

function unfit(): never {
  throw new HyperferryError('HF-X001', { what: 'a row does not have the columns its table was compiled for' })
}
