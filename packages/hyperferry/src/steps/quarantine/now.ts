/** What the source has to say of a row in quarantine. */
import type { KeptRow } from '../../control/settle-quarantine.ts'
import type { Loss, RejectedRow } from '../../model.ts'

export type Now =
  | { kind: 'row'; tuple: Uint8Array; losses: readonly Loss[] }
  | { kind: 'rejected'; rejected: RejectedRow }
  /** The source has it no more. */
  | { kind: 'gone' }
  /** It could not be found out. */
  | { kind: 'unknown'; code: string; reason: string }

export interface ReadAgain {
  row: KeptRow
  now: Now
}
