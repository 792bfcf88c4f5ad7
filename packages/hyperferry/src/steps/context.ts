/** What every step is given. Not a step itself. */
import type { Plan } from '../model.ts'
import type { Source } from '../source/source.ts'
import type { Target } from '../target/connect.ts'
import type { PaceOrders } from '../throttle/pace.ts'
import type { Events } from '../work/events.ts'

export interface StepContext {
  plan: Plan
  source: Source
  target: Target
  events: Events
  /** Aborted when the work should end soon: running tasks are finished, then `HF-B022`. */
  signal: AbortSignal
  /** Aborted when the work should end now: running transactions are broken off, then `HF-B022`. Absent means never. */
  hardSignal?: AbortSignal
  /** What the person at the terminal says meanwhile. Absent: nobody. */
  orders?: PaceOrders
  /** Row of `hyperferry.migration`; see control/migration-row.ts. */
  migrationId: number
}
