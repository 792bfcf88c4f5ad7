/** The target types that have a rule here, parsed from the contract's text. */

type TargetName =
  | 'int2'
  | 'int4'
  | 'int8'
  | 'numeric'
  | 'float4'
  | 'float8'
  | 'bool'
  | 'text'
  | 'varchar'
  | 'bpchar'
  | 'bytea'
  | 'date'
  | 'time'
  | 'timestamp'
  | 'timestamptz'
  | 'interval'
  | 'uuid'
  | 'json'
  | 'jsonb'
  | 'bit'
  | 'varbit'
  | 'inet'
  | 'array'

export interface TargetType {
  readonly name: TargetName
  readonly arrayOf: TargetType | null
  /** numeric: digits in all. Times: fractional digits. null when not given. */
  readonly precision: number | null
  /** numeric only; may be negative. */
  readonly scale: number | null
  /** varchar, bpchar: characters; bit, varbit: bits. null when unlimited. */
  readonly length: number | null
  /** As given. */
  readonly text: string
}

/** null for a type that is not known here. */
export function parseTargetType(text: string): TargetType | null {
  const plain = text
    .trim()
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .replace(/^pg_catalog\./, '')
  const array = /^(.*?) ?\[\d*\]$/.exec(plain)
  if (array) {
    const arrayOf = parseTargetType(array[1] ?? '')
    return arrayOf && { name: 'array', arrayOf, precision: null, scale: null, length: null, text }
  }
  const match = /^([a-z0-9 ]+?) ?(?:\( ?(-?\d+) ?(?:, ?(-?\d+) ?)?\))?( with time zone| without time zone)?$/.exec(
    plain,
  )
  if (!match) return null
  const [, base = '', first, second, zone = ''] = match
  const name = ALIASES.get(zone === ' with time zone' && base === 'timestamp' ? 'timestamptz' : base)
  // `time with time zone` holds what no source has.
  if (name === undefined || (zone === ' with time zone' && base !== 'timestamp')) return null
  const number = first === undefined ? null : Number(first)
  const sized = name === 'varchar' || name === 'bpchar' || name === 'bit' || name === 'varbit'
  const one = name === 'bit' || (name === 'bpchar' && base !== 'bpchar') ? 1 : null
  return {
    name: name === 'float8' && number !== null && number <= 24 ? 'float4' : name,
    arrayOf: null,
    precision: sized || name === 'float8' ? null : number,
    scale: name === 'numeric' && number !== null ? Number(second ?? 0) : null,
    length: sized ? (number ?? one) : null,
    text,
  }
}

const ALIASES = new Map<string, TargetName>([
  ['smallint', 'int2'],
  ['int2', 'int2'],
  ['integer', 'int4'],
  ['int', 'int4'],
  ['int4', 'int4'],
  ['bigint', 'int8'],
  ['int8', 'int8'],
  ['numeric', 'numeric'],
  ['decimal', 'numeric'],
  ['dec', 'numeric'],
  ['real', 'float4'],
  ['float4', 'float4'],
  ['double precision', 'float8'],
  ['float8', 'float8'],
  ['float', 'float8'],
  ['boolean', 'bool'],
  ['bool', 'bool'],
  ['text', 'text'],
  ['varchar', 'varchar'],
  ['character varying', 'varchar'],
  ['char', 'bpchar'],
  ['character', 'bpchar'],
  ['bpchar', 'bpchar'],
  ['bytea', 'bytea'],
  ['date', 'date'],
  ['time', 'time'],
  ['timestamp', 'timestamp'],
  ['timestamptz', 'timestamptz'],
  ['interval', 'interval'],
  ['uuid', 'uuid'],
  ['json', 'json'],
  ['jsonb', 'jsonb'],
  ['bit', 'bit'],
  ['varbit', 'varbit'],
  ['bit varying', 'varbit'],
  ['inet', 'inet'],
])
