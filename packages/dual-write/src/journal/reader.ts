import { join } from 'node:path'
import { JournalError } from '../errors.ts'
import { readFrame } from './frame.ts'
import type { Place } from './index.ts'
import type { JournalFile, JournalIo } from './io.ts'
import { segmentName } from './log.ts'

const AHEAD = 256 * 1024

/** Reads frames back. Records are asked for nearly in the order of the file, so it reads ahead. One call at a time. */
export class Reader {
  readonly #dir: string
  readonly #io: JournalIo
  #file: JournalFile | null = null
  #segment = 0
  #start = 0
  #bytes: Buffer = Buffer.alloc(0)

  constructor(dir: string, io: JournalIo) {
    this.#dir = dir
    this.#io = io
  }

  /** The payload of a frame. Throws JournalError when it cannot be read or is not what was written. */
  async read(place: Place): Promise<string> {
    const path = join(this.#dir, segmentName(place.segment))
    try {
      if (place.segment !== this.#segment) await this.#turnTo(place.segment, path)
      // What was read ahead of the end of the file may have been cut off and written anew since.
      const payload = this.#known(place) ?? (await this.#fetch(place))
      if (payload !== null) return payload
    } catch (cause) {
      throw new JournalError(`${path} cannot be read`, cause)
    }
    throw new JournalError(`${path} is damaged at byte ${place.offset}`)
  }

  async close(): Promise<void> {
    await this.#file?.close()
    this.#file = null
    this.#segment = 0
  }

  async #turnTo(segment: number, path: string): Promise<void> {
    await this.close()
    this.#file = await this.#io.open(path, 'read')
    this.#segment = segment
    this.#bytes = Buffer.alloc(0)
  }

  #known({ offset, size }: Place): string | null {
    const at = offset - this.#start
    return at < 0 || at + size > this.#bytes.length ? null : readFrame(this.#bytes.subarray(at, at + size), 0)
  }

  async #fetch(place: Place): Promise<string | null> {
    this.#bytes = (await this.#file?.read(place.offset, Math.max(AHEAD, place.size))) ?? Buffer.alloc(0)
    this.#start = place.offset
    return this.#known(place)
  }
}
