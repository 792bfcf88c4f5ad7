/** What the parts of one writer share. */
import type { Collections } from './collection.ts'
import type { Contracts } from './collections.ts'
import type { Control } from './control.ts'
import type { Journal } from './journal/journal.ts'
import type { Lateness } from './lateness.ts'
import type { ClockOffset } from './clock.ts'
import type { Settings } from './options.ts'
import type { Roles } from './roles.ts'
import type { WriteTimes } from './write-times.ts'

export interface WriterContext {
  readonly settings: Settings<Collections>
  readonly journal: Journal
  readonly control: Control
  readonly roles: Roles
  readonly lateness: Lateness
  readonly writeTimes: WriteTimes
  readonly clock: ClockOffset
  /** Number in the control schema; null while it cannot be reached. */
  writerId: string | null
  /** null: no contract yet, so values go to the source as they are. */
  contracts: Contracts | null
  /** Whether the source has the marker table. */
  markers: boolean
  /** What keeps this writer from writing to both stores. */
  problem: string | null
  /** Until then a single-mode write whose outcome is unknown may still commit; by `performance.now()`. */
  singlesSettledAt: number
  /** Wakes the loops: there is something to deliver, something to settle, something to hear. */
  wake: { deliver: () => void; outbox: () => void; settle: () => void; heartbeat: () => void }
}
