/** Writes frames to the newest segment: everything that waits goes in one write and, if somebody asked for it, one sync. */
import { JournalError } from '../errors.ts'
import type { JournalFile } from './io.ts'
import type { Place } from './index.ts'
import { frame } from './frame.ts'

interface Waiting {
  bytes: Buffer
  sync: boolean
  done: (place: Place) => void
  failed: (error: JournalError) => void
}

export class Appender {
  readonly segment: number
  readonly #file: JournalFile
  #position: number
  #synced: number
  #waiting: Waiting[] = []
  #flushing: Promise<void> | null = null
  /** After a failed sync nobody knows what is on the disk: nothing is appended any more until the journal is opened anew. */
  #broken: JournalError | null = null
  /** After a failed write nothing is taken until `retry`: frames of one file must not overtake each other. */
  #stuck: JournalError | null = null

  constructor(segment: number, file: JournalFile, position: number) {
    this.segment = segment
    this.#file = file
    this.#position = this.#synced = position
  }

  get position(): number {
    return this.#position
  }

  get isBroken(): boolean {
    return this.#broken !== null
  }

  get isStuck(): boolean {
    return this.#stuck !== null
  }

  /** Takes frames again: there may be room now. */
  retry(): void {
    this.#stuck = null
  }

  /** Resolves when the frame is handed to the system; with `sync` when it is on the disk. Throws JournalError, and then it is not in the file. */
  append(payload: string, sync: boolean): Promise<Place> {
    const error = this.#broken ?? this.#stuck
    if (error !== null) return Promise.reject(error)
    return new Promise((done, failed) => {
      this.#waiting.push({ bytes: frame(payload), sync, done, failed })
      this.#flushing ??= this.#flush()
    })
  }

  /** Resolves when everything that was appended before is on the disk. */
  async sync(): Promise<void> {
    while (this.#flushing !== null) await this.#flushing
    if (this.#broken !== null) throw this.#broken
    if (this.#synced < this.#position) await this.#syncNow()
  }

  async close(): Promise<void> {
    while (this.#flushing !== null) await this.#flushing
    await this.#file.close()
  }

  async #flush(): Promise<void> {
    // Calls of the same moment go together.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const group = this.#waiting
      this.#waiting = []
      await this.#write(group)
    }
    this.#flushing = null
  }

  async #write(group: readonly Waiting[]): Promise<void> {
    const start = this.#position
    try {
      await this.#file.write(Buffer.concat(group.map(({ bytes }) => bytes)), start)
    } catch (cause) {
      const error = new JournalError('the journal cannot be written', cause)
      this.#stuck = error
      await this.#cutTo(start)
      for (const { failed } of [...group, ...this.#waiting.splice(0)]) failed(error)
      return
    }
    this.#position = start + group.reduce((sum, { bytes }) => sum + bytes.length, 0)
    try {
      if (group.some(({ sync }) => sync)) await this.#syncNow()
    } catch (error) {
      for (const { failed } of group) failed(error as JournalError)
      return
    }
    let offset = start
    for (const { bytes, done } of group) {
      done({ segment: this.segment, offset, size: bytes.length })
      offset += bytes.length
    }
  }

  async #syncNow(): Promise<void> {
    const to = this.#position
    try {
      await this.#file.sync()
    } catch (cause) {
      // The system may have thrown the pages away and say yes the next time.
      this.#broken = new JournalError('the journal could not be flushed: open it anew', cause)
      throw this.#broken
    }
    this.#synced = Math.max(this.#synced, to)
  }

  async #cutTo(position: number): Promise<void> {
    try {
      await this.#file.truncate(position)
    } catch (cause) {
      this.#broken = new JournalError('the journal could not be cut back after a failed write: open it anew', cause)
    }
  }
}
