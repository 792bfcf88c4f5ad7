/** What a thread that reads hears and says. */
import type { ErrorCode, ErrorFacts } from '../../errors.ts'
import type { EncodedBatch, PlannedTable, Slice } from '../../model.ts'

/** `read` asks for a slice and its first batch, each `next` for one more. */
export type ToThread = { kind: 'read'; table: PlannedTable; slice: Slice } | { kind: 'next' }

/** After `end` or `error` nothing more comes of that slice. */
export type FromThread =
  { kind: 'batch'; batch: EncodedBatch } | { kind: 'end' } | { kind: 'error'; code: ErrorCode; facts: ErrorFacts }
