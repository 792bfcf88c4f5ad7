/** What shows progress. */
import type { PaceState } from '../index-copy.ts'

export interface View {
  say(line: string): void
  update(table: string, rows: number, total: number, note: string): void
  done(table: string, rows: number): void
  /** null: nothing that is paced is at work. */
  pace(state: PaceState | null): void
  close(): void
}
