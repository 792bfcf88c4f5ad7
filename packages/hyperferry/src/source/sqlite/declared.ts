/** What a declared type says, by SQLite's affinity rules and by custom; it decides only where the values leave a choice. */
type DeclaredFamily =
  'integer' | 'boolean' | 'decimal' | 'real' | 'datetime' | 'date' | 'time' | 'json' | 'uuid' | 'blob' | 'text' | 'none'

export interface DeclaredType {
  family: DeclaredFamily
  decimal: { precision: number; scale: number } | null
  /** n of VARCHAR(n). */
  length: number | null
}

/** `type` in lower case as the inventory gives it. */
export function declaredType(type: string): DeclaredType {
  const numbers = /\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)/.exec(type)
  const [, first, second] = numbers ?? []
  const family = familyOf(type.replace(/\(.*$/, '').trim())
  const precision = Number(first)
  const scale = Number(second ?? 0)
  const decimal =
    family === 'decimal' && first !== undefined && precision >= 1 && precision <= 1000 && scale <= precision
      ? { precision, scale }
      : null
  return { family, decimal, length: family === 'text' && first !== undefined ? Number(first) : null }
}

function familyOf(name: string): DeclaredFamily {
  if (name === '' || name === 'any') return 'none'
  if (name.includes('bool')) return 'boolean'
  if (/^(?:uuid|guid|uniqueidentifier)$/.test(name)) return 'uuid'
  if (/^jsonb?$/.test(name)) return 'json'
  if (/datetime|timestamp/.test(name)) return 'datetime'
  if (name === 'date') return 'date'
  if (name === 'time') return 'time'
  if (/^(?:decimal|numeric|number|money|currency)$/.test(name)) return 'decimal'
  // `floating point` holds "int" and is an integer by affinity; the values show that it is not.
  if (/real|floa|doub/.test(name)) return 'real'
  if (/char|clob|text|string/.test(name)) return 'text'
  if (name.includes('blob') || name.includes('binary')) return 'blob'
  if (name.includes('int')) return 'integer'
  return 'none'
}

/** Target type of a column without values. */
export function typeOfEmpty({ family, decimal }: DeclaredType): string {
  switch (family) {
    case 'integer':
      return 'bigint'
    case 'boolean':
      return 'boolean'
    case 'decimal':
      return decimal ? `numeric(${decimal.precision},${decimal.scale})` : 'numeric'
    case 'real':
      return 'double precision'
    case 'datetime':
      return 'timestamptz'
    case 'date':
      return 'date'
    case 'time':
      return 'time'
    case 'json':
      return 'jsonb'
    case 'uuid':
      return 'uuid'
    case 'blob':
      return 'bytea'
    default:
      return 'text'
  }
}
