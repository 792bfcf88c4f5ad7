/** How a CSV text is written: the bytes that mean something. */

/** Single bytes, as COPY's options of the same names; `escape` equals `quote` unless said otherwise. */
export interface Dialect {
  delimiter: number
  quote: number
  escape: number
}

/** How rows end. One kind for the whole text: PostgreSQL decides by the first one, outside of quotes, and refuses all others. */
export type RowEnd = 'lf' | 'crlf' | 'cr'

/** What decides where a row ends. */
export interface RowSyntax extends Pick<Dialect, 'quote' | 'escape'> {
  rowEnd: RowEnd
}

export const LF = 10
export const CR = 13

/** The bytes of a row end. */
export const ROW_END_BYTES: Readonly<Record<RowEnd, Buffer>> = {
  lf: Buffer.from('\n'),
  crlf: Buffer.from('\r\n'),
  cr: Buffer.from('\r'),
}
