/** Rows in portions of few sizes, so that a driver prepares few statements per table. */

/** Bytes of one statement, about: far below max_allowed_packet (MariaDB's default is 16 MB) and SQLite's limits. */
const statementBytes = 1_000_000
/** MySQL takes 65,535 parameters, SQLite 32,766. */
const maxParameters = 32_766

export type Row = readonly unknown[]

/** Cuts `rows` into portions of 64, 8 or 1 in their order; large rows into smaller portions. */
export function* chunks(rows: readonly Row[]): Generator<Row[]> {
  let at = 0
  while (at < rows.length) {
    const size = [64, 8].find((wanted) => fits(rows, at, wanted)) ?? 1
    yield rows.slice(at, at + size)
    at += size
  }
}

function fits(rows: readonly Row[], at: number, size: number): boolean {
  if (at + size > rows.length || (rows[at]?.length ?? 0) * size > maxParameters) return false
  let bytes = 0
  for (let index = at; index < at + size && bytes <= statementBytes; index += 1) bytes += weight(rows[index] ?? [])
  return bytes <= statementBytes
}

function weight(row: Row): number {
  return row.reduce<number>((sum, value) => {
    if (typeof value === 'string') return sum + value.length * 2
    return sum + (value instanceof Uint8Array ? value.length : 9)
  }, 0)
}
