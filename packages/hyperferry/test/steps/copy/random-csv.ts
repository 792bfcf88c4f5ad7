// Files as nobody would write them, loaded in ranges and by one plain COPY: what comes of both must be the same.
import fc from 'fast-check'
import { expect } from 'vitest'
import type { CopyRequest, CopyResult } from '../../../src/copy-csv.ts'
import { CR, LF } from '../../../src/csv/dialect.ts'
import type { HyperferryError } from '../../../src/errors.ts'
import type { Session } from '../../../src/target/connect.ts'
import { literal } from '../../../src/target/sql.ts'
import { firstRowEnd, rowEnds } from '../../csv/row-ends.ts'
import { rowsOf } from './lab.ts'
import { plainCopy, refusedRows, without } from './plain-copy.ts'

/** How a file is written; one character each. */
export interface Style {
  delimiter: string
  quote: string
  escape: string
  null: string
}

export interface RandomFile {
  text: Buffer
  style: Style
}

/** Fields that are whole, whatever stands in them. */
const plain = fc.constantFrom('', 'a', '12', ' x ', 'é€😀', 'NULL', '\\N', 'a\\', 'long '.repeat(20))
const quoted = fc
  .constantFrom('', 'a,b', 'two\nlines', 'c\r\nd', 'e\rf', 'say ""hi""', 'tab\t', 'x\n\\.\ny', 'x'.repeat(300))
  .map((text) => `"${text}"`)
/** And such as may open a quote, or be refused. The end-of-data mark outside of quotes is a case of its own. */
const wild = fc.constantFrom('a"b,"c', '"x"y', '"', '""', '\0', '\u{fffd}bad', "it's", '"\\"', 'a\\"b', '"\\\\"', '\\"')

/** Without a quote, so that pieces go in COPY's text format unless a backslash is among them. */
const bareField = fc.oneof(
  { weight: 12, arbitrary: plain },
  { weight: 1, arbitrary: fc.constantFrom('\0', '\u{fffd}bad', "it's", '\t') },
)

const tidyField = fc.oneof({ weight: 4, arbitrary: plain }, { weight: 3, arbitrary: quoted })
const wildField = fc.oneof(
  { weight: 7, arbitrary: tidyField.filter((field) => !field.includes('\\.')) },
  { weight: 1, arbitrary: wild },
)

/** Files of two columns and up to `most` rows. */
export function randomFiles(
  most: number,
  kind: 'tidy' | 'wild' | 'bare',
  styles: fc.Arbitrary<Style>,
): fc.Arbitrary<RandomFile> {
  const field = { tidy: tidyField, wild: wildField, bare: bareField }[kind]
  return fc
    .record({
      rows: fc.array(fc.array(field, { minLength: 2, maxLength: 2 }), { maxLength: most, size: 'max' }),
      end: fc.constantFrom('\n', '\n', '\r\n', '\r'),
      /** Now and then something that does not belong: another row end, a row of another length. */
      odd: fc.option(fc.record({ at: fc.nat(most - 1), what: fc.constantFrom('\n', '\r\n', '\r', 'x', 'a,b,c', '') }), {
        freq: 4,
      }),
      finalEnd: fc.boolean(),
      style: styles,
    })
    .map(({ rows, end, odd, finalEnd, style }) => {
      const lines = rows.map((fields, index) => (odd?.at === index ? fields.join(',') + odd.what : fields.join(',')))
      return { text: written(lines.join(end) + (finalEnd ? end : ''), style), style }
    })
}

function written(text: string, { delimiter, quote }: Style): Buffer {
  const bytes = Buffer.from(text.replaceAll(/[,"]/g, (sign) => (sign === ',' ? delimiter : quote)))
  // A byte that is no character.
  const bad = bytes.indexOf('\u{fffd}bad')
  if (bad >= 0) bytes[bad] = 0xff
  return bytes
}

/** How `copy` is told of it. */
export function styleRequest(style: Style): Pick<CopyRequest, 'delimiter' | 'quote' | 'escape' | 'copyOptions'> {
  return { ...style, copyOptions: `CSV NULL ${literal(style.null)}` }
}

export interface Compared {
  /** Rows that both have loaded; null when both have refused the file. */
  rows: number | null
}

/** Tables `parts` and `whole` of two texts. `copy` loads the file into `parts`; it is asked once more when a row is refused, to keep such rows aside. */
export async function mustBeSame(
  session: Session,
  { text, style }: RandomFile,
  copy: (more: { skipErrors: boolean }) => Promise<CopyResult>,
): Promise<Compared> {
  const sql = `copy public.whole from stdin (format csv, ${(['delimiter', 'quote', 'escape', 'null'] as const)
    .map((option) => `${option} ${literal(style[option])}`)
    .join(', ')})`
  await session.query('truncate public.parts, public.whole')
  const rows = await plainCopy(session, sql, text)
  const copied = await copy({ skipErrors: false }).catch((error: unknown) => error)
  if (rows !== 'refused') {
    expect(copied).toMatchObject({ quarantined: 0 })
    expect(loadedBy(copied as CopyResult)).toBe(rows)
    expect(await rowsOf(session, 'parts')).toEqual(await rowsOf(session, 'whole'))
    return { rows }
  }
  expect(copied).toMatchObject({ exitCode: 1, details: { line: expect.any(Number) as number } })
  await session.query('truncate public.parts')
  const kept = await copy({ skipErrors: true })
  const refused = await refusedRows(session, kept.importId)
  expect(refused.length).toBeGreaterThan(0)
  expect(kept.quarantined).toBe(refused.length)
  expect(refused).toMatchObject(rowsOfText(text, style, new Set(refused.map(({ position }) => position))))
  expect(refused.map(({ line }) => line)).toContain((copied as HyperferryError).details['line'])
  expect(await plainCopy(session, sql, without(text, refused))).toBe(loadedBy(kept))
  expect(await rowsOf(session, 'parts')).toEqual(await rowsOf(session, 'whole'))
  return { rows: null }
}

/** The rows that begin at these places, as PostgreSQL cuts them, with their lines. */
function rowsOfText(
  text: Buffer,
  { quote, escape }: Style,
  at: ReadonlySet<number>,
): { position: number; content: Buffer; line: number }[] {
  const marks = { quote: quote.charCodeAt(0), escape: escape.charCodeAt(0) }
  const rowEnd = firstRowEnd(text, marks)
  const starts = [0, ...rowEnds(text, { ...marks, rowEnd })]
  const lineEnd = rowEnd === 'cr' ? CR : LF
  return starts
    .map((position, row) => ({ position, content: text.subarray(position, starts[row + 1]) }))
    .filter(({ position }) => at.has(position))
    .map((row) => ({ ...row, line: 1 + text.subarray(0, row.position).filter((byte) => byte === lineEnd).length }))
}

/** By all runs of an import. */
function loadedBy({ rows, before }: CopyResult): number {
  return rows + before
}

/** Makes the two tables. */
export async function twoTables(session: Session): Promise<void> {
  await session.query('create table public.whole (a text, b text); create table public.parts (a text, b text)')
}
