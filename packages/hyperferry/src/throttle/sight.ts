/** What a look at the target is given, and what it gives. */
import type { Session } from '../target/connect.ts'
import type { Track } from './track.ts'

/** What one look gives; `blind` says what the role may not see. */
export interface Sight {
  value: number | null
  blind?: string
}

/** Shared by the looks of one run. */
export interface Watched {
  session: Session
  /** server_version_num. */
  postgres: number
  /** Backends of this tool. */
  ours: readonly number[]
  /** Position of the WAL, in bytes, over time. */
  wal: Track
  checkpoints: Track
  /** Of a clock that never goes back. */
  nowMs: number
}
