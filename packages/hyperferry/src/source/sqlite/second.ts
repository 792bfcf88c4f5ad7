/** The second opinion: rows as canonical text rendered by SQLite. */
import type { SecondReader } from '../source.ts'

export function secondReader(_context: unknown): SecondReader {
  return { rows: async () => [], traps: async () => [] }
}
