// Where PostgreSQL ends rows, to judge by.
import { CR, LF } from '../../src/csv/dialect.ts'
import type { RowEnd, RowSyntax } from '../../src/csv/dialect.ts'

/** PostgreSQL's loop, one byte after the other, as its source tells it. */
export function rowEnds(text: Buffer, { quote, escape, rowEnd }: RowSyntax): number[] {
  const ends: number[] = []
  let inQuote = false
  let lastWasEscape = false
  for (let at = 0; at < text.length; at += 1) {
    const byte = text[at]
    const special = escape === quote ? -1 : escape
    if (inQuote && byte === special) lastWasEscape = !lastWasEscape
    if (byte === quote && !lastWasEscape) inQuote = !inQuote
    if (byte !== special) lastWasEscape = false
    if (inQuote) continue
    if (rowEnd === 'lf' && byte === 10) ends.push(at + 1)
    if (rowEnd === 'cr' && byte === 13) ends.push(at + 1)
    if (rowEnd === 'crlf' && byte === 10 && text[at - 1] === 13) ends.push(at + 1)
  }
  return ends
}

/** The row end that PostgreSQL decides on: the first one outside of quotes. */
export function firstRowEnd(text: Buffer, marks: Pick<RowSyntax, 'quote' | 'escape'>): RowEnd {
  const [lf = Number.POSITIVE_INFINITY] = rowEnds(text, { ...marks, rowEnd: 'lf' })
  const [cr = Number.POSITIVE_INFINITY] = rowEnds(text, { ...marks, rowEnd: 'cr' })
  if (lf <= cr) return 'lf'
  return text[cr - 1] === CR && text[cr] === LF ? 'crlf' : 'cr'
}
