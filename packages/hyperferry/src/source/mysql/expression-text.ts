/** Expressions as information_schema shows them. */

/** MySQL shows string literals of expressions as `_utf8mb4\'x\'`; this gives `'x'`. */
export function plainExpression(text: string): string {
  return text.replaceAll(/_(?:utf8mb4|utf8mb3|utf8|latin1|ascii)\s*(?=\\?')/gi, '').replaceAll("\\'", "'")
}
