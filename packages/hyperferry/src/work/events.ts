import type { PaceState } from '../throttle/pace.ts'

/** What long work tells whoever watches it. Plain data; rates and estimates of time are the watcher's business. */
export type ProgressEvent =
  /** `rows` and `bytes` are what earlier runs had done already, so that a rate can be told apart from a total. */
  | { kind: 'table-start'; table: string; rows: number; bytes: number; estimatedRows: number }
  /** Totals of the table so far, earlier runs included. */
  | { kind: 'table-progress'; table: string; rows: number; bytes: number; estimatedRows: number }
  /** Chunks of a complete table that are in the columnstore by now, of those that go there. */
  | { kind: 'table-compress'; table: string; done: number; total: number }
  | { kind: 'table-done'; table: string; rows: number; quarantined: number }
  /** Work goes on after a pause: which error, how long the pause is, and the how-manieth attempt follows. */
  | { kind: 'retry'; table: string; code: string; message: string; attempt: number; waitMs: number }
  /** Something a person should read; `code` as in findings or errors when there is one. */
  | { kind: 'note'; table: string | null; code: string | null; message: string }
  | { kind: 'step'; step: string; message: string }
  /** Why no task starts, and the limits as they stand; null when the work that was paced is over. */
  | { kind: 'pace'; state: PaceState | null }

/** Takes events at once and never throws; a slow watcher must not slow the work. */
export interface Events {
  emit(event: ProgressEvent): void
}

/** For callers that do not watch. */
export const noEvents: Events = { emit() {} }
