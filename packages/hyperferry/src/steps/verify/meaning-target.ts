// Part of the second opinion: it must not import values/encode, values/normalise or values/digest (a test reads the imports).
import { createHash } from 'node:crypto'
import type { PlannedColumn, PlannedTable } from '../../model.ts'
import { canonicalLiteral } from '../../target/canonical-literal.ts'
import { canonicalColumn } from '../../target/canonical.ts'
import type { Session } from '../../target/connect.ts'
import { ident, qualified } from '../../target/sql.ts'
import { lastStep } from './meaning-text.ts'

/** Canonical texts of one row, in plan order without generated columns. */
export type TextRow = readonly (string | null)[]

/** Where the target's rows are. */
export interface TextPlace {
  table: PlannedTable
  schema: string
  columns: readonly PlannedColumn[]
  /** Places of the key's columns; null without a key. */
  key: readonly number[] | null
  /** Place of the axis; null when it is not migrated. */
  axis: number | null
}

/** Rows of the target as canonical text, rendered by the server. `where` null reads them all. */
export async function readTexts(
  session: Session,
  place: TextPlace,
  where: string | null,
  onRow: (row: TextRow) => void,
): Promise<void> {
  const list = place.columns.map((column) => canonicalColumn(column.type, ident(column.name))).join(', ')
  const condition = where === null ? '' : ` where ${where}`
  const decoder = new LineDecoder(onRow)
  await session.copyOut(
    `copy (select ${list} from ${qualified(place.schema, place.table.name)}${condition}) to stdout`,
    (chunk) => decoder.push(chunk),
  )
}

/**
 * Conditions that find these rows in the target: by key, else by their place on the axis, else by the text of all columns that both servers
 * write alike. Together they hold for every row of the target that could be one of `rows`.
 */
export function lookups(place: TextPlace, rows: readonly TextRow[]): string[] {
  const conditions: string[] = []
  let left = rows
  for (const places of [place.key, place.axis === null ? null : [place.axis]]) {
    if (places === null) continue
    const named = left.map((row) => ({ row, literals: literalsOf(place, places, row) }))
    const tuples = named
      .flatMap(({ row, literals }) =>
        literals === null ? [] : [{ near: row[places[0] ?? 0] ?? '', sql: `(${literals.join(', ')})` }],
      )
      .toSorted((a, b) => compareText(a.near, b.near))
    for (let start = 0; start < tuples.length; start += LOOKUP_ROWS) {
      const values = new Set(tuples.slice(start, start + LOOKUP_ROWS).map(({ sql }) => sql))
      conditions.push(`(${names(place, places)}) in (${[...values].join(', ')})`)
    }
    left = named.flatMap(({ row, literals }) => (literals === null ? [row] : []))
  }
  if (left.length > 0) conditions.push(sameTextCondition(place, left))
  return conditions
}

const LOOKUP_ROWS = 250

function names(place: TextPlace, places: readonly number[]): string {
  return places.map((index) => ident(place.columns[index]?.name ?? '')).join(', ')
}

/** null when a value is NULL or has no exact literal. */
function literalsOf(place: TextPlace, places: readonly number[], row: TextRow): string[] | null {
  const literals: string[] = []
  for (const index of places) {
    const text = row[index]
    const literal = text == null ? null : canonicalLiteral(place.columns[index]?.type ?? '', text)
    if (literal === null) return null
    literals.push(literal)
  }
  return literals
}

/** Floats and JSON are written differently by two servers, so the text of the others must do; without any, every row is a candidate. */
function sameTextCondition(place: TextPlace, rows: readonly TextRow[]): string {
  const exact = [...place.columns.keys()].filter((index) => lastStep(place.columns[index]?.type ?? '') === 'none')
  if (exact.length === 0) return 'true'
  const parts = exact.map((index) => {
    const column = place.columns[index]
    const text = column === undefined ? 'null' : canonicalColumn(column.type, ident(column.name))
    return `coalesce(length(${text})::text || ':' || (${text}), 'N')`
  })
  const hashes = rows.map((row) => {
    const texts = exact.map((index) => row[index]).map((text) => (text == null ? 'N' : `${text.length}:${text}`))
    return `'${createHash('md5').update(texts.join('')).digest('hex')}'`
  })
  return `md5(${parts.join(' || ')}) = any(array[${[...new Set(hashes)].join(', ')}])`
}

/** Numbers and instants by size, roughly: it only brings neighbours into one statement. */
function compareText(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : Number(a > b))
}

/** Canonical texts hold no tab, line break or backslash, so COPY's text form needs no unescaping. */
class LineDecoder {
  readonly #onRow: (row: TextRow) => void
  /** Pieces of a line whose end has not come; joined once, so that a long line costs its length and not its square. */
  #pieces: string[] = []

  constructor(onRow: (row: TextRow) => void) {
    this.#onRow = onRow
  }

  push(chunk: Uint8Array): void {
    const text = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1')
    let start = 0
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      this.#pieces.push(text.slice(start, end))
      this.#row(this.#pieces.join(''))
      this.#pieces = []
      start = end + 1
    }
    if (start < text.length) this.#pieces.push(text.slice(start))
  }

  #row(line: string): void {
    this.#onRow(line.split('\t').map((text) => (text === '\\N' ? null : text)))
  }
}
