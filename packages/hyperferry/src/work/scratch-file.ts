/** One temporary file of the work space. */
import { randomBytes } from 'node:crypto'
import { open, unlink } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { codeOf, HyperferryError, messageOf } from '../errors.ts'

/** Appends and reads back bytes. Throws HF-B015 when there is no room, HF-B016 when the folder cannot be used at all. */
export class ScratchFile {
  readonly #handle: FileHandle
  /** null when the name is gone already. */
  readonly #path: string | null
  #size = 0

  private constructor(handle: FileHandle, path: string | null) {
    this.#handle = handle
    this.#path = path
  }

  /** Makes the file in `folder`, readable by this account only, and takes its name away at once where the system allows: a killed process leaves nothing. */
  static async make(folder: string = tmpdir()): Promise<ScratchFile> {
    const path = join(folder, `hyperferry-${randomBytes(8).toString('hex')}.spool`)
    try {
      const handle = await open(path, 'wx+', 0o600)
      const unnamed = await unlink(path).then(
        () => true,
        () => false,
      )
      return new ScratchFile(handle, unnamed ? null : path)
    } catch (error) {
      throw scratchError(error, folder)
    }
  }

  /** Writes all of `bytes` at the end; returns where they start. */
  async append(bytes: Uint8Array): Promise<number> {
    const at = this.#size
    let written = 0
    try {
      while (written < bytes.byteLength) {
        const result = await this.#handle.write(bytes, written, bytes.byteLength - written, at + written)
        written += result.bytesWritten
      }
    } catch (error) {
      throw scratchError(error, tmpdir())
    }
    this.#size = at + written
    return at
  }

  async read(at: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(length)
    let read = 0
    while (read < length) {
      const result = await this.#handle.read(bytes, read, length - read, at + read)
      if (result.bytesRead === 0)
        throw new HyperferryError('HF-B016', { what: 'a file of the work space was cut short' })
      read += result.bytesRead
    }
    return bytes
  }

  async close(): Promise<void> {
    await this.#handle.close()
    if (this.#path !== null) await unlink(this.#path)
  }
}

const noRoom = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

function scratchError(cause: unknown, folder: string): HyperferryError {
  const code = codeOf(cause) ?? ''
  const entry = noRoom.has(code) ? 'HF-B015' : 'HF-B016'
  return new HyperferryError(entry, { what: `work space ${folder}: ${messageOf(cause)}`, sqlstate: code, cause })
}
