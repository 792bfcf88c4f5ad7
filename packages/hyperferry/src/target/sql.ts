/** Writing SQL text. Whatever comes from a plan passes through here before it becomes part of a statement. */

/** `name` as a quoted identifier; always quoted, so that no list of reserved words is needed. */
export function ident(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** `"schema"."name"`. */
export function qualified(schema: string, name: string): string {
  return `${ident(schema)}.${ident(name)}`
}

/** `text` as a string literal that reads the same under any setting of standard_conforming_strings. */
export function literal(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`
  return text.includes('\\') ? `E${quoted.replaceAll('\\', '\\\\')}` : quoted
}

/** `"a", "b"`. */
export function identList(names: readonly string[]): string {
  return names.map(ident).join(', ')
}
