/** What only the text of CREATE TABLE and CREATE INDEX tells: checks, collations, generated expressions, AUTOINCREMENT, predicates. */
import { fold } from './names.ts'
import { closing, splitCommas, tokenize } from './tokens.ts'
import type { Token } from './tokens.ts'

export interface ParsedTable {
  autoincrement: boolean
  /** By folded column name. */
  columns: Map<string, { collation: string | null; generated: string | null }>
  checks: { name: string | null; expression: string }[]
}

/** Reads a CREATE TABLE as it stands in sqlite_schema; an unknown construct is passed over. */
export function parseCreateTable(sql: string): ParsedTable {
  const parsed: ParsedTable = { autoincrement: false, columns: new Map(), checks: [] }
  const tokens = tokenize(sql)
  const open = tokens.findIndex((token) => token.text === '(')
  if (open < 0) return parsed
  for (const part of splitCommas(tokens.slice(open + 1, closing(tokens, open)))) {
    const first = part[0]
    if (!first) continue
    const tableLevel = first.kind === 'word' && TABLE_CONSTRAINTS.has(first.value)
    const column = tableLevel ? null : { collation: null, generated: null }
    // SQLite takes a column named in any quotes, single ones included.
    if (column) parsed.columns.set(fold(first.kind === 'word' ? first.text : first.value), column)
    readConstraints(sql, tableLevel ? part : part.slice(1), { parsed, column })
  }
  return parsed
}

/** The parts and the predicate of a CREATE INDEX; empty for an automatic index, which has no text. */
export function parseCreateIndex(sql: string): { parts: string[]; where: string | null } {
  const tokens = tokenize(sql)
  const open = tokens.findIndex((token) => token.text === '(')
  if (open < 0) return { parts: [], where: null }
  const close = closing(tokens, open)
  const parts = splitCommas(tokens.slice(open + 1, close)).map((part) => {
    const last = part.at(-1)
    const ordered = last?.kind === 'word' && (last.value === 'ASC' || last.value === 'DESC')
    return textOf(sql, ordered ? part.slice(0, -1) : part)
  })
  const where = tokens[close + 1]?.value === 'WHERE' ? textOf(sql, tokens.slice(close + 2)) : null
  return { parts, where }
}

const TABLE_CONSTRAINTS = new Set(['CONSTRAINT', 'PRIMARY', 'UNIQUE', 'CHECK', 'FOREIGN'])

interface Sink {
  parsed: ParsedTable
  column: { collation: string | null; generated: string | null } | null
}

function readConstraints(sql: string, tokens: readonly Token[], { parsed, column }: Sink): void {
  let name: string | null = null
  for (let i = 0; i < tokens.length; i += 1) {
    const token = tokens[i]
    if (!token) continue
    if (token.text === '(') {
      i = closing(tokens, i)
      continue
    }
    if (token.kind !== 'word') continue
    const next = tokens[i + 1]
    switch (token.value) {
      case 'CONSTRAINT':
        name = next ? (next.kind === 'word' ? next.text : next.value) : null
        i += 1
        break
      case 'CHECK':
        if (next?.text === '(') {
          const end = closing(tokens, i + 1)
          parsed.checks.push({ name, expression: textOf(sql, tokens.slice(i + 2, end)) })
          i = end
        }
        name = null
        break
      case 'COLLATE':
        if (column && next) column.collation = next.value.toUpperCase()
        i += 1
        break
      case 'AS':
        if (column && next?.text === '(') {
          const end = closing(tokens, i + 1)
          column.generated = textOf(sql, tokens.slice(i + 2, end))
          i = end
        }
        break
      case 'AUTOINCREMENT':
        parsed.autoincrement = true
        break
      case 'DEFAULT':
        // The value may be a bare word that looks like a constraint.
        if (next && next.text !== '(') i += next.text === '-' || next.text === '+' ? 2 : 1
        break
      default:
    }
  }
}

function textOf(sql: string, tokens: readonly Token[]): string {
  const first = tokens[0]
  const last = tokens.at(-1)
  return first && last ? sql.slice(first.start, last.end) : ''
}
