/** Everything about one import that is the same for all of its pieces. */
import type { Dialect, RowSyntax } from '../../csv/dialect.ts'
import type { CopyOptions } from '../../config/copy-options.ts'
import { ident, identList, literal } from '../../target/sql.ts'

export interface ImportJob {
  importId: number
  /** As given, or made up for this run. */
  name: string
  schema: string
  table: string
  /** Schema and name, quoted. */
  target: string
  /** Of the target, in the order of the file. */
  columns: readonly string[]
  dialect: Dialect
  syntax: RowSyntax
  /** Of the file, as the server knows it. */
  encoding: string
  /** Whether the text must be strict UTF-8; other encodings are checked by the server alone. */
  utf8: boolean
  /** Options of COPY, in brackets. */
  options: string
  /** The same for plain pieces; null when there is no other way to say it. */
  plainOptions: string | null
  /** Bytes sent in front of every piece: a header that is left out, and tells the server how rows end. */
  prefix: Buffer
  settings: string
  /** Statements for the transactions that copy straight into the table, when it can be compressed on the way. */
  compress: string
  /** Of a piece, unless somebody says otherwise. */
  usualBytes: number
  /** Rows go to a temporary table first: those whose key is there are left out, or the rest is sorted. */
  staged: { skipConflicts: boolean; orderBy: readonly string[] } | null
  /** Rows at fault are kept aside; else the first one ends the copy. */
  keepAside: boolean
}

/** Options of COPY … FROM STDIN for a dialect. */
export function copyOptionsSql(dialect: Dialect, encoding: string, more: CopyOptions): string {
  const list = (which: '*' | readonly string[]): string => (which === '*' ? '*' : `(${identList(which)})`)
  return [
    'format csv',
    'header true',
    `delimiter ${character(dialect.delimiter)}`,
    `quote ${character(dialect.quote)}`,
    `escape ${character(dialect.escape)}`,
    `encoding ${literal(encoding)}`,
    ...(more.null === null ? [] : [`null ${literal(more.null)}`]),
    ...(more.default === null ? [] : [`default ${literal(more.default)}`]),
    ...(more.forceNull === null ? [] : [`force_null ${list(more.forceNull)}`]),
    ...(more.forceNotNull === null ? [] : [`force_not_null ${list(more.forceNotNull)}`]),
  ].join(', ')
}

/** COPY into the table, or into a stage of that name. */
export function copySqlOf(
  job: Pick<ImportJob, 'target' | 'columns' | 'options'>,
  into: string = job.target,
  options: string = job.options,
): string {
  return `copy ${into} (${identList(job.columns)}) from stdin (${options})`
}

/** For the temporary table of one import; a session has one at a time. */
export const STAGE = ident('hyperferry_import')

export function character(byte: number): string {
  return literal(String.fromCharCode(byte))
}
