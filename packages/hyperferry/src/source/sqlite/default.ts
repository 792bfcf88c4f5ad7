/** Column defaults: SQLite keeps them as the text of an expression. */
import type { ColumnDefault } from '../../model.ts'
import { tokenize } from './tokens.ts'
import type { Token } from './tokens.ts'

/** The meaning of a default's text as `pragma table_xinfo` gives it; null for no default and for NULL. */
export function columnDefault(sql: string): ColumnDefault | null {
  const tokens = unwrap(tokenize(sql))
  const literal = literalOf(tokens)
  if (literal !== undefined) return literal === null ? null : { kind: 'literal', value: literal }
  const words = tokens
    .map((token) => (token.kind === 'string' || token.kind === 'name' ? `'${token.value}'` : token.value))
    .join('')
  const precision = NOW.get(words.toLowerCase())
  return precision === undefined ? { kind: 'expression', sql } : { kind: 'now', precision }
}

/** The expressions that give the present instant as UTC text. */
const NOW: ReadonlyMap<string, number> = new Map([
  ['current_timestamp', 0],
  ["datetime('now')", 0],
  ['datetime()', 0],
  ["datetime('now','utc')", 0],
  ["strftime('%y-%m-%d %h:%m:%s','now')", 0],
  ["strftime('%y-%m-%dt%h:%m:%sz','now')", 0],
  ["strftime('%y-%m-%d %h:%m:%f','now')", 3],
  ["strftime('%y-%m-%dt%h:%m:%fz','now')", 3],
])

function literalOf(tokens: readonly Token[]): string | null | undefined {
  const [first, second] = tokens
  if (!first) return undefined
  if (tokens.length === 2 && second?.kind === 'number' && (first.text === '-' || first.text === '+')) {
    return first.text === '-' ? `-${plainNumber(second.text)}` : plainNumber(second.text)
  }
  if (tokens.length !== 1) return undefined
  switch (first.kind) {
    case 'string':
    // SQLite takes a name in double quotes for a string when no such column can be meant.
    case 'name':
      return first.value
    case 'number':
      return plainNumber(first.text)
    case 'word':
      if (first.value === 'NULL') return null
      if (first.value === 'TRUE') return '1'
      if (first.value === 'FALSE') return '0'
      return first.value.startsWith('CURRENT_') ? undefined : first.text
    default:
      return undefined
  }
}

function plainNumber(text: string): string {
  return /^0x/i.test(text) ? String(BigInt.asIntN(64, BigInt(text))) : text.replaceAll('_', '')
}

function unwrap(tokens: Token[]): Token[] {
  let inner = tokens
  while (inner.length > 2 && inner[0]?.text === '(' && inner.at(-1)?.text === ')') inner = inner.slice(1, -1)
  return inner
}
