// A disk in memory that can lose power, run full, or lie about a flush.
import { basename } from 'node:path'
import type { JournalFile, JournalIo } from '../../src/wal/io.ts'

interface Content {
  now: Buffer
  /** What survives a power cut. */
  durable: Buffer
}

export class FakeDisk implements JournalIo {
  #files = new Map<string, Content>()
  #durableNames = new Map<string, Content>()
  /** Bytes that still fit. */
  room = Infinity
  failSync = false
  /** A mutant: says that it has flushed, and has not. */
  lazySync = false
  syncs = 0

  /** Power is gone: what was not flushed is lost, the last unflushed bytes perhaps in part. */
  powerCut(keep: (size: number) => number = () => 0): void {
    this.#files = new Map(
      [...this.#durableNames].map(([name, { now, durable }]) => {
        const extra = now.length > durable.length ? keep(now.length - durable.length) : 0
        const left = Buffer.from(extra > 0 ? now.subarray(0, durable.length + extra) : durable)
        return [name, { now: left, durable: Buffer.from(left) }]
      }),
    )
    this.#durableNames = new Map(this.#files)
  }

  async open(path: string, mode: 'make' | 'write' | 'read'): Promise<JournalFile> {
    const name = basename(path)
    if (mode === 'make') this.#files.set(name, { now: Buffer.alloc(0), durable: Buffer.alloc(0) })
    const content = this.#files.get(name)
    if (content === undefined) throw Object.assign(new Error(`no ${name}`), { code: 'ENOENT' })
    return {
      write: async (bytes, position) => {
        await Promise.resolve()
        const fits = Math.min(bytes.length, this.room)
        this.room -= fits
        const grown = Buffer.alloc(Math.max(content.now.length, position + fits))
        content.now.copy(grown)
        grown.set(bytes.subarray(0, fits), position)
        content.now = grown
        if (fits < bytes.length) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
      },
      read: async (position, size) => Buffer.from(content.now.subarray(position, position + size)),
      sync: async () => {
        await Promise.resolve()
        this.syncs += 1
        if (this.failSync) throw Object.assign(new Error('input/output error'), { code: 'EIO' })
        if (!this.lazySync) content.durable = Buffer.from(content.now)
      },
      truncate: async (size) => {
        this.room += Math.max(0, content.now.length - size)
        content.now = Buffer.from(content.now.subarray(0, size))
      },
      close: async () => {},
    }
  }

  async readFile(path: string): Promise<Buffer> {
    const content = this.#files.get(basename(path))
    if (content === undefined) throw Object.assign(new Error('none'), { code: 'ENOENT' })
    return Buffer.from(content.now)
  }

  async list(): Promise<string[]> {
    return [...this.#files.keys()]
  }

  async rename(from: string, to: string): Promise<void> {
    const content = this.#files.get(basename(from))
    if (content === undefined) throw new Error('none')
    this.#files.delete(basename(from))
    this.#files.set(basename(to), content)
  }

  async unlink(path: string): Promise<void> {
    this.#files.delete(basename(path))
  }

  async syncDir(): Promise<void> {
    this.#durableNames = new Map(this.#files)
  }

  async place(): Promise<'disk'> {
    return 'disk'
  }

  names(): string[] {
    return [...this.#files.keys()].toSorted()
  }

  bytes(name: string): Buffer {
    return this.#files.get(name)?.now ?? Buffer.alloc(0)
  }

  put(name: string, bytes: Buffer): void {
    this.#files.set(name, { now: bytes, durable: Buffer.from(bytes) })
  }
}
