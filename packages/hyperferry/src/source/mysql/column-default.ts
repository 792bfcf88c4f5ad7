/** Defaults as information_schema shows them; MySQL and MariaDB do it differently. */
import type { ColumnDefault } from '../../model.ts'
import { parseColumnType } from './column-type.ts'

export interface DefaultFacts {
  /** COLUMN_DEFAULT. */
  text: string | null
  /** EXTRA, lower case. */
  extra: string
  columnType: string
  mariadb: boolean
}

/** null when the column has none (or DEFAULT NULL, which is the same). */
export function readDefault({ text, extra, columnType, mariadb }: DefaultFacts): ColumnDefault | null {
  if (text === null) return null
  if (mariadb) return mariadbDefault(text)
  if (extra.includes('default_generated')) return expression(text)
  const { base } = parseColumnType(columnType)
  // MySQL 5.7 does not mark it; a literal of these types cannot look like this.
  if (base === 'timestamp' || base === 'datetime') return now(text) ?? { kind: 'literal', value: text }
  return { kind: 'literal', value: base === 'bit' ? bits(text) : text }
}

/** MariaDB since 10.2.7: literals quoted, NULL as a word, everything else an expression. */
function mariadbDefault(text: string): ColumnDefault | null {
  if (/^null$/i.test(text)) return null
  if (/^'.*'$/s.test(text)) return { kind: 'literal', value: unquote(text) }
  if (/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text)) return { kind: 'literal', value: text }
  if (/^b'[01]*'$/i.test(text)) return { kind: 'literal', value: bits(text) }
  return expression(text)
}

function expression(text: string): ColumnDefault {
  const bare = text.trim()
  if (/^uuid\(\)$/i.test(bare)) return { kind: 'uuid' }
  const literal = /^_utf8mb4\\'((?:[^'\\]|\\\\'|'')*)\\'$/.exec(bare)
  if (literal) return { kind: 'literal', value: unquote(`'${literal[1] ?? ''}'`) }
  return now(bare) ?? { kind: 'expression', sql: bare }
}

function now(text: string): ColumnDefault | null {
  const match = /^(?:current_timestamp|now|localtime|localtimestamp)(?:\((\d?)\))?$/i.exec(text.trim())
  return match ? { kind: 'now', precision: Number(match[1] ?? 0) } : null
}

const ESCAPES: Record<string, string> = { n: '\n', t: '\t', r: '\r', '0': '\0', b: '\b', Z: '\x1a' }

function unquote(text: string): string {
  return text
    .slice(1, -1)
    .replaceAll(/''|\\(.)/gs, (all, escaped: string | undefined) =>
      all === "''" ? "'" : (ESCAPES[escaped ?? ''] ?? escaped ?? ''),
    )
}

/** `b'101'` as `101`. */
function bits(text: string): string {
  return /^b'([01]*)'$/i.exec(text)?.[1] ?? text
}
