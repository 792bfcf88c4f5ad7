/** The journal on disk: what is open is in memory as places only, records are read back when they are delivered. */
import { join } from 'node:path'
import { JournalError } from '../errors.ts'
import type { OpRecord } from '../model.ts'
import { Appender } from './appender.ts'
import { decodeRecord, encodeRecord } from '../journal/codec.ts'
import { entry, parseEntry, recordText } from './entries.ts'
import type { Entry, IntentHead } from './entries.ts'
import type { FactsFile } from './facts.ts'
import { readFrame } from './frame.ts'
import { NumberIndex } from './index.ts'
import type { Place } from './index.ts'
import type { JournalFile, JournalIo } from './io.ts'
import type { Delivery, DoubtfulOp, Journal, JournalOptions, Outcome } from '../journal/journal.ts'
import type { Lock } from './lock.ts'
import { applyOutcome, checkOutcome } from './outcome.ts'
import { scanFolder, segmentName } from './scan.ts'
import { least, MinWindow } from './window.ts'

interface Parts {
  io: JournalIo
  lock: Lock
  facts: FactsFile
  place: 'disk' | 'ephemeral'
}

interface Unsettled extends IntentHead {
  place: Place
  doubt: boolean
}

interface Segment {
  size: number
  /** Highest delivery number that needs this segment to be read. */
  number: number
}

const GB = 1024 ** 3
const MB = 1024 ** 2

export class FileJournal implements Journal {
  readonly id: string
  readonly place: 'disk' | 'ephemeral'
  readonly #options: Required<JournalOptions>
  readonly #parts: Parts
  readonly #unsettled = new Map<number, Unsettled>()
  readonly #segments = new Map<number, Segment>()
  readonly #low = new Map<string, MinWindow<bigint>>()
  #seqs = new MinWindow<number>()
  #index = new NumberIndex(0)
  #nextSeq = 1
  #delivered = 0
  #appender: Appender | null = null
  #rotating: Promise<void> | null = null
  readonly #files = new Map<number, Promise<JournalFile>>()

  static async open(options: JournalOptions, parts: Parts): Promise<FileJournal> {
    const journal = new FileJournal(options, parts)
    await journal.#recover()
    return journal
  }

  private constructor(options: JournalOptions, parts: Parts) {
    this.#options = { durability: 'fsync', maxBytes: 8 * GB, segmentBytes: 16 * MB, keepBytes: 64 * MB, ...options }
    this.#parts = parts
    this.id = parts.facts.journal
    this.place = parts.place
  }

