/** Rows between source and target: what was read of one slice, whole, before anything waits on the target. */
import { addLosses } from '../control/totals.ts'
import type { EncodedBatch, Loss, RejectedRow } from '../model.ts'
import type { MemoryBudget } from './budget.ts'
import { ScratchFile } from './scratch-file.ts'

/** In memory as long as the shared budget allows, then in a temporary file. Can be read several times. */
export class Spool {
  readonly #budget: MemoryBudget
  readonly #folder: string | undefined
  readonly #parts: Part[] = []
  #file: ScratchFile | null = null
  #held = 0
  #rows = 0
  #bytes = 0
  #rejected = 0
  #discarded = 0
  #losses: Loss[] = []

  /** `folder` for the temporary file; default the system's. */
  constructor(budget: MemoryBudget, folder?: string) {
    this.#budget = budget
    this.#folder = folder
  }

  /** Rows to send, without the rejected ones. */
  get rows(): number {
    return this.#rows
  }

  /** Bytes of the rows to send. */
  get bytes(): number {
    return this.#bytes
  }

  /** Rows the transcoder refused. */
  get rejected(): number {
    return this.#rejected
  }

  /** Rows that a person has given up. */
  get discarded(): number {
    return this.#discarded
  }

  /** Of all batches, summed per code and column. */
  get losses(): Loss[] {
    return this.#losses
  }

  /** Whether something went to disk. */
  get spilled(): boolean {
    return this.#file !== null
  }

  /** Takes a batch over; the caller must not touch its bytes again. Throws HF-B015 when disk space is needed and there is none. */
  async add(batch: EncodedBatch): Promise<void> {
    if (batch.ends.length !== batch.rows)
      throw new RangeError(`batch of ${batch.rows} rows has ${batch.ends.length} ends`)
    this.#rows += batch.rows
    this.#bytes += batch.bytes.byteLength
    this.#rejected += batch.rejected.length
    this.#discarded += batch.discarded ?? 0
    if (batch.losses.length > 0) this.#losses = addLosses([...this.#losses, ...batch.losses])
    const rejected = batch.rejected.length === 0 ? empty : new TextEncoder().encode(JSON.stringify(batch.rejected))
    const need = batch.bytes.byteLength + batch.ends.byteLength + 2 * rejected.byteLength
    if (this.#budget.tryTake(need)) {
      this.#held += need
      this.#parts.push({ rows: batch.rows, batch })
    } else {
      await this.#spill(batch, rejected)
    }
  }

  /** The batches in the order they came, without their rejected rows and losses. */
  async *batches(): AsyncGenerator<EncodedBatch, void, undefined> {
    for (const part of this.#parts) {
      if (part.rows === 0) continue
      yield part.batch === undefined ? await this.#load(part) : { ...part.batch, rejected: [], losses: [] }
    }
  }

  /** What the transcoder refused, a batch's worth at a time. */
  async *rejectedRows(): AsyncGenerator<RejectedRow[], void, undefined> {
    for (const part of this.#parts) {
      if (part.batch !== undefined) {
        if (part.batch.rejected.length > 0) yield part.batch.rejected
      } else if (part.rejectedLength > 0) {
        const json = await this.#fileOf().read(part.at + part.length + part.rows * 4, part.rejectedLength)
        yield JSON.parse(new TextDecoder().decode(json)) as RejectedRow[]
      }
    }
  }

  /** Gives memory and disk back. The spool is empty then. */
  async dispose(): Promise<void> {
    this.#budget.giveBack(this.#held)
    this.#held = 0
    this.#parts.length = 0
    const file = this.#file
    this.#file = null
    await file?.close()
  }

  async #spill(batch: EncodedBatch, rejected: Uint8Array): Promise<void> {
    this.#file ??= await ScratchFile.make(this.#folder)
    const at = await this.#file.append(batch.bytes)
    await this.#file.append(new Uint8Array(batch.ends.buffer, batch.ends.byteOffset, batch.ends.byteLength))
    if (rejected.byteLength > 0) await this.#file.append(rejected)
    this.#parts.push({ rows: batch.rows, at, length: batch.bytes.byteLength, rejectedLength: rejected.byteLength })
  }

  async #load(part: OnDisk): Promise<EncodedBatch> {
    const file = this.#fileOf()
    const bytes = await file.read(part.at, part.length)
    const ends = await file.read(part.at + part.length, part.rows * 4)
    return { rows: part.rows, bytes, ends: new Uint32Array(ends.buffer), rejected: [], losses: [] }
  }

  #fileOf(): ScratchFile {
    if (this.#file === null) throw new Error('the spool was disposed of')
    return this.#file
  }
}

interface InMemory {
  rows: number
  batch: EncodedBatch
}

interface OnDisk {
  rows: number
  batch?: undefined
  /** Where the tuples start; their ends follow, then the rejected rows as JSON. */
  at: number
  length: number
  rejectedLength: number
}

type Part = InMemory | OnDisk

const empty = new Uint8Array(0)
