/** Appends frames to the newest segment. Whatever waits goes in one write; whoever needs it on the disk shares one sync with the others. */
import { join } from 'node:path'
import { JournalError } from '../errors.ts'
import { entry } from './entries.ts'
import type { Header } from './entries.ts'
import { frame } from './frame.ts'
import type { Place } from './index.ts'
import type { JournalFile, JournalIo } from './io.ts'

/** One frame to come. */
export interface Item {
  /** The payload, asked for just before the write, in the order of the file; null when it is no longer wanted. */
  build(): string | null
  /** Whether `append` waits until it is on the disk. */
  durable: boolean
  /** Called when it is in the file, in the order of the file. */
  written(place: Place): void
}

export interface LogOptions {
  dir: string
  io: JournalIo
  segmentBytes: number
  /** The first frame of a new segment. */
  header: (segment: number) => Header
  /** A group that was built is not in the file, none of it. */
  undone(): void
  /** Bytes of the newest segment. */
  grown(segment: number, size: number): void
  /** Why nothing may be written, null as a rule: asked before each write. */
  forbidden(): JournalError | null
}

interface Waiting {
  item: Item
  done: () => void
  failed: (error: JournalError) => void
}

interface Built {
  waiting: Waiting
  bytes: Buffer
}

const GROUP_BYTES = 1024 * 1024

export class SegmentLog {
  readonly #options: LogOptions
  #segment: number
  #file: JournalFile | null
  /** Good bytes of the newest segment, those of them that are on the disk, and those that a frame says are. */
  #size: number
  #durable: number
  #claimed: number
  #queue: Waiting[] = []
  #running: Promise<void> | null = null
  #syncing: Promise<void> | null = null
  #nextSync: Promise<void> | null = null
  #broken: JournalError | null = null
  #closed = false

  /** Goes on after `last`, all of which is on the disk; with null `begin` makes segment 1. */
  constructor(options: LogOptions, last: { segment: number; size: number; file: JournalFile } | null) {
    this.#options = options
    this.#segment = last?.segment ?? 0
    this.#file = last?.file ?? null
    this.#size = this.#durable = this.#claimed = last?.size ?? 0
  }

  /** The segment that is written to. */
  get segment(): number {
    return this.#segment
  }

  /** Set when only opening the journal anew can tell what is on the disk. */
  get broken(): JournalError | null {
    return this.#broken
  }

