/** Which column of the table each field of the file belongs to. */
import { HyperferryError } from '../../errors.ts'
import { nearest } from '../../config/nearest.ts'
import type { CatalogTable } from '../../target/catalog.ts'

/** How a person says it; at most one of them is given. */
export interface ColumnChoice {
  /** `a,b,"C"`: names of the table in the order of the file, as in SQL. */
  columns: string | null
  /** `field:column,…` or a JSON object; every field of the header must be in it. */
  mapping: string | null
  /** The header holds the names of the table. */
  byHeader: boolean
}

/** Names in the order of the file; all that can be written when nothing is said. Throws HF-F006. */
export function columnsOf(table: CatalogTable, choice: ColumnChoice, header: readonly string[] | null): string[] {
  const names = chosen(table, choice, header)
  const writable = table.columns.filter(({ generated }) => generated === null).map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) refuse(`column ${twice} is named twice`)
  for (const name of names) {
    if (writable.includes(name)) continue
    if (table.columns.some((column) => column.name === name)) refuse(`column ${name} is generated and cannot be loaded`)
    const near = nearest(name, writable)
    refuse(`${table.name} has no column ${name}${near === null ? '' : `; did you mean ${near}?`}`)
  }
  return names
}

function chosen(table: CatalogTable, choice: ColumnChoice, header: readonly string[] | null): string[] {
  if (choice.columns !== null) return identifiers(choice.columns)
  if (choice.mapping !== null) {
    const mapping = parseMapping(choice.mapping)
    return (header ?? []).map(
      (field) => mapping.get(field) ?? refuse(`--column-mapping does not name the field "${field}" of the header`),
    )
  }
  if (choice.byHeader) return [...(header ?? [])]
  return table.columns.filter(({ generated }) => generated === null).map(({ name }) => name)
}

/** A list of identifiers as SQL reads it: folded to lower case unless quoted. */
function identifiers(list: string): string[] {
  const names: string[] = []
  const one = /\s*(?:"((?:[^"]|"")+)"|([^\s",]+))\s*(,|$)/y
  for (let at = 0; at < list.length || names.length === 0; at = one.lastIndex) {
    one.lastIndex = at
    const found = one.exec(list)
    if (found === null) return refuse(`"${list}" is no list of column names`)
    names.push(found[1]?.replaceAll('""', '"') ?? (found[2] ?? '').toLowerCase())
    if (found[3] === '') return names
  }
  return refuse(`"${list}" ends with a comma`)
}

function parseMapping(text: string): Map<string, string> {
  const pairs = text.trim().startsWith('{') ? jsonPairs(text) : simplePairs(text)
  const mapping = new Map<string, string>()
  for (const [field, column] of pairs) {
    if (mapping.has(field)) refuse(`--column-mapping names the field "${field}" twice`)
    mapping.set(field, column)
  }
  return mapping
}

function jsonPairs(text: string): [string, string][] {
  try {
    const parsed: unknown = JSON.parse(text)
    const pairs = Object.entries(parsed as Record<string, unknown>)
    if (pairs.every((pair): pair is [string, string] => typeof pair[1] === 'string')) return pairs
  } catch {
    // Told below.
  }
  return refuse('--column-mapping is no JSON object of names')
}

function simplePairs(text: string): [string, string][] {
  return text
    .split(',')
    .filter((pair) => pair.trim() !== '')
    .map((pair) => {
      const [field = '', column = '', ...more] = pair.split(':').map((part) => part.trim())
      if (field === '' || column === '' || more.length > 0)
        refuse(`--column-mapping: "${pair}" is not of the form field:column`)
      return [field, column]
    })
}

function refuse(what: string): never {
  throw new HyperferryError('HF-F006', { what })
}
