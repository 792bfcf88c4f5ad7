/** The journal on disk. What is open is in memory as places only; records are read back when they are delivered. */
import { JournalError } from '../errors.ts'
import type { OpRecord } from '../model.ts'
import { decodeRecord, encodeRecord } from './codec.ts'
import { entry, parseEntry, recordText } from './entries.ts'
import type { FactsFile } from './facts.ts'
import { FRAME_HEAD } from './frame.ts'
import type { JournalIo } from './io.ts'
import type { Delivery, DoubtfulOp, Journal, JournalOptions, Outcome } from './journal.ts'
import type { Ledger, OpenOp } from './ledger.ts'
import type { Lock } from './lock.ts'
import { SegmentLog } from './log.ts'
import { applyOutcome, checkOutcome } from './outcome.ts'
import { Reader } from './reader.ts'
import { reclaim } from './reclaim.ts'
import type { Recovered } from './recover.ts'

interface Parts extends Recovered {
  settings: Required<JournalOptions>
  io: JournalIo
  lock: Lock
  facts: FactsFile
  place: 'disk' | 'ephemeral'
}

const MB = 1024 ** 2

export class FileJournal implements Journal {
  readonly id: string
  readonly place: 'disk' | 'ephemeral'
  /** What opening found that a closed journal would not have: an unfinished write that was cut off. */
  readonly notes: readonly string[]
  readonly #parts: Parts
  readonly #ledger: Ledger
  readonly #log: SegmentLog
  readonly #reader: Reader
  /** Highest number in a group that is being written, or in the file. */
  #given: number
  /** Highest number whose mark is on the disk for certain. */
  #durable = 0
  /** Bytes of intents that are on their way to the file. */
  #coming = 0
  /** Reading and deleting take turns. */
  #turn: Promise<unknown> = Promise.resolve()

  static async open(parts: Parts): Promise<FileJournal> {
    const journal = new FileJournal(parts)
    await journal.#log.begin()
    return journal
  }

  private constructor(parts: Parts) {
    const { id, place, notes, ledger, io, settings, lock } = parts
    this.id = id
    this.place = place
    this.notes = notes
    this.#parts = parts
    this.#ledger = ledger
    this.#given = ledger.committed
    this.#reader = new Reader(settings.dir, io)
    const options = {
      dir: settings.dir,
      io,
      segmentBytes: settings.segmentBytes,
      header: (segment: number) => ({
        version: 1 as const,
        journal: id,
        segment,
        seq: ledger.nextSeq,
        committed: ledger.committed,
        delivered: ledger.delivered,
      }),
      undone: () => void (this.#given = ledger.committed),
      grown: (segment: number, size: number) => ledger.grown(segment, size),
      forbidden: () => (lock.isLost ? new JournalError('another process has taken this journal over') : null),
    }
    this.#log = new SegmentLog(options, parts.last)
  }

  async intent(record: OpRecord): Promise<number> {
    const text = encodeRecord(record)
    const { collection, low, rows } = record
    const head = (seq: number) => ({ seq, collection, low, rows: rows.length })
    const size = FRAME_HEAD + Buffer.byteLength(entry.intent(head(this.#ledger.nextSeq), '')) + Buffer.byteLength(text)
    const { maxBytes } = this.#parts.settings
    if (this.#ledger.waitingBytes + this.#coming + size > maxBytes)
      throw new JournalError(`the journal is full: ${maxBytes} bytes may wait for the other store`)
    let seq = 0
    this.#coming += size
    try {
      await this.#log.append({
        durable: true,
        build: () => {
          seq = this.#ledger.nextSeq++
          return entry.intent(head(seq), text)
        },
        written: (place) => this.#ledger.intent(head(seq), place),
      })
    } finally {
      this.#coming -= size
    }
    return seq
  }

  async commit(seq: number, outcome: Outcome = {}): Promise<void> {
    const op = this.#settling(seq)
    const told = Object.keys(outcome).length === 0 ? null : outcome
    try {
      checkOutcome(outcome, op.rows)
      await this.#log.append({
        durable: false,
        build: () => entry.commit(seq, ++this.#given, told),
        written: (place) => this.#ledger.commit(seq, place, told !== null),
      })
    } finally {
      op.settling = false
    }
  }

  async abort(seq: number): Promise<void> {
    const op = this.#settling(seq)
    try {
      await this.#log.append({
        durable: false,
        build: () => entry.abort(seq),
        written: () => this.#ledger.abort(seq),
      })
    } finally {
      op.settling = false
    }
  }

