/** Normal forms of binary COPY tuples (docs/design/0003), so that equal values are equal bytes whoever wrote them. */
import { HyperferryError } from '../errors.ts'
import { normaliserOf } from './normalise-fields.ts'
import type { FieldNormaliser } from './normalise-fields.ts'
import type { PgType } from './pgtype.ts'
import { Scratch } from './scratch.ts'
import { viewOf } from './view-of.ts'

/** Stands in every receipt. Change it whenever a normal form changes: old and new digests are not comparable. */
export const NORMALISER_VERSION = 1

/** Compiled for the columns of one table. Not to be shared by two streams at work at the same time. */
export interface Normaliser {
  readonly version: typeof NORMALISER_VERSION
  /** Every tuple is its own normal form: `normalise` need not be called. */
  readonly identity: boolean
  /**
   * Writes the normal form of one tuple to the beginning of `scratch.bytes` and returns its length; 0 when the tuple is its own normal form
   * (then nothing is written).
   * @throws HyperferryError HF-X001 when the tuple does not have the columns it was compiled for.
   */
  normalise(bytes: Uint8Array, start: number, end: number): number
  readonly scratch: { readonly bytes: Uint8Array; readonly view: DataView }
}

/** Columns in the order of the tuple. */
export function compileNormaliser(types: readonly PgType[]): Normaliser {
  const fields = types.map(normaliserOf)
  return new TupleNormaliser(fields)
}

class TupleNormaliser implements Normaliser {
  readonly version = NORMALISER_VERSION
  readonly identity: boolean
  readonly scratch = new Scratch()
  private readonly fields: readonly (FieldNormaliser | null)[]
  /** Of the bytes that were seen last: tuples come many in one buffer. */
  private view = viewOf(new Uint8Array(0))

  constructor(fields: readonly (FieldNormaliser | null)[]) {
    this.fields = fields
    this.identity = fields.every((field) => field === null)
  }

  normalise(bytes: Uint8Array, start: number, end: number): number {
    const { scratch, fields } = this
    scratch.size = 0
    const view = this.viewOf(bytes)
    if (end - start < 2 || view.getUint16(start) !== fields.length) unfit()
    // Bytes that stay as they are wait for the next field that does not, and are copied together.
    let kept = start
    let at = start + 2
    for (const field of fields) {
      if (at + 4 > end) unfit()
      const length = view.getInt32(at)
      const from = at + 4
      at = length < 0 ? from : from + length
      if (at > end) unfit()
      if (field === null || length < 0 || field.isNormal(view, from, at)) continue
      scratch.copy(bytes, kept, from - 4)
      const mark = scratch.open()
      field.write(bytes, from, at, scratch)
      scratch.close(mark)
      kept = at
    }
    if (at !== end) unfit()
    if (kept === start) return 0
    scratch.copy(bytes, kept, end)
    return scratch.size
  }

  private viewOf(bytes: Uint8Array): DataView {
    const { view } = this
    if (view.buffer !== bytes.buffer || view.byteOffset !== bytes.byteOffset || view.byteLength !== bytes.byteLength)
      this.view = viewOf(bytes)
    return this.view
  }
}

function unfit(): never {
  throw new HyperferryError('HF-X001', { what: 'a row does not have the columns its table was compiled for' })
}
