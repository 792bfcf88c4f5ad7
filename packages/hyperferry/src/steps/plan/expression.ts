/** Translates the few expressions that mean the same in the source and in PostgreSQL; everything else is null. */
import type { PlannedColumn, SourceColumn } from '../../model.ts'
import { ident, literal } from '../../target/sql.ts'
import { parsePgType } from '../../values/pgtype.ts'
import { tokenize } from './expression-tokens.ts'
import type { Token } from './expression-tokens.ts'

/** A column an expression may name: its source name decides whether it is meant. */
export interface ExpressionColumn {
  source: SourceColumn
  planned: PlannedColumn
}

/**
 * SQL for PostgreSQL: comparisons of columns with literals or each other, IN, BETWEEN, IS NULL, AND, OR, NOT and lengths. null when it is
 * anything else, or when the comparison itself is another one (case-insensitive text, booleans as numbers, instants as text).
 */
export function translate(sql: string, columns: readonly ExpressionColumn[]): string | null {
  const tokens = tokenize(sql)
  if (tokens === null) return null
  const parser = new Parser(tokens, columns)
  try {
    return parser.whole()
  } catch (error) {
    if (error === UNSURE) return null
    throw error
  }
}

const UNSURE = new Error('no sure translation')
const COMPARISONS = new Map([
  ['=', '='],
  ['==', '='],
  ['<>', '<>'],
  ['!=', '<>'],
  ['<', '<'],
  ['<=', '<='],
  ['>', '>'],
  ['>=', '>='],
])

/** Comparable kinds; a string literal is `text` and may stand for a date. */
type Kind = 'number' | 'text' | 'date' | 'literal-text'
interface Operand {
  sql: string
  kind: Kind
}

class Parser {
  readonly #tokens: readonly Token[]
  readonly #columns: readonly ExpressionColumn[]
  #at = 0

  constructor(tokens: readonly Token[], columns: readonly ExpressionColumn[]) {
    this.#tokens = tokens
    this.#columns = columns
  }

  whole(): string {
    const sql = this.#or()
    if (this.#at < this.#tokens.length) throw UNSURE
    return sql
  }

  #or(): string {
    const parts = [this.#and()]
    while (this.#take('OR')) parts.push(this.#and())
    return parts.length === 1 ? (parts[0] ?? '') : parts.map((part) => `(${part})`).join(' OR ')
  }

  #and(): string {
    const parts = [this.#not()]
    while (this.#take('AND') || this.#take('&&')) parts.push(this.#not())
    return parts.length === 1 ? (parts[0] ?? '') : parts.map((part) => `(${part})`).join(' AND ')
  }

  #not(): string {
    if (this.#take('NOT')) return `NOT (${this.#not()})`
    const start = this.#at
    const inner = this.#parenthesised()
    if (inner !== null && !this.#isOperator()) return inner
    // The parentheses held an operand.
    this.#at = start
    return this.#predicate()
  }

  #parenthesised(): string | null {
    if (!this.#take('(')) return null
    try {
      const inner = this.#or()
      this.#expect(')')
      return inner
    } catch (error) {
      if (error === UNSURE) return null
      throw error
    }
  }

  #predicate(): string {
    const left = this.#operand()
    const sign = this.#sign()
    const comparison = sign === null ? undefined : COMPARISONS.get(sign)
    if (comparison !== undefined) {
      this.#at += 1
      const right = this.#operand()
      return `${this.#pair(left, right)} ${comparison} ${right.sql}`
    }
    if (this.#take('IS')) {
      const not = this.#take('NOT') ? 'NOT ' : ''
      this.#expect('NULL')
      return `${left.sql} IS ${not}NULL`
    }
    const not = this.#take('NOT') ? 'NOT ' : ''
    if (this.#take('BETWEEN')) {
      const low = this.#operand()
      this.#expect('AND')
      const high = this.#operand()
      this.#pair(left, low)
      return `${this.#pair(left, high)} ${not}BETWEEN ${low.sql} AND ${high.sql}`
    }
    this.#expect('IN')
    this.#expect('(')
    const members = [this.#operand()]
    while (this.#take(',')) members.push(this.#operand())
    this.#expect(')')
    for (const member of members) this.#pair(left, member)
    return `${left.sql} ${not}IN (${members.map(({ sql }) => sql).join(', ')})`
  }

  /** The left side's SQL if both can be compared. */
  #pair(left: Operand, right: Operand): string {
    const dateWithText = left.kind === 'date' && right.kind === 'literal-text' && /^'\d{4}-\d\d-\d\d'$/.test(right.sql)
    const text = ['text', 'literal-text']
    if (left.kind !== right.kind && !dateWithText && !(text.includes(left.kind) && text.includes(right.kind)))
      throw UNSURE
    return left.sql
  }

  #operand(): Operand {
    if (this.#take('(')) {
      const inner = this.#operand()
      this.#expect(')')
      return inner
    }
    const negative = this.#take('-')
    const token = this.#tokens[this.#at]
    this.#at += 1
    if (token?.kind === 'number') return { sql: `${negative ? '-' : ''}${token.value}`, kind: 'number' }
    if (negative || !token) throw UNSURE
    if (token.kind === 'string') return { sql: literal(token.value), kind: 'literal-text' }
    if (token.kind === 'sign' && this.#sign() === '(') return this.#length(token.value)
    return this.#column(token.kind === 'name' ? token.value : token.kind === 'sign' ? token.text : '')
  }

  #length(name: string): Operand {
    this.#expect('(')
    const { sql, kind } = this.#operand()
    this.#expect(')')
    const isCharacters = name === 'CHAR_LENGTH' || name === 'CHARACTER_LENGTH'
    // length() counts bytes in MySQL and characters in SQLite: only the sure names are taken.
    if (kind !== 'text' || (!isCharacters && name !== 'OCTET_LENGTH')) throw UNSURE
    return { sql: `${isCharacters ? 'char_length' : 'octet_length'}(${sql})`, kind: 'number' }
  }

  #column(name: string): Operand {
    const column = this.#columns.find(({ source }) => source.name.toLowerCase() === name.toLowerCase())
    if (!column) throw UNSURE
    const kind = kindOf(column)
    if (kind === null) throw UNSURE
    return { sql: ident(column.planned.name), kind }
  }

  #sign(): string | null {
    const token = this.#tokens[this.#at]
    return token?.kind === 'sign' ? token.value : null
  }

  #isOperator(): boolean {
    const sign = this.#sign()
    return sign !== null && (COMPARISONS.has(sign) || ['IS', 'IN', 'BETWEEN', 'NOT'].includes(sign))
  }

  #take(value: string): boolean {
    if (this.#sign() !== value) return false
    this.#at += 1
    return true
  }

  #expect(value: string): void {
    if (!this.#take(value)) throw UNSURE
  }
}

function kindOf({ source, planned }: ExpressionColumn): Kind | null {
  switch (parsePgType(planned.type).name) {
    case 'int2':
    case 'int4':
    case 'int8':
    case 'numeric':
    case 'float4':
    case 'float8':
      return 'number'
    case 'text':
    case 'varchar':
      return isExact(source.collation) ? 'text' : null
    case 'date':
      return 'date'
    default:
      return null
  }
}

/** Whether the source compares this text byte by byte. Trailing spaces: PAD SPACE collations do not. */
function isExact(collation: string | null): boolean {
  return collation === null || /^(binary|utf8mb4_0900_bin|.*_nopad_bin)$/i.test(collation)
}
