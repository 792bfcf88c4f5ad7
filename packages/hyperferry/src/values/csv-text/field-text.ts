/** What writes one field. */
import type { Scratch } from '../scratch.ts'

/** Appends the text of the bytes in `place`; `view` is over the same bytes. Needs no setting of the reading session: no zone, no date style, no interval style. */
export type FieldText = (bytes: Uint8Array, view: DataView, place: Place, to: Scratch) => void

/** Half-open. */
export interface Place {
  start: number
  end: number
}
