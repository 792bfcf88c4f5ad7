/** The journal of one writer: intents on disk before the primary store is asked, and what came of them. */
import type { OpRecord } from '../model.ts'

export interface JournalOptions {
  /** Folder of this writer alone; made when missing. */
  dir: string
  /** `fsync`: an intent survives power loss when `intent()` resolves. `process`: it survives the end of the process. Default `fsync`. */
  durability?: 'fsync' | 'process'
  /**
   * Bytes of ops that may wait (in flight, in doubt, not delivered); then `intent()` throws JournalError before anything is written. On disk there are
   * what is kept (`keepBytes`, and the marks between) and about two segments more. Default 8 GB.
   */
  maxBytes?: number
  /** Bytes of a segment file. Default 16 MB. */
  segmentBytes?: number
  /** Bytes of delivered records that are kept, for a target that comes back older than it was. Default 64 MB. */
  keepBytes?: number
}

/** An op whose outcome is not known. */
export interface DoubtfulOp {
  seq: number
  record: OpRecord
}

/** A committed op on its way to the other store. Numbers are without gaps, in the order of the commits. */
export interface Delivery {
  /** 1, 2, 3, … within a journal; the inbox of the target counts by it. */
  number: number
  seq: number
  record: OpRecord
}

/** What a caller may change of a record when the outcome is known. */
export interface Outcome {
  /** Values the primary store gave to column `column`, in the order of the rows. */
  captured?: { column: string; values: (number | bigint | string)[] }
  /** Indexes of the rows that are in the primary store, when not all are. */
  only?: number[]
}

export interface Journal {
  /** UUID, made once and kept in the folder. */
  readonly id: string
  /** Whether what is written to the folder outlives the container or the machine's memory. */
  readonly place: 'disk' | 'ephemeral'
  /** Writes the intent; resolves with its number when it is durable. Throws JournalError, and then the op must not be sent. */
  intent(record: OpRecord): Promise<number>
  /**
   * The primary store has it: it will be delivered. Resolves when the mark is handed to the operating system. Throws JournalError when it could not be; then
   * the op is still open: say `doubt`, and settle it later.
   */
  commit(seq: number, outcome?: Outcome): Promise<void>
  /** The primary store does not have it and never will. */
  abort(seq: number): Promise<void>
  /** Nobody knows yet: it stays in `doubtful()` until `commit` or `abort`. Intents without an outcome are found there after a restart. */
  doubt(seq: number): void
  doubtful(): Promise<DoubtfulOp[]>
  /**
   * The next committed ops with a number above `after`, at most `limit` and about `bytes`; only ones whose commit mark is as durable as the journal promises
   * (it is flushed first). Read from disk, so that a long outage needs no memory. Throws JournalError when `after` is older than what was kept, or newer than
   * anything there is: then the target saw records that this folder lost.
   */
  deliveries(after: number, limit: number, bytes?: number): Promise<Delivery[]>
  /** Everything up to `number` is in the other store: its space may go. */
  delivered(number: number): Promise<void>
  /** The highest number that is delivered, and the highest there is. */
  readonly progress: { delivered: number; committed: number }
  /** Smallest seq that is not settled and delivered; markers below it may be forgotten. */
  readonly floor: number
  /** Intents in flight, committed and waiting, in doubt; bytes on disk. */
  readonly counts: { inFlight: number; pending: number; inDoubt: number; bytes: number }
  /** Smallest `low` over all ops that are not delivered, by collection. */
  low(): Map<string, bigint>
  /** Small facts that must survive a restart (stage, epoch, contract): written to a file of their own, atomically, fsynced. */
  remember(facts: unknown): Promise<void>
  readonly remembered: unknown
  close(): Promise<void>
}
