/** What stands before the first row: a byte order mark, lines to be left out, a header. */
import { CR, LF } from './dialect.ts'
import type { Dialect, RowEnd, RowSyntax } from './dialect.ts'
import { splitRow } from './fields.ts'
import { withoutEnd } from './rows.ts'
import { RowScanner } from './scan.ts'

export interface Beginning {
  /** Offset of the first row. */
  first: number
  /** How rows end; `lf` when there is none. */
  rowEnd: RowEnd
  /** Names of the header's fields; null without one. */
  header: string[] | null
  /** The header as it stands in the text, with its end. */
  headerBytes: Buffer
}

export interface BeginningOptions {
  dialect: Dialect
  /** Physical lines that are left out before anything is read. */
  skipLines: number
  /** Whether a header follows. */
  header: boolean
}

const BOM = Buffer.from([0xef, 0xbb, 0xbf])

/**
 * Reads the beginning of a text. `null` when `bytes` does not reach far enough to tell; with `whole` it is the whole text and there is always an answer.
 */
export function readBeginning(bytes: Buffer, whole: boolean, options: BeginningOptions): Beginning | null {
  const { dialect, skipLines, header } = options
  let at = bytes.subarray(0, 3).equals(BOM) ? 3 : 0
  for (let line = 0; line < skipLines; line += 1) {
    const end = lineEnd(bytes, at, whole)
    if (end === null) return null
    at = end
  }
  const rowEnd = firstRowEnd(bytes.subarray(at), dialect, whole)
  if (rowEnd === null) return null
  if (!header) return { first: at, rowEnd, header: null, headerBytes: Buffer.alloc(0) }
  const end = new RowScanner({ ...dialect, rowEnd }).push(bytes.subarray(at), 1)
  const headerBytes = bytes.subarray(at, end === 0 ? bytes.length : at + end)
  const names = splitRow(withoutEnd(headerBytes), dialect).map((field) => field.bytes.toString('utf8'))
  return { first: at + headerBytes.length, rowEnd, header: names, headerBytes }
}

/** Where the line that begins at `at` ends; lines left out are no rows, quotes mean nothing in them. */
function lineEnd(bytes: Buffer, at: number, whole: boolean): number | null {
  for (let index = at; index < bytes.length; index += 1) {
    if (bytes[index] === LF) return index + 1
    if (bytes[index] !== CR) continue
    if (index + 1 === bytes.length) break
    return bytes[index + 1] === LF ? index + 2 : index + 1
  }
  return whole ? bytes.length : null
}

function firstRowEnd(
  bytes: Buffer,
  { quote, escape }: Pick<RowSyntax, 'quote' | 'escape'>,
  whole: boolean,
): RowEnd | null {
  const ends = (['lf', 'cr'] as const).map((rowEnd) => {
    const found = new RowScanner({ quote, escape, rowEnd }).push(bytes, 1)
    return found === 0 ? Number.POSITIVE_INFINITY : found
  })
  const [lf = 0, cr = 0] = ends
  if (cr < lf) {
    // What follows the CR decides.
    if (cr === bytes.length && !whole) return null
    return lf === cr + 1 ? 'crlf' : 'cr'
  }
  return lf === Number.POSITIVE_INFINITY && !whole ? null : 'lf'
}
