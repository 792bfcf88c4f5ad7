/** One task of a table as a file: the source's rows as text, with everything a receipt will need. */
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { addLosses } from '../../control/totals.ts'
import { failpoint } from '../../failpoints.ts'
import type { Loss } from '../../model.ts'
import { compileCsv } from '../../values/csv-text/csv-rows.ts'
import { Digest, digestBatch } from '../../values/digest.ts'
import { Scratch } from '../../values/scratch.ts'
import { interrupted } from '../backoff.ts'
import { sliceOf } from '../tasks.ts'
import type { Task } from '../tasks.ts'
import type { TableWork } from '../table-work.ts'
import { fileError, remove } from './files.ts'
import { spanToFile } from './manifest.ts'
import type { ExportedFile } from './manifest.ts'
import { baseOf, PARTIAL } from './names.ts'
import { RejectedFile } from './rejected-file.ts'

export interface WriteOptions {
  folder: string
  gzip: boolean
  /** Aborted when the work should break off now. */
  stop: AbortSignal | undefined
}

/** Text that is handed to the file system at once. */
const CHUNK_BYTES = 1024 * 1024

/**
 * Writes the partial files of a task, on disk when this returns, and gives their entry. Safe to call again. Throws HF-E014 when there is no room (what was written
 * is taken away), HF-E015, HF-B022, and what reading throws.
 */
export async function writeFileOf(work: TableWork, task: Task, options: WriteOptions): Promise<ExportedFile> {
  const base = baseOf(work.table.split, task)
  const name = `${base}.csv${options.gzip ? '.gz' : ''}`
  const path = join(options.folder, `${name}${PARTIAL}`)
  const slice = new SliceText(work, task, { ...options, base })
  const main = new Tap()
  try {
    const through = (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> => main.through(chunks)
    const file = createWriteStream(path, { flush: true })
    await (options.gzip ? pipeline(slice.lines(), createGzip(), through, file) : pipeline(slice.lines(), through, file))
    const rejected = await slice.rejected.end()
    return {
      file: name,
      lane: task.lane,
      span: spanToFile(task.span),
      rows: slice.digest.rows,
      bytes: main.bytes,
      sha256: main.sha256(),
      digest: slice.digest.toString(),
      tupleBytes: slice.tupleBytes,
      losses: slice.losses,
      rejected,
    }
  } catch (error) {
    await slice.rejected.end().catch(() => {})
    // Room is what may be missing; what is kept here would be written anew anyway.
    for (const each of [path, slice.rejected.path]) await remove(each).catch(() => {})
    throw fileError(error, path)
  }
}

/** A slice on its way: text out, counts kept. */
class SliceText {
  readonly digest = new Digest()
  readonly rejected: RejectedFile
  losses: Loss[] = []
  tupleBytes = 0
  readonly #work: TableWork
  readonly #task: Task
  readonly #stop: AbortSignal | undefined

  constructor(work: TableWork, task: Task, options: WriteOptions & { base: string }) {
    this.#work = work
    this.#task = task
    this.#stop = options.stop
    this.rejected = new RejectedFile(options.folder, options.base)
  }

  async *lines(): AsyncGenerator<Buffer, void, undefined> {
    const { reader, part, columns, types, normaliser } = this.#work
    const slice = sliceOf(this.#work.table, this.#task)
    const csv = compileCsv(types)
    const text = new Scratch()
    csv.header(
      columns.map(({ name }) => name),
      text,
    )
    for await (const batch of reader.read(slice)) {
      if (this.#stop?.aborted) throw interrupted()
      const kept = part === null ? batch : part.keep(batch, slice)
      digestBatch(this.digest, normaliser, kept.bytes, kept.ends)
      csv.rows(kept.bytes, kept.ends, text)
      this.tupleBytes += kept.bytes.byteLength
      if (kept.rejected.length > 0) await this.rejected.add(kept.rejected)
      if (kept.losses.length > 0) this.losses = addLosses([...this.losses, ...kept.losses])
      if (text.size < CHUNK_BYTES) continue
      yield taken(text)
      failpoint('export.mid-file')
    }
    yield taken(text)
  }
}

/** The scratch goes on to be written to. */
function taken(text: Scratch): Buffer {
  const chunk = Buffer.from(text.bytes.subarray(0, text.size))
  text.size = 0
  return chunk
}

/** Counts and hashes what goes by. */
class Tap {
  bytes = 0
  readonly #hash = createHash('sha256')

  async *through(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
    for await (const chunk of chunks) {
      this.bytes += chunk.byteLength
      this.#hash.update(chunk)
      yield chunk
    }
  }

  sha256(): string {
    return this.#hash.digest('hex')
  }
}
