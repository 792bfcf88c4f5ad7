/** For the tool: everything that is needed to apply a record of a journal or an outbox (D8). Not for applications. */
export { compiledFor, targetBatch } from './batches.ts'
export { compileContract } from './collections.ts'
export type { Contracts } from './collections.ts'
export { decodeRecord, encodeRecord } from './journal/codec.ts'
export type { Contract, OpRecord } from './model.ts'
export { MARKER_SQL } from './stores/marker.ts'
export { insertRows } from './stores/pg-insert.ts'
