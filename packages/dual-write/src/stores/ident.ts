/** A name in SQL, as the standard quotes it; SQLite and PostgreSQL. */
export function ident(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
