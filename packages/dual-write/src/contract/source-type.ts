/** The declared type of a source column, taken apart: `decimal(10,2) unsigned`, `enum('a','b''c')`, and SQLite's affinity. */

/** How SQLite changes a value of this column before it keeps it. `blob` (also: none) changes nothing. */
type Affinity = 'integer' | 'text' | 'blob' | 'real' | 'numeric'

export interface SourceType {
  /** First word, lower case; synonyms made one: `int`, `decimal`, `double`, `geometry` for every spatial type. */
  base: string
  /** Numbers in the parentheses. */
  numbers: readonly number[]
  /** Members of ENUM and SET. */
  members: readonly string[]
  unsigned: boolean
  zerofill: boolean
  /** SQLite only; elsewhere it means nothing. */
  affinity: Affinity
}

/** Never throws: an unknown type keeps its first word as base. */
export function parseSourceType(text: string): SourceType {
  const word = /^[a-z_0-9]+( precision)?/i.exec(text.trim())?.[0].toLowerCase() ?? ''
  const base = SYNONYMS.get(word) ?? word
  const rest = text.trim().slice(word.length)
  const isList = base === 'enum' || base === 'set'
  const inside = isList ? undefined : /^\s*\(([^)]*)\)/.exec(rest)?.[1]
  const after = isList ? '' : rest.toLowerCase()
  return {
    base,
    numbers: inside ? inside.split(',').map(Number) : [],
    members: isList ? membersOf(rest) : [],
    unsigned: /\bunsigned\b|\bzerofill\b/.test(after),
    zerofill: /\bzerofill\b/.test(after),
    affinity: affinityOf(text.toLowerCase()),
  }
}

/** Quotes are doubled; a backslash, U+0000 and line ends are escaped. */
function membersOf(list: string): string[] {
  return [...list.matchAll(/'((?:[^']|'')*)'/g)].map(([, member = '']) =>
    member.replaceAll("''", "'").replaceAll(/\\(.)/g, (_, sign: string) => ESCAPES[sign] ?? sign),
  )
}

const ESCAPES: Record<string, string> = { '0': '\0', n: '\n', r: '\r' }

/** The five rules of SQLite, in its order. */
function affinityOf(declared: string): Affinity {
  if (declared.includes('int')) return 'integer'
  if (/char|clob|text/.test(declared)) return 'text'
  if (declared.includes('blob') || declared.trim() === '') return 'blob'
  if (/real|floa|doub/.test(declared)) return 'real'
  // ANY means no affinity in a STRICT table only, and elsewhere numeric; the plan cannot tell them apart, so neither is assumed to keep text.
  return 'numeric'
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
