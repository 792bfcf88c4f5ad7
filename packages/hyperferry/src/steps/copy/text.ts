/** The text of a file as the rest of the copy sees it: bytes at offsets, whatever they come from. */
import type { Json } from '../../model.ts'

export interface Text {
  /** For people: the file's name without its folder, or `standard input`. */
  readonly label: string
  /** Bytes in all; null while that is not known (compressed, or a pipe). */
  readonly size: number | null
  /** Whether any part can be read at any time and again. Else it passes by once, in order. */
  readonly seekable: boolean
  /** What makes it this file and no other; null for a pipe. */
  readonly identity: Json
  /** The first `bytes` bytes, fewer when there are no more; asked for before anything else is read. */
  head(bytes: number): Promise<Buffer>
  /** Reads `[from, to)` block by block, null at the end. A block is overwritten once the one after the next was asked for, unless the text passes by once. */
  reader(from: number, to: number, blockBytes: number): () => Promise<Buffer | null>
  /** How much of it was read, 0 to 1, for texts without a size; null when that cannot be told. */
  share(): number | null
  /** Throws HF-F012 when it is not any more what it was in the beginning. */
  mustBeUnchanged(): Promise<void>
  close(): Promise<void>
}
