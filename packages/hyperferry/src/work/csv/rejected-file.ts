/** The rows of a file's range that are not in it. */
import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { RejectedRow } from '../../model.ts'
import type { ExportedFile } from './manifest.ts'
import { PARTIAL } from './names.ts'

/** Rows that could not be represented, one JSON document a line, as the quarantine keeps them. Made when there is one. */
export class RejectedFile {
  readonly path: string
  readonly #name: string
  readonly #hash = createHash('sha256')
  #handle: FileHandle | null = null
  #rows = 0
  #bytes = 0

  constructor(folder: string, base: string) {
    this.#name = `${base}.rejected.jsonl`
    this.path = join(folder, `${this.#name}${PARTIAL}`)
  }

  async add(rows: readonly RejectedRow[]): Promise<void> {
    const lines = Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
    this.#handle ??= await open(this.path, 'w')
    await this.#handle.appendFile(lines)
    this.#hash.update(lines)
    this.#rows += rows.length
    this.#bytes += lines.byteLength
  }

  /** Its entry, when it is on disk; null when there was no such row. */
  async end(): Promise<ExportedFile['rejected']> {
    const handle = this.#handle
    if (handle === null) return null
    this.#handle = null
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
    return { file: this.#name, rows: this.#rows, bytes: this.#bytes, sha256: this.#hash.digest('hex') }
  }
}
