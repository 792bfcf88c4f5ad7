/** A column type as the server prints it, taken apart: `decimal(10,2) unsigned zerofill`, `enum('a','b''c')`, `datetime(6)`. */

export interface ColumnType {
  /** First word, lower case; synonyms made one: `int`, `decimal`, `double`, `json`, `geometry` for every spatial type, … */
  base: string
  /** Numbers in the parentheses. */
  numbers: readonly number[]
  /** Members of ENUM and SET. */
  members: readonly string[]
  unsigned: boolean
  zerofill: boolean
}

/** Never throws: an unknown type keeps its first word as base. */
export function parseColumnType(text: string): ColumnType {
  const word = /^[a-z_0-9]+( precision)?/i.exec(text.trim())?.[0].toLowerCase() ?? ''
  const base = SYNONYMS.get(word) ?? word
  const rest = text.trim().slice(word.length)
  const isList = base === 'enum' || base === 'set'
  const inside = isList ? null : /^\s*\(([^)]*)\)/.exec(rest)?.[1]
  const after = isList ? '' : rest.toLowerCase()
  return {
    base,
    numbers: inside ? inside.split(',').map(Number) : [],
    members: isList ? listMembers(rest) : [],
    unsigned: /\bunsigned\b|\bzerofill\b/.test(after),
    zerofill: /\bzerofill\b/.test(after),
  }
}

/** Digits after the point of a temporal type. */
export function fractionDigits(type: ColumnType): number {
  return type.numbers[0] ?? 0
}

const SPATIAL = ['point', 'linestring', 'polygon', 'multipoint', 'multilinestring', 'multipolygon', 'geomcollection']

const SYNONYMS = new Map<string, string>([
  ['integer', 'int'],
  ['numeric', 'decimal'],
  ['fixed', 'decimal'],
  ['dec', 'decimal'],
  ['double precision', 'double'],
  ['real', 'double'],
  ['bool', 'tinyint'],
  ['boolean', 'tinyint'],
  ['geometrycollection', 'geometry'],
  ...SPATIAL.map((name): [string, string] => [name, 'geometry']),
])

/** Quotes are doubled; with backslash escapes in effect the servers print none of them in COLUMN_TYPE. */
function listMembers(text: string): string[] {
  return [...text.matchAll(/'((?:[^']|'')*)'/g)].map((match) => (match[1] ?? '').replaceAll("''", "'"))
}
