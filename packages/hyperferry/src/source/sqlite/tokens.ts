/** SQLite's SQL cut into tokens: enough to find the parts of a CREATE statement, however it is quoted or commented. */

export interface Token {
  kind: 'word' | 'name' | 'string' | 'number' | 'blob' | 'sign'
  /** The token as written. */
  text: string
  /** Keywords and bare names in upper case, quoted names and strings without their quotes. */
  value: string
  start: number
  end: number
}

const TOKEN =
  /(?<space>\s+|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|(?<blob>[xX]'[^']*')|(?<string>'(?:[^']|'')*')|(?<name>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\])|(?<number>0[xX][0-9a-fA-F]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)|(?<word>[A-Za-z_$\u0080-\uffff][\w$\u0080-\uffff]*)|(?<sign>\|\||<=|>=|<>|!=|==|<<|>>|->>|->|[\s\S])/y

/** White space and comments are left out. Never fails: what it does not know is a `sign`. */
export function tokenize(sql: string): Token[] {
  const tokens: Token[] = []
  TOKEN.lastIndex = 0
  for (let match = TOKEN.exec(sql); match !== null; match = TOKEN.exec(sql)) {
    const groups = match.groups ?? {}
    if (groups['space'] !== undefined) continue
    const text = match[0]
    const end = TOKEN.lastIndex
    const kind =
      (['blob', 'string', 'name', 'number', 'word', 'sign'] as const).find((k) => groups[k] !== undefined) ?? 'sign'
    tokens.push({ kind, text, value: valueOf(kind, text), start: end - text.length, end })
  }
  return tokens
}

/** Splits at the commas of the outermost level. */
export function splitCommas(tokens: readonly Token[]): Token[][] {
  const parts: Token[][] = []
  let part: Token[] = []
  let depth = 0
  for (const token of tokens) {
    if (token.text === '(') depth += 1
    if (token.text === ')') depth -= 1
    if (token.text === ',' && depth === 0) {
      parts.push(part)
      part = []
    } else part.push(token)
  }
  parts.push(part)
  return parts
}

/** Index of the parenthesis that closes the one at `open`; the end of the list when it is missing. */
export function closing(tokens: readonly Token[], open: number): number {
  let depth = 0
  for (let i = open; i < tokens.length; i += 1) {
    if (tokens[i]?.text === '(') depth += 1
    if (tokens[i]?.text === ')') depth -= 1
    if (depth === 0) return i
  }
  return tokens.length
}

function valueOf(kind: Token['kind'], text: string): string {
  switch (kind) {
    case 'word':
      return text.toUpperCase()
    case 'string':
      return text.slice(1, -1).replaceAll("''", "'")
    case 'name': {
      const quote = text[0] ?? ''
      const inner = text.slice(1, -1)
      return quote === '[' ? inner : inner.replaceAll(quote + quote, quote)
    }
    default:
      return text
  }
}