  async intent(record: OpRecord): Promise<number> {
    if (this.counts.bytes > this.#options.maxBytes) {
      throw new JournalError(`the journal is full (${this.#options.maxBytes} bytes wait for the other store)`)
    }
    if (this.#current().isStuck) await this.#rewriteLost()
    await this.#room()
    const seq = this.#nextSeq++
    const head = { seq, collection: record.collection, low: record.low, rows: record.rows.length }
    const appender = this.#current()
    const place = await appender.append(entry.intent(head, encodeRecord(record)), true)
    this.#unsettled.set(seq, { ...head, place, doubt: false })
    this.#grown(place)
    return seq
  }

  async commit(seq: number, outcome?: Outcome): Promise<void> {
    const intent = this.#open(seq)
    if (outcome !== undefined) checkOutcome(outcome, intent.rows)
    const told = outcome === undefined || Object.keys(outcome).length === 0 ? null : outcome
    // Taken before the first await, so that numbers are in the order of the marks in the file.
    const number = this.#index.last + 1
    const appender = this.#current()
    this.#unsettled.delete(seq)
    const pending = {
      seq,
      intent: intent.place,
      mark: { segment: appender.segment, offset: 0, size: 0 },
      outcome: told !== null,
    }
    this.#index.push(pending)
    this.#enter(number, intent)
    try {
      const mark = await appender.append(entry.commit(seq, number, told), false)
      this.#index.mark(number, mark)
      this.#needed(intent.place.segment, number)
      this.#needed(mark.segment, number)
      this.#grown(mark)
    } catch (error) {
      // The number stays taken and its mark is written again before anything is delivered.
      this.#lost.set(number, { seq, outcome: told })
      throw error
    }
  }

  /** Marks that could not be written; nothing behind them is delivered before they are. */
  readonly #lost = new Map<number, { seq: number; outcome: Outcome | null }>()

  async abort(seq: number): Promise<void> {
    const intent = this.#open(seq)
    await this.#current()
      .append(entry.abort(seq), false)
      .then((place) => this.#grown(place))
    this.#unsettled.delete(intent.seq)
  }

  doubt(seq: number): void {
    const intent = this.#unsettled.get(seq)
    if (intent !== undefined) intent.doubt = true
  }

  async doubtful(): Promise<DoubtfulOp[]> {
    const ops: DoubtfulOp[] = []
    // Taken first: ops come and go while one is read.
    const open = Array.from(this.#unsettled.values())
    for (const { seq, place, doubt } of open) {
      if (doubt) ops.push({ seq, record: decodeRecord(recordText(await this.#read(place))) })
    }
    return ops
  }

  async deliveries(after: number, limit: number, bytes = 4 * MB): Promise<Delivery[]> {
    if (after < this.#index.first - 1) {
      throw new JournalError(`records ${after + 1} to ${this.#index.first - 1} were delivered long ago and are gone`)
    }
    if (this.#lost.size > 0) await this.#rewriteLost()
    const last = Math.min(this.#index.last, after + limit)
    if (last <= after) return []
    // Numbers must never be given out twice, so their marks are on the disk before anybody hears of them.
    await this.#appender?.sync()
    const found: Delivery[] = []
    let size = 0
    for (let number = after + 1; number <= last && (size < bytes || found.length === 0); number += 1) {
      const { seq, intent, mark, outcome } = this.#index.get(number)
      let record = decodeRecord(recordText(await this.#read(intent)))
      if (outcome) {
        const told = parseEntry(await this.#read(mark))
        if (told.type === 'commit' && told.outcome !== null) record = applyOutcome(record, told.outcome)
      }
      found.push({ number, seq, record })
      size += intent.size
    }
    return found
  }

  async delivered(number: number): Promise<void> {
    if (number <= this.#delivered) return
    this.#delivered = Math.min(number, this.#index.last)
    for (const window of this.#low.values()) window.dropTo(this.#delivered)
    this.#seqs.dropTo(this.#delivered)
    await this.#current()
      .append(entry.delivered(this.#delivered), false)
      .then((place) => this.#grown(place))
    await this.#tidy()
  }

  get progress(): { delivered: number; committed: number } {
    return { delivered: this.#delivered, committed: this.#index.last }
  }

  get floor(): number {
    const open = [...this.#unsettled.keys()].reduce<number | undefined>(least, undefined)
    return least(open, this.#seqs.min) ?? this.#nextSeq
  }

  get counts(): { inFlight: number; pending: number; inDoubt: number; bytes: number } {
    let inDoubt = 0
    for (const { doubt } of this.#unsettled.values()) if (doubt) inDoubt += 1
    let bytes = 0
    for (const { size } of this.#segments.values()) bytes += size
    return {
      inFlight: this.#unsettled.size - inDoubt,
      pending: this.#index.last - this.#delivered,
      inDoubt,
      bytes,
    }
  }

  low(): Map<string, bigint> {
    const all = new Map<string, bigint>()
    const note = (collection: string, low: bigint | undefined): void => {
      const known = least(all.get(collection), low)
      if (known !== undefined) all.set(collection, known)
    }
    for (const [collection, window] of this.#low) note(collection, window.min)
    for (const { collection, low } of this.#unsettled.values()) note(collection, low ?? undefined)
    return all
  }

  remember(facts: unknown): Promise<void> {
    return this.#parts.facts.remember(facts)
  }

  get remembered(): unknown {
    return this.#parts.facts.remembered
  }

  async close(): Promise<void> {
    try {
      if (this.#appender !== null && !this.#appender.isBroken) await this.#appender.sync()
      await this.#appender?.close()
      for (const file of this.#files.values()) await (await file).close()
    } finally {
      this.#parts.lock.release()
    }
  }

  async #recover(): Promise<void> {
    let first = true
    const take = (one: Entry, place: Place): void => {
      if (one.type === 'header' && first) {
        first = false
        this.#index = new NumberIndex(one.header.committed)
        this.#nextSeq = one.header.seq
        this.#delivered = one.header.delivered
      }
      this.#replay(one, place)
    }
    const found = await scanFolder(this.#options.dir, this.#parts.io, take)
    for (const [segment, { size }] of found) this.#segment(segment).size = size
    // What is marked delivered has to be dropped from the windows only now: marks came in between.
    for (const window of this.#low.values()) window.dropTo(this.#delivered)
    this.#seqs.dropTo(this.#delivered)
    for (const intent of this.#unsettled.values()) intent.doubt = true
    await this.#begin(Math.max(0, ...found.keys()) + 1)
    await this.#tidy()
  }

  #replay(one: Entry, place: Place): void {
    switch (one.type) {
      case 'intent':
        this.#unsettled.set(one.seq, { ...one, place, doubt: true })
        this.#nextSeq = Math.max(this.#nextSeq, one.seq + 1)
        return
      case 'commit': {
        // A mark that was written again after a failure.
        if (one.number <= this.#index.last) return
        if (one.number !== this.#index.last + 1) throw new JournalError(`record ${this.#index.last + 1} has no mark`)
        const intent = this.#unsettled.get(one.seq)
        this.#unsettled.delete(one.seq)
        const outcome = one.outcome !== null
        this.#index.push({ seq: one.seq, intent: intent?.place ?? place, mark: place, outcome })
        // Its segment was deleted, which is done for delivered ones only.
        if (intent === undefined) return this.#index.dropBelow(one.number + 1)
        this.#enter(one.number, intent)
        this.#needed(intent.place.segment, one.number)
        this.#needed(place.segment, one.number)
        return
      }
      case 'abort':
        this.#unsettled.delete(one.seq)
        return
      case 'delivered':
        this.#delivered = Math.max(this.#delivered, one.number)
        return
      case 'header':
      case 'synced':
      case 'closed':
    }
  }

  #enter(number: number, { collection, low, seq }: IntentHead): void {
    this.#seqs.push(number, seq)
    if (low === null) return
    let window = this.#low.get(collection)
    if (window === undefined) this.#low.set(collection, (window = new MinWindow<bigint>()))
    window.push(number, low)
  }

  async #rewriteLost(): Promise<void> {
    this.#current().retry()
    for (const [number, { seq, outcome }] of [...this.#lost].toSorted(([a], [b]) => a - b)) {
      const mark = await this.#current().append(entry.commit(seq, number, outcome), false)
      this.#index.mark(number, mark)
      this.#needed(mark.segment, number)
      this.#needed(this.#index.get(number).intent.segment, number)
      this.#grown(mark)
      this.#lost.delete(number)
    }
  }

  #open(seq: number): Unsettled {
    const intent = this.#unsettled.get(seq)
    if (intent === undefined) throw new JournalError(`op ${seq} is not open`)
    return intent
  }

  #current(): Appender {
    if (this.#appender === null) throw new JournalError('the journal is closed')
    return this.#appender
  }

  /** Goes on to a new segment when this one is full. */
  async #room(): Promise<void> {
    if (this.#current().position < this.#options.segmentBytes) return
    // Marks that were lost have to come before those of the next segment.
    if (this.#lost.size > 0) await this.#rewriteLost()
    this.#rotating ??= this.#rotate().finally(() => (this.#rotating = null))
    await this.#rotating
  }

  async #rotate(): Promise<void> {
    const full = this.#current()
    await full.sync()
    await this.#begin(full.segment + 1)
    await full.sync()
    await full.close()
  }

  async #begin(segment: number): Promise<void> {
    const { dir } = this.#options
    const { io } = this.#parts
    try {
      const file = await io.open(join(dir, segmentName(segment)), 'make')
      const appender = new Appender(segment, file, 0)
      const header = {
        version: 1,
        journal: this.id,
        segment,
        seq: this.#nextSeq,
        committed: this.#index.last,
        delivered: this.#delivered,
      } as const
      await appender.append(entry.header(header), true)
      await io.syncDir(dir)
      this.#segment(segment).size = appender.position
      this.#appender = appender
    } catch (cause) {
      throw cause instanceof JournalError ? cause : new JournalError('the journal cannot go on to a new file', cause)
    }
  }

  /** Deletes what nobody can ask for any more, oldest first. Ops that stay open are written again, so that they do not hold a file for ever. */
  async #tidy(): Promise<void> {
    for (const segment of [...this.#segments.keys()].toSorted((a, b) => a - b)) {
      const { size, number } = this.#segment(segment)
      const rest = this.counts.bytes - size
      if (segment === this.#current().segment || number > this.#delivered || rest < this.#options.keepBytes) return
      const carried = [...this.#unsettled.values()].filter(({ place }) => place.segment === segment)
      for (const intent of carried) {
        const text = recordText(await this.#read(intent.place))
        intent.place = await this.#current().append(entry.intent(intent, text), true)
        this.#grown(intent.place)
      }
      this.#index.dropBelow(number + 1)
      await (await this.#files.get(segment))?.close()
      this.#files.delete(segment)
      this.#segments.delete(segment)
      await this.#parts.io.unlink(join(this.#options.dir, segmentName(segment)))
    }
  }

  async #read({ segment, offset, size }: Place): Promise<string> {
    let file = this.#files.get(segment)
    if (file === undefined) {
      file = this.#parts.io.open(join(this.#options.dir, segmentName(segment)), 'read')
      this.#files.set(segment, file)
    }
    const payload = readFrame(await (await file).read(offset, size), 0)
    if (payload === null) throw new JournalError(`${segmentName(segment)} is damaged at byte ${offset}`)
    return payload
  }

  #segment(segment: number): Segment {
    let known = this.#segments.get(segment)
    if (known === undefined) this.#segments.set(segment, (known = { size: 0, number: 0 }))
    return known
  }

  #grown({ segment, offset, size }: Place): void {
    const known = this.#segment(segment)
    known.size = Math.max(known.size, offset + size)
  }

  #needed(segment: number, number: number): void {
    const known = this.#segment(segment)
    known.number = Math.max(known.number, number)
  }
}
