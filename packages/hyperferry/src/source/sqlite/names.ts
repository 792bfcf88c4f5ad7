/** Names and numbers as SQL of SQLite. */

/** Quotes an identifier. */
export function ident(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** ASCII case folding: how SQLite itself compares names. */
export function fold(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

export function sameName(a: string, b: string): boolean {
  return fold(a) === fold(b)
}
