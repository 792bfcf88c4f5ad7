/** Words of a source's SQL expression, as far as they can be told without knowing the engine. */
export type Token =
  | { kind: 'name' | 'string' | 'number'; value: string }
  /** Bare word or sign; words in upper case. */
  | { kind: 'sign'; value: string; text: string }

const PATTERN =
  /\s+|`((?:[^`]|``)*)`|"((?:[^"]|"")*)"|\[([^\]]*)\]|(?:_utf8mb[34]|_utf8|_latin1|_ascii)?\\?'((?:[^'\\]|'')*)\\?'|(\d+(?:\.\d+)?)(?![\w.])|([A-Za-z_][A-Za-z0-9_$]*)|(<>|<=|>=|!=|==|&&|[=<>(),-])/gy

/** null when some character has no sure meaning (comments, operators, escapes). */
export function tokenize(sql: string): Token[] | null {
  const tokens: Token[] = []
  PATTERN.lastIndex = 0
  while (PATTERN.lastIndex < sql.length) {
    const match = PATTERN.exec(sql)
    if (!match) return null
    const [, tick, quoted, bracket, text, digits, word, sign] = match
    const name = tick?.replaceAll('``', '`') ?? quoted?.replaceAll('""', '"') ?? bracket
    if (name !== undefined) tokens.push({ kind: 'name', value: name })
    else if (text !== undefined) tokens.push({ kind: 'string', value: text.replaceAll("''", "'") })
    else if (digits !== undefined) tokens.push({ kind: 'number', value: digits })
    else if (word !== undefined) tokens.push({ kind: 'sign', value: word.toUpperCase(), text: word })
    else if (sign !== undefined) tokens.push({ kind: 'sign', value: sign, text: sign })
  }
  return tokens
}
