// A disk in memory that can lose power, run full, fail to flush, or lie about it.
import { basename } from 'node:path'
import type { JournalFile, JournalIo } from '../../src/journal/io.ts'

interface Content {
  now: Buffer
  /** What survives a power cut. */
  durable: Buffer
  /** A flush has failed: the pages count as clean and never reach the disk, and the next flush says yes (as Linux does). */
  poisoned: boolean
}

export class Disk implements JournalIo {
  #files = new Map<string, Content>()
  #durableNames = new Map<string, Content>()
  /** Bytes that still fit. */
  room = Infinity
  /** Fails this many flushes. */
  failSyncs = 0
  /** Writes of this many bytes or more fail with EIO. */
  failWrites = false
  failTruncate = false
  syncs = 0
  writes = 0

  /** Power is gone: names and contents that were not flushed are lost. `keep` says which bytes of an unflushed end had reached the disk. */
  powerCut(keep: (lost: Buffer, from: number) => Buffer = () => Buffer.alloc(0)): void {
    this.#files = new Map(
      [...this.#durableNames].map(([name, { now, durable }]) => {
        const left =
          now.length > durable.length
            ? Buffer.concat([durable, keep(now.subarray(durable.length), durable.length)])
            : Buffer.from(durable)
        return [name, { now: left, durable: Buffer.from(left), poisoned: false }]
      }),
    )
    this.#durableNames = new Map(this.#files)
  }

  async open(path: string, mode: 'make' | 'write' | 'read'): Promise<JournalFile> {
    const name = basename(path)
    if (mode === 'make') {
      this.#use(0)
      this.#files.set(name, { now: Buffer.alloc(0), durable: Buffer.alloc(0), poisoned: false })
    }
    const content = this.#content(path)
    return {
      write: async (bytes, position) => {
        await Promise.resolve()
        this.writes += 1
        if (this.failWrites) throw failure('EIO')
        const fits = Math.min(bytes.length, this.room)
        this.room -= fits
        const grown = Buffer.alloc(Math.max(content.now.length, position + fits))
        content.now.copy(grown)
        grown.set(bytes.subarray(0, fits), position)
        content.now = grown
        if (fits < bytes.length) throw failure('ENOSPC')
      },
      read: async (position, size) => Buffer.from(content.now.subarray(position, position + size)),
      sync: async () => {
        const to = Buffer.from(content.now)
        await new Promise((resolve) => setImmediate(resolve))
        this.syncs += 1
        if (this.failSyncs > 0) {
          this.failSyncs -= 1
          content.poisoned = true
          throw failure('EIO')
        }
        if (!content.poisoned) content.durable = to
      },
      truncate: async (size) => {
        if (this.failTruncate) throw failure('EIO')
        this.room += Math.max(0, content.now.length - size)
        content.now = Buffer.from(content.now.subarray(0, size))
        content.durable = Buffer.from(content.durable.subarray(0, size))
      },
      close: async () => {},
    }
  }

  async readFile(path: string): Promise<Buffer> {
    return Buffer.from(this.#content(path).now)
  }

  async list(): Promise<string[]> {
    return [...this.#files.keys()]
  }

  async rename(from: string, to: string): Promise<void> {
    this.#files.set(basename(to), this.#content(from))
    this.#files.delete(basename(from))
  }

  async unlink(path: string): Promise<void> {
    this.room += this.#content(path).now.length
    this.#files.delete(basename(path))
  }

  async syncDir(): Promise<void> {
    this.#durableNames = new Map(this.#files)
  }

  async place(): Promise<'disk'> {
    return 'disk'
  }

  segments(): string[] {
    return [...this.#files.keys()].filter((name) => name.endsWith('.hfj')).toSorted()
  }

  bytes(name: string): Buffer {
    return Buffer.from(this.#content(name).now)
  }

  put(name: string, bytes: Buffer): void {
    this.#files.set(name, { now: bytes, durable: Buffer.from(bytes), poisoned: false })
    this.#durableNames.set(name, this.#content(name))
  }

  remove(name: string): void {
    this.#files.delete(name)
    this.#durableNames.delete(name)
  }

  /** The same files on another disk; `change` may change them. */
  copy(change: (name: string, bytes: Buffer) => Buffer = (_, bytes) => bytes): Disk {
    const other = new Disk()
    for (const [name, { now }] of this.#files) other.put(name, change(name, Buffer.from(now)))
    return other
  }

  #use(bytes: number): void {
    if (this.room < bytes + 1) throw failure('ENOSPC')
  }

  #content(path: string): Content {
    const content = this.#files.get(basename(path))
    if (content === undefined) throw failure('ENOENT')
    return content
  }
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code })
}
