/** The target types that have a binary form here, parsed from the plan's text. */
import { HyperferryError } from '../errors.ts'

export type PgTypeName =
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

export interface PgType {
  readonly name: PgTypeName
  readonly oid: number
  /** Element type; null unless `name` is `array`. */
  readonly arrayOf: PgType | null
  /** numeric: digits in all. Times: fractional digits. null when not given. */
  readonly precision: number | null
  /** numeric only; may be negative or above the precision. */
  readonly scale: number | null
  /** varchar, bpchar: characters; bit, varbit: bits. null when unlimited. */
  readonly length: number | null
  /** As PostgreSQL's `format_type` writes it. */
  readonly text: string
}

/**
 * Parses a type as PostgreSQL accepts it (`float8`, `timestamp(3) with time zone`, `text[]`).
 * @throws HyperferryError HF-P022 for a type that has no binary form here, or a modifier PostgreSQL refuses.
 */
export function parsePgType(text: string): PgType {
  const plain = text
    .trim()
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .replace(/^pg_catalog\./, '')
  const array = /^(.*?) ?\[\d*\]$/.exec(plain)
  if (array) return arrayType(parsePgType(array[1] ?? ''), text)
  const match = /^([a-z0-9 ]+?) ?(?:\( ?(-?\d+) ?(?:, ?(-?\d+) ?)?\))?( with time zone| without time zone)?$/.exec(
    plain,
  )
  if (!match) throw noSuchType(text)
  const [, base = '', first, second, zone = ''] = match
  const name = ALIASES.get(zone && (base === 'timestamp' || base === 'time') ? base + zone : base)
  if (name === undefined || (zone && base !== 'timestamp' && base !== 'time')) throw noSuchType(text)
  const type = withModifier(
    name,
    first === undefined ? null : Number(first),
    second === undefined ? null : Number(second),
  )
  if (type === null) throw noSuchType(text)
  // `char`, `character` and `bit` alone mean one; `bpchar` alone means any length.
  if (type.length === null && (name === 'bit' || (name === 'bpchar' && base !== 'bpchar'))) return sized(name, 1)
  return type
}

type ScalarName = Exclude<PgTypeName, 'array'>

const ALIASES = new Map<string, ScalarName>([
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
  ['time without time zone', 'time'],
  ['timestamp', 'timestamp'],
  ['timestamp without time zone', 'timestamp'],
  ['timestamptz', 'timestamptz'],
  ['timestamp with time zone', 'timestamptz'],
  ['interval', 'interval'],
  ['uuid', 'uuid'],
  ['json', 'json'],
  ['jsonb', 'jsonb'],
  ['bit', 'bit'],
  ['varbit', 'varbit'],
  ['bit varying', 'varbit'],
  ['inet', 'inet'],
])

/** OID, OID of the array type, and name in `format_type`; `$` stands where the modifier goes. */
const FACTS: Record<ScalarName, readonly [oid: number, array: number, text: string]> = {
  int2: [21, 1005, 'smallint'],
  int4: [23, 1007, 'integer'],
  int8: [20, 1016, 'bigint'],
  numeric: [1700, 1231, 'numeric$'],
  float4: [700, 1021, 'real'],
  float8: [701, 1022, 'double precision'],
  bool: [16, 1000, 'boolean'],
  text: [25, 1009, 'text'],
  varchar: [1043, 1015, 'character varying$'],
  bpchar: [1042, 1014, 'character$'],
  bytea: [17, 1001, 'bytea'],
  date: [1082, 1182, 'date'],
  time: [1083, 1183, 'time$ without time zone'],
  timestamp: [1114, 1115, 'timestamp$ without time zone'],
  timestamptz: [1184, 1185, 'timestamp$ with time zone'],
  interval: [1186, 1187, 'interval$'],
  uuid: [2950, 2951, 'uuid'],
  json: [114, 199, 'json'],
  jsonb: [3802, 3807, 'jsonb'],
  bit: [1560, 1561, 'bit$'],
  varbit: [1562, 1563, 'bit varying$'],
  inet: [869, 1041, 'inet'],
}

function withModifier(name: ScalarName, first: number | null, second: number | null): PgType | null {
  if (first === null) return scalar(name, {})
  if (name === 'numeric') {
    const scale = second ?? 0
    if (first < 1 || first > 1000 || scale < -1000 || scale > 1000) return null
    return scalar(name, { precision: first, scale })
  }
  if (second !== null) return null
  switch (name) {
    case 'time':
    case 'timestamp':
    case 'timestamptz':
    case 'interval':
      return first >= 0 && first <= 6 ? scalar(name, { precision: first }) : null
    case 'varchar':
    case 'bpchar':
      return first >= 1 && first <= 10485760 ? sized(name, first) : null
    case 'bit':
    case 'varbit':
      return first >= 1 && first <= 83886080 ? sized(name, first) : null
    case 'float8':
      // SQL's float(p): up to 24 bits are a real.
      if (first < 1 || first > 53) return null
      return scalar(first <= 24 ? 'float4' : 'float8', {})
    default:
      return null
  }
}

function sized(name: ScalarName, length: number): PgType {
  return scalar(name, { length })
}

function scalar(name: ScalarName, given: { precision?: number; scale?: number; length?: number }): PgType {
  const [oid, , text] = FACTS[name]
  const precision = given.precision ?? null
  const scale = given.scale ?? null
  const length = given.length ?? null
  const first = precision ?? length
  const modifier = first === null ? '' : scale === null ? `(${first})` : `(${first},${scale})`
  const named = name === 'bpchar' && length === null ? 'bpchar' : text.replace('$', modifier)
  return { name, oid, arrayOf: null, precision, scale, length, text: named }
}

function arrayType(element: PgType, text: string): PgType {
  // PostgreSQL has one array type for every number of dimensions.
  if (element.name === 'array') return element
  const [, oid] = FACTS[element.name] ?? []
  if (oid === undefined) throw noSuchType(text)
  return { name: 'array', oid, arrayOf: element, precision: null, scale: null, length: null, text: `${element.text}[]` }
}

function noSuchType(text: string): HyperferryError {
  return new HyperferryError('HF-P022', { what: `type ${JSON.stringify(text)} is not one that Hyperferry can write` })
}