  /** Resolves when the frame is handed to the system or, if `durable`, on the disk. Throws JournalError, and then nobody may rely on it. */
  append(item: Item): Promise<void> {
    if (this.#closed) return Promise.reject(new JournalError('the journal is closed'))
    return this.#enqueue(item)
  }

  /** Resolves when everything that was written before is on the disk. */
  flush(): Promise<void> {
    if (this.#broken !== null) return Promise.reject(this.#broken)
    if (this.#durable >= this.#size) return Promise.resolve()
    if (this.#syncing === null) return (this.#syncing = this.#sync())
    // The one that runs may have begun before the last write.
    this.#nextSync ??= this.#syncing.then(() => {
      this.#nextSync = null
      return this.flush()
    })
    return this.#nextSync
  }

  /** Begins the first segment, if there is none. */
  async begin(): Promise<void> {
    if (this.#file === null) await this.#roll()
  }

  /** Lets what waits be written, says that nothing is left in a cache, and closes the file. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    try {
      while (this.#running !== null) await this.#running
      if (this.#broken === null) await this.#enqueue({ build: entry.closed, durable: true, written() {} })
    } finally {
      await this.#file?.close()
    }
  }

  #enqueue(item: Item): Promise<void> {
    if (this.#broken !== null) return Promise.reject(this.#broken)
    return new Promise((done, failed) => {
      this.#queue.push({ item, done, failed })
      this.#running ??= this.#run()
    })
  }

  async #run(): Promise<void> {
    // Calls of the same moment go together.
    await Promise.resolve()
    while (this.#queue.length > 0) {
      const queue = this.#queue
      this.#queue = []
      for (let from = 0; from < queue.length;) from = await this.#group(queue, from)
    }
    this.#running = null
  }

  /** Writes a group that begins at `from`; returns where the next one does. */
  async #group(queue: readonly Waiting[], from: number): Promise<number> {
    const built: Built[] = []
    let to = from
    try {
      const refused = this.#broken ?? this.#options.forbidden()
      if (refused !== null) throw refused
      if (this.#size >= this.#options.segmentBytes) await this.#roll()
      const claim = this.#durable > this.#claimed ? [frame(entry.synced(this.#durable))] : []
      const claimed = this.#durable
      for (let size = 0; to < queue.length && size < GROUP_BYTES; to++) {
        const waiting = queue[to] as Waiting
        const payload = waiting.item.build()
        if (payload === null) {
          waiting.done()
          continue
        }
        const bytes = frame(payload)
        built.push({ waiting, bytes })
        size += bytes.length
      }
      if (built.length === 0) return to
      await this.#write([...claim, ...built.map(({ bytes }) => bytes)])
      this.#claimed = claimed
      this.#settle(built)
    } catch (error) {
      this.#options.undone()
      const all = built.length > 0 ? built.map(({ waiting }) => waiting) : queue.slice(from)
      for (const { failed } of all) failed(error as JournalError)
      if (built.length === 0) return queue.length
    }
    return to
  }

  async #write(frames: readonly Buffer[]): Promise<void> {
    const file = this.#file as JournalFile
    const bytes = Buffer.concat(frames)
    try {
      await file.write(bytes, this.#size)
    } catch (cause) {
      // Whatever got there is cut off again, so that the next frame follows the last good one.
      await file.truncate(this.#size).catch((error: unknown) => {
        this.#broken = new JournalError('the journal could not be cut back after a failed write: open it anew', error)
      })
      throw new JournalError('the journal cannot be written', cause)
    }
    this.#size += bytes.length
    this.#options.grown(this.#segment, this.#size)
  }

  #settle(built: readonly Built[]): void {
    const durable: Waiting[] = []
    let offset = this.#size - built.reduce((sum, { bytes }) => sum + bytes.length, 0)
    for (const { waiting, bytes } of built) {
      waiting.item.written({ segment: this.#segment, offset, size: bytes.length })
      offset += bytes.length
      if (waiting.item.durable) durable.push(waiting)
      else waiting.done()
    }
    if (durable.length === 0) return
    // The next group is written meanwhile.
    void this.#answer(durable)
  }

  async #answer(durable: readonly Waiting[]): Promise<void> {
    try {
      await this.flush()
      for (const { done } of durable) done()
    } catch (error) {
      for (const { failed } of durable) failed(error as JournalError)
    }
  }

  /**
   * After a failed sync the system may have thrown the pages away and say yes the next time, so nothing is retried and nothing is believed: the journal
   * refuses until it is opened anew. Opening writes the unfinished segment again from what can be read.
   */
  async #sync(): Promise<void> {
    const to = this.#size
    try {
      await (this.#file as JournalFile).sync()
      this.#durable = Math.max(this.#durable, to)
    } catch (cause) {
      this.#broken = new JournalError('the journal could not be flushed: open it anew', cause)
      throw this.#broken
    } finally {
      this.#syncing = null
    }
  }

  /** Goes on in a new segment. The old one is on the disk before the new one is there, so only the newest can be torn. */
  async #roll(): Promise<void> {
    if (this.#file !== null) await this.flush()
    const { dir, io, header } = this.#options
    const segment = this.#segment + 1
    const path = join(dir, segmentName(segment))
    const bytes = frame(entry.header(header(segment)))
    let file: JournalFile | null = null
    try {
      file = await io.open(path, 'make')
      await file.write(bytes, 0)
      await file.sync()
      await io.syncDir(dir)
    } catch (cause) {
      await file?.close()
      // What is left of it is made anew by the next try, or taken away by the next opening.
      throw new JournalError('the journal cannot go on to a new file', cause)
    }
    await this.#file?.close()
    this.#file = file
    this.#segment = segment
    this.#size = this.#durable = this.#claimed = bytes.length
    this.#options.grown(segment, bytes.length)
  }
}

export const segmentName = (segment: number): string => `${String(segment).padStart(10, '0')}.hfj`