  doubt(seq: number): void {
    const op = this.#ledger.op(seq)
    if (op !== undefined) this.#ledger.doubt(op)
  }

  doubtful(): Promise<DoubtfulOp[]> {
    return this.#alone(async () => {
      const ops: DoubtfulOp[] = []
      for (const { seq, place, doubt } of this.#ledger.openOps()) {
        if (doubt) ops.push({ seq, record: decodeRecord(recordText(await this.#reader.read(place))) })
      }
      return ops
    })
  }

  async deliveries(after: number, limit: number, bytes = 4 * MB): Promise<Delivery[]> {
    const { committed } = this.#ledger
    if (after > committed)
      throw new JournalError(`the other store has record ${after} of this journal, which gave out ${committed} only`)
    const last = Math.min(committed, after + limit)
    // A number must never be given out twice: its mark is on the disk before anybody hears of it.
    if (last > this.#durable) {
      await this.#log.flush()
      this.#durable = Math.max(this.#durable, committed)
    }
    return this.#alone(async () => {
      if (after + 1 < this.#ledger.first && after < committed)
        throw new JournalError(`records ${after + 1} to ${this.#ledger.first - 1} were delivered long ago and are gone`)
      const found: Delivery[] = []
      let size = 0
      for (let number = after + 1; number <= last && (size < bytes || found.length === 0); number++) {
        const { intent } = this.#ledger.record(number)
        found.push(await this.#delivery(number))
        size += intent.size
      }
      return found
    })
  }

  async delivered(number: number): Promise<void> {
    if (this.#log.broken !== null) throw this.#log.broken
    if (number <= this.#ledger.delivered) return
    this.#ledger.deliver(number)
    // The other store knows how far it is; this only spares a restart some work. On a full disk it must not keep old segments from going.
    const noted = this.#log.append({ durable: false, build: () => entry.delivered(number), written() {} })
    await noted.catch((error: unknown) => {
      if (this.#log.broken !== null || this.#parts.lock.isLost) throw error
    })
    await this.#alone(() =>
      reclaim({
        ...this.#parts.settings,
        io: this.#parts.io,
        ledger: this.#ledger,
        log: this.#log,
        reader: this.#reader,
      }),
    )
  }

  get progress(): { delivered: number; committed: number } {
    return { delivered: this.#ledger.delivered, committed: this.#ledger.committed }
  }

  get floor(): number {
    return this.#ledger.floor
  }

  get counts(): { inFlight: number; pending: number; inDoubt: number; bytes: number } {
    const { openCount, inDoubt, committed, delivered, bytes } = this.#ledger
    return { inFlight: openCount - inDoubt, pending: committed - delivered, inDoubt, bytes }
  }

  low(): Map<string, bigint> {
    return this.#ledger.low()
  }

  remember(facts: unknown): Promise<void> {
    return this.#parts.facts.remember(facts)
  }

  get remembered(): unknown {
    return this.#parts.facts.remembered
  }

  async close(): Promise<void> {
    try {
      await this.#log.close()
      await this.#alone(() => this.#reader.close())
      await this.#parts.facts.idle()
    } finally {
      this.#parts.lock.release()
    }
  }

  async #delivery(number: number): Promise<Delivery> {
    const { seq, intent, mark, outcome } = this.#ledger.record(number)
    const record = decodeRecord(recordText(await this.#reader.read(intent)))
    if (!outcome) return { number, seq, record }
    const told = parseEntry(await this.#reader.read(mark))
    return { number, seq, record: told.type === 'commit' ? applyOutcome(record, told.outcome ?? {}) : record }
  }

  /** The open op, of which nobody else may say now what came of it. */
  #settling(seq: number): OpenOp {
    const op = this.#ledger.op(seq)
    if (op === undefined || op.settling) throw new JournalError(`op ${seq} is not open`)
    op.settling = true
    return op
  }

  #alone<T>(use: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(use)
    this.#turn = turn.catch(() => {})
    return turn
  }
}
