/** A text that passes by once: a pipe, or a compressed file. */
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { HyperferryError, messageOf } from '../../errors.ts'
import type { Json } from '../../model.ts'
import { fileError, identityOf, mustBeSame } from './identity.ts'
import type { FileIdentity } from './identity.ts'
import type { Text } from './text.ts'

/** Rows from a pipe; resuming it means sending the same bytes again. */
export function openPipe(input: Readable, label = 'standard input'): Text {
  return new StreamText({ label, stream: input, identity: null, share: () => null, check: async () => {} })
}

/** A `.gz` or `.zst` file. Throws HF-F001. */
export async function openCompressed(path: string, kind: 'gzip' | 'zstd'): Promise<Text> {
  const identity = await identify(path)
  const label = basename(path)
  const file = createReadStream(path, { highWaterMark: 256 * 1024 })
  const unpack = kind === 'gzip' ? createGunzip({ chunkSize: CHUNK }) : createZstdDecompress({ chunkSize: CHUNK })
  // What goes wrong is thrown to the reader by the last stream of the line.
  const stream = pipeline(file, unpack, () => {})
  const check = async (): Promise<void> => mustBeSame(label, identity, await identify(path))
  return new StreamText({ label, stream, identity, share: () => file.bytesRead / Math.max(1, identity.size), check })
}

async function identify(path: string): Promise<FileIdentity> {
  const handle = await open(path).catch((error: unknown) => {
    throw fileError(path, error)
  })
  try {
    return await identityOf(path, handle)
  } finally {
    await handle.close()
  }
}

const CHUNK = 256 * 1024

interface StreamOptions {
  label: string
  stream: Readable
  identity: Json
  share: () => number | null
  check: () => Promise<void>
}

class StreamText implements Text {
  readonly label: string
  readonly size = null
  readonly seekable = false
  readonly identity: Json
  readonly share: () => number | null
  readonly mustBeUnchanged: () => Promise<void>
  readonly #stream: Readable
  readonly #chunks: AsyncIterator<Buffer>
  #position = 0
  /** What was taken from the stream and not handed out yet. */
  #rest: Buffer | null = null

  constructor({ label, stream, identity, share, check }: StreamOptions) {
    this.label = label
    this.identity = identity
    this.share = share
    this.mustBeUnchanged = check
    this.#stream = stream
    // It may break before anybody reads; whoever reads then is told.
    stream.on('error', () => {})
    this.#chunks = (stream as AsyncIterable<Buffer>)[Symbol.asyncIterator]()
  }

  async head(bytes: number): Promise<Buffer> {
    const chunks = this.#rest === null ? [] : [this.#rest]
    let length = this.#rest?.length ?? 0
    for (let chunk; length < bytes && (chunk = await this.#next()) !== null; length += chunk.length) chunks.push(chunk)
    this.#rest = length === 0 ? null : Buffer.concat(chunks)
    return this.#rest ?? Buffer.alloc(0)
  }

  /** `from` is never behind what was read; what lies in between is passed over. */
  reader(from: number, to: number): () => Promise<Buffer | null> {
    return async () => {
      while (this.#position < from) if ((await this.#take(from - this.#position)) === null) return null
      return this.#position < to ? this.#take(to - this.#position) : null
    }
  }

  async close(): Promise<void> {
    this.#stream.destroy()
  }

  async #take(most: number): Promise<Buffer | null> {
    const chunk = this.#rest ?? (await this.#next())
    if (chunk === null) return null
    const piece = chunk.length > most ? chunk.subarray(0, most) : chunk
    this.#rest = piece.length < chunk.length ? chunk.subarray(piece.length) : null
    this.#position += piece.length
    return piece
  }

  async #next(): Promise<Buffer | null> {
    try {
      const { done, value } = await this.#chunks.next()
      return done === true ? null : value
    } catch (error) {
      throw new HyperferryError('HF-F010', { what: `${this.label}: ${messageOf(error)}`, cause: error })
    }
  }
}
