/** Where a frame is. */
export interface Place {
  segment: number
  offset: number
  /** Bytes of the frame, head included. */
  size: number
}

/** A committed op: where its intent is, and its commit mark when that has to be read too. */
export interface Committed {
  seq: number
  intent: Place
  mark: Place
  /** Whether the mark changes the record. */
  outcome: boolean
}

interface Block {
  seqs: Float64Array
  places: Uint32Array
}

const BLOCK = 4096
const WORDS = 7

/** Places of committed ops by number, 36 bytes each: a million that wait must not trouble the application's memory. */
export class NumberIndex {
  #blocks: Block[] = []
  /** Number of the first slot of the first block. */
  #base: number
  #first: number
  #next: number

  /** Starts behind `committed`. */
  constructor(committed: number) {
    this.#base = this.#first = this.#next = committed + 1
  }

  /** Lowest number that is still known; one more than the highest when none is. */
  get first(): number {
    return this.#first
  }

  /** Highest number there is. */
  get last(): number {
    return this.#next - 1
  }

  push({ seq, intent, mark, outcome }: Committed): void {
    const slot = this.#next - this.#base
    if (slot === this.#blocks.length * BLOCK) {
      this.#blocks.push({ seqs: new Float64Array(BLOCK), places: new Uint32Array(BLOCK * WORDS) })
    }
    const block = this.#blocks[Math.floor(slot / BLOCK)] as Block
    block.seqs[slot % BLOCK] = seq
    block.places.set(
      [intent.segment, intent.offset, intent.size, mark.segment, mark.offset, mark.size, outcome ? 1 : 0],
      (slot % BLOCK) * WORDS,
    )
    this.#next++
  }

  /** The mark of a number that was pushed before it was written. */
  mark(number: number, mark: Place): void {
    if (number < this.#first || number >= this.#next) return
    const slot = number - this.#base
    const block = this.#blocks[Math.floor(slot / BLOCK)] as Block
    block.places.set([mark.segment, mark.offset, mark.size], (slot % BLOCK) * WORDS + 3)
  }

  /** Throws RangeError for a number that is not known. */
  get(number: number): Committed {
    if (number < this.#first || number >= this.#next) throw new RangeError(`no record ${number}`)
    const slot = number - this.#base
    const block = this.#blocks[Math.floor(slot / BLOCK)] as Block
    const at = (slot % BLOCK) * WORDS
    const word = (index: number): number => block.places[at + index] as number
    return {
      seq: block.seqs[slot % BLOCK] as number,
      intent: { segment: word(0), offset: word(1), size: word(2) },
      mark: { segment: word(3), offset: word(4), size: word(5) },
      outcome: word(6) === 1,
    }
  }

  /** Forgets numbers below `number`. */
  dropBelow(number: number): void {
    this.#first = Math.max(this.#first, Math.min(number, this.#next))
    while (this.#first - this.#base >= BLOCK) {
      this.#blocks.shift()
      this.#base += BLOCK
    }
  }
}
