/** Numbers and tables for people. */

/** 1902114331 → `1,902,114,331`. */
export function count(value: number | bigint | string | null | undefined): string {
  if (value == null) return '?'
  return BigInt(typeof value === 'number' ? Math.round(value) : value)
    .toString()
    .replaceAll(/\B(?=(\d{3})+$)/g, ',')
}

/** Bytes in units of 1000, three digits: `212 GB`. */
export function bytes(value: number | null | undefined): string {
  if (value == null) return '?'
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']
  let size = value
  let unit = 0
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1000
    unit += 1
  }
  return `${unit === 0 || size >= 100 ? Math.round(size) : size.toPrecision(2)} ${units[unit]}`
}

/** Seconds as `3 h 40 m`, `2 m 10 s`, `4.2 s`. */
export function duration(seconds: number | null | undefined): string {
  if (seconds == null || !Number.isFinite(seconds)) return '?'
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (seconds < 60) return `${Math.round(seconds)} s`
  const minutes = Math.round(seconds / 60)
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${Math.round(seconds) % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} m`
}

/** `60 ms`, `4.2 s`. */
export function milliseconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : duration(ms / 1000)
}

/** `1 row`, `2 rows`. */
export function rows(value: number | bigint | string): string {
  return `${count(value)} ${String(value) === '1' ? 'row' : 'rows'}`
}

/** A value that fits into a line. */
export function brief(value: string | null | undefined): string {
  const text = value ?? 'NULL'
  return text.length <= 80 ? text : `${text.slice(0, 60)}… (${text.length} characters)`
}

/** Columns padded to the widest cell, two spaces apart; `right` lists columns that are aligned right. */
export function columns(lines: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const widths: number[] = []
  for (const row of lines) row.forEach((cell, at) => (widths[at] = Math.max(widths[at] ?? 0, cell.length)))
  return lines.map((row) =>
    row
      .map((cell, at) => (right.includes(at) ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}
