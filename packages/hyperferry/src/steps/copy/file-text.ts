/** A file that is not compressed. */
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { basename } from 'node:path'
import { HyperferryError } from '../../errors.ts'
import { fileError, identityOf, mustBeSame } from './identity.ts'
import type { FileIdentity } from './identity.ts'
import type { Text } from './text.ts'

/** Opens the file. Throws HF-F001. */
export async function openFile(path: string): Promise<Text> {
  const handle = await open(path).catch((error: unknown) => {
    throw fileError(path, error)
  })
  try {
    return new FileText(path, handle, await identityOf(path, handle))
  } catch (error) {
    await handle.close()
    throw error
  }
}

class FileText implements Text {
  readonly label: string
  readonly size: number
  readonly seekable = true
  readonly identity: FileIdentity
  readonly #path: string
  readonly #handle: FileHandle

  constructor(path: string, handle: FileHandle, identity: FileIdentity) {
    this.#path = path
    this.#handle = handle
    this.label = basename(path)
    this.identity = identity
    this.size = identity.size
  }

  async head(bytes: number): Promise<Buffer> {
    const block = await this.reader(0, bytes, bytes)()
    return block ?? Buffer.alloc(0)
  }

  reader(from: number, to: number, blockBytes: number): () => Promise<Buffer | null> {
    const buffers = [Buffer.allocUnsafeSlow(blockBytes), Buffer.allocUnsafeSlow(blockBytes)]
    let at = from
    return async () => {
      const length = Math.min(blockBytes, Math.min(to, this.size) - at)
      if (length <= 0) return null
      buffers.reverse()
      const block = buffers[0]?.subarray(0, length) ?? Buffer.alloc(0)
      for (let read = 0; read < length;) {
        const { bytesRead } = await this.#handle.read(block, read, length - read, at + read).catch((error: unknown) => {
          throw fileError(this.#path, error)
        })
        if (bytesRead === 0)
          throw new HyperferryError('HF-F012', { what: `${this.label} became shorter while it was read` })
        read += bytesRead
      }
      at += length
      return block
    }
  }

  share(): null {
    return null
  }

  async mustBeUnchanged(): Promise<void> {
    mustBeSame(this.label, this.identity, await identityOf(this.#path, this.#handle))
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}
