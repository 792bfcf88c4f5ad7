/** Names in the target: kept exactly where PostgreSQL can, else changed in a way that is the same every time. */
import { createHash } from 'node:crypto'
import { cutToBytes, MAX_NAME_BYTES } from '../../config/names.ts'

/** Columns that every PostgreSQL table has already. */
const SYSTEM_COLUMNS: ReadonlySet<string> = new Set(['tableoid', 'xmin', 'cmin', 'xmax', 'cmax', 'ctid'])

/** One namespace: what is taken once is taken. */
export class Namespace {
  readonly #taken = new Set<string>()

  /** `wanted` itself if it is free and short enough; else its beginning with six digits of its hash. Takes the name. */
  take(wanted: string): string {
    let name = fit(wanted)
    for (let i = 1; this.#taken.has(name); i += 1) name = withHash(wanted, `${wanted}\0${i}`)
    this.#taken.add(name)
    return name
  }
}

/** The name a column can have in PostgreSQL: six are taken by the system, and none is empty. */
export function columnName(source: string, position: number): string {
  if (source === '') return `column_${position}`
  return SYSTEM_COLUMNS.has(source) ? `${source}_` : source
}

/** Name of an index or key, begun with the table's: index names are unique in a schema, not in a table. */
export function indexName(table: string, source: string, columns: readonly string[], ending: string): string {
  if (source === '' || source.startsWith('sqlite_autoindex_')) return [table, ...columns, ending].join('_')
  return source === table || source.startsWith(`${table}_`) ? source : `${table}_${source}`
}

/** Whether SQL must quote the name (reserved words aside). */
export function needsQuotes(name: string): boolean {
  return !/^[a-z_][a-z0-9_]*$/.test(name)
}

function fit(wanted: string): string {
  return Buffer.byteLength(wanted) <= MAX_NAME_BYTES ? wanted : withHash(wanted, wanted)
}

function withHash(wanted: string, hashed: string): string {
  const hash = createHash('sha256').update(hashed).digest('hex').slice(0, 6)
  return `${cutToBytes(wanted, MAX_NAME_BYTES - 7)}_${hash}`
}
