/** What the journal knows without reading: which ops are open, where the committed ones are, what each segment is still needed for. */
import { JournalError } from '../errors.ts'
import type { IntentHead } from './entries.ts'
import { NumberIndex } from './index.ts'
import type { Committed, Place } from './index.ts'
import { least, MinWindow } from './window.ts'

export interface OpenOp extends IntentHead {
  place: Place
  doubt: boolean
  /** A commit or an abort is on its way to the file. */
  settling: boolean
}

export interface SegmentUse {
  size: number
  /** Intents here that are open, and their bytes. */
  open: number
  openBytes: number
  /** Highest number with its intent or its mark here. */
  last: number
}

/** Changed by the same calls while the journal runs and while it is read back, so that both end in the same state. */
export class Ledger {
  readonly #keepBytes: number
  readonly #open = new Map<number, OpenOp>()
  readonly #segments = new Map<number, SegmentUse>()
  readonly #low = new Map<string, MinWindow<bigint>>()
  readonly #seqs = new MinWindow<number>()
  #index = new NumberIndex(0)
  #keptBytes = 0
  #delivered = 0
  #inDoubt = 0
  #bytes = 0
  #waitingBytes = 0
  nextSeq = 1

  constructor(keepBytes: number) {
    this.#keepBytes = keepBytes
  }

  /** Before anything else: where the counters stood when the oldest segment was begun. Marks before it are gone, as only those of delivered records go. */
  start({ seq, committed }: { seq: number; committed: number }): void {
    this.nextSeq = seq
    this.#delivered = committed
    this.#index = new NumberIndex(committed)
  }

  get committed(): number {
    return this.#index.last
  }
  get delivered(): number {
    return this.#delivered
  }
  /** Lowest number whose record is kept. */
  get first(): number {
    return this.#index.first
  }
  get openCount(): number {
    return this.#open.size
  }
  get inDoubt(): number {
    return this.#inDoubt
  }
  /** Of all segments. */
  get bytes(): number {
    return this.#bytes
  }
  /** Of the intents that are not delivered. */
  get waitingBytes(): number {
    return this.#waitingBytes
  }

  /** Smallest seq that is not settled and delivered. */
  get floor(): number {
    const [open] = this.#open.keys()
    return least(open, this.#seqs.min) ?? this.nextSeq
  }

  low(): Map<string, bigint> {
    const all = new Map<string, bigint>()
    const note = (collection: string, low: bigint | undefined): void => {
      const known = least(all.get(collection), low)
      if (known !== undefined) all.set(collection, known)
    }
    for (const [collection, window] of this.#low) note(collection, window.min)
    for (const { collection, low } of this.#open.values()) note(collection, low ?? undefined)
    return all
  }

  op(seq: number): OpenOp | undefined {
    return this.#open.get(seq)
  }

  openOps(): OpenOp[] {
    return Array.from(this.#open.values())
  }

  record(number: number): Committed {
    return this.#index.get(number)
  }

  /** An intent, or one of an open op that was written again. */
  intent(head: IntentHead, place: Place): void {
    const known = this.#open.get(head.seq)
    if (known !== undefined) this.#leave(known)
    else this.#waitingBytes += place.size
    const { seq, collection, low, rows } = head
    const op = known ?? { seq, collection, low, rows, place, doubt: false, settling: false }
    op.place = place
    this.#open.set(seq, op)
    const use = this.#use(place.segment)
    use.open += 1
    use.openBytes += place.size
    this.nextSeq = Math.max(this.nextSeq, seq + 1)
  }

  commit(seq: number, mark: Place, outcome: boolean): void {
    const op = this.#open.get(seq)
    if (op === undefined) return this.#commitGone(seq, mark)
    this.#close(op)
    this.#index.push({ seq, intent: op.place, mark, outcome })
    const number = this.committed
    this.#use(op.place.segment).last = number
    this.#use(mark.segment).last = number
    this.#seqs.push(number, seq)
    if (op.low === null) return
    let window = this.#low.get(op.collection)
    if (window === undefined) this.#low.set(op.collection, (window = new MinWindow<bigint>()))
    window.push(number, op.low)
  }

  /** An unknown op is none of our concern: its segment is gone. */
  abort(seq: number): void {
    const op = this.#open.get(seq)
    if (op === undefined) return
    this.#close(op)
    this.#waitingBytes -= op.place.size
  }

  doubt(op: OpenOp): void {
    if (!op.doubt) this.#inDoubt += 1
    op.doubt = true
  }

  /** Everything up to `number` is in the other store. */
  deliver(number: number): void {
    if (number > this.committed) throw new JournalError(`there is no record ${number} yet`)
    for (; this.#delivered < number; this.#delivered++) {
      const { size } = this.#index.get(this.#delivered + 1).intent
      this.#keptBytes += size
      this.#waitingBytes -= size
    }
    this.#seqs.dropTo(this.#delivered)
    for (const window of this.#low.values()) window.dropTo(this.#delivered)
    while (this.#keptBytes > this.#keepBytes && this.first <= this.#delivered) this.#dropFirst()
  }

  grown(segment: number, size: number): void {
    const use = this.#use(segment)
    this.#bytes += size - use.size
    use.size = size
  }

  /** The oldest segment, and whether anybody can still ask for a committed record in it. */
  oldest(): { segment: number; use: SegmentUse; needed: boolean } | null {
    const [oldest] = this.#segments
    if (oldest === undefined) return null
    const [segment, use] = oldest
    return { segment, use, needed: use.last >= this.first }
  }

  forget(segment: number): void {
    this.#bytes -= this.#use(segment).size
    this.#segments.delete(segment)
  }

  /** After reading back: open ops in the order of their numbers, all of them in doubt, since whoever began them is gone. */
  recovered(): void {
    const ops = this.openOps().toSorted((a, b) => a.seq - b.seq)
    this.#open.clear()
    for (const op of ops) {
      this.#open.set(op.seq, op)
      this.doubt(op)
    }
  }

  /** A mark whose intent stood in a segment that was deleted, which is done for delivered records only; so are all with lower numbers. */
  #commitGone(seq: number, mark: Place): void {
    this.#index.push({ seq, intent: { ...mark, size: 0 }, mark, outcome: false })
    const number = this.committed
    this.#use(mark.segment).last = number
    this.deliver(number)
    while (this.first <= number) this.#dropFirst()
  }

  #dropFirst(): void {
    this.#keptBytes -= this.#index.get(this.first).intent.size
    this.#index.dropBelow(this.first + 1)
  }

  #close(op: OpenOp): void {
    this.#open.delete(op.seq)
    this.#leave(op)
    if (op.doubt) this.#inDoubt -= 1
  }

  #leave({ place }: OpenOp): void {
    const use = this.#use(place.segment)
    use.open -= 1
    use.openBytes -= place.size
  }

  #use(segment: number): SegmentUse {
    let use = this.#segments.get(segment)
    if (use === undefined) this.#segments.set(segment, (use = { size: 0, open: 0, openBytes: 0, last: 0 }))
    return use
  }
}
