/** Exported files on their way back in. Nothing of a file counts before all of it is what was exported. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { HyperferryError } from '../../errors.ts'
import type { RejectedRow } from '../../model.ts'
import { fileError, identityOf, sizeOf } from './files.ts'
import { changed, partsOf } from './folder.ts'
import type { ExportedFile } from './manifest.ts'

/** Throws HF-E013 for files that are not there, HF-E012 for those of another size: a look at all of them before anything is loaded. */
export async function mustBeThere(folder: string, files: readonly ExportedFile[]): Promise<void> {
  const missing: string[] = []
  for (const part of files.flatMap(partsOf)) {
    const size = await sizeOf(join(folder, part.file))
    if (size === null) missing.push(part.file)
    else if (size !== part.bytes) throw changed(join(folder, part.file))
  }
  if (missing.length === 0) return
  const more = missing.length > 5 ? ` and ${missing.length - 5} more` : ''
  throw new HyperferryError('HF-E013', {
    what: `${folder}: ${missing.slice(0, 5).join(', ')}${more} ${missing.length === 1 ? 'is' : 'are'} not there`,
    details: { missing },
  })
}

/** Throws HF-E012 and HF-E013 unless every byte is what was exported. */
export async function mustBeWhole(folder: string, file: ExportedFile): Promise<void> {
  for (const part of partsOf(file)) {
    const there = await identityOf(join(folder, part.file))
    if (there === null) throw new HyperferryError('HF-E013', { what: `${join(folder, part.file)} is not there` })
    if (there.sha256 !== part.sha256) throw changed(join(folder, part.file))
  }
}

/** The CSV text. Hashed once more on its way: throws HF-E012 at its end when the file was changed after it had been looked at. */
export function textOf(folder: string, file: ExportedFile): AsyncIterable<Uint8Array> {
  const path = join(folder, file.file)
  const bytes = hashed(path, file.sha256)
  if (!file.file.endsWith('.gz')) return bytes
  // An error on either side ends the iteration with it.
  return pipeline(Readable.from(bytes), createGunzip(), () => {})
}

async function* hashed(path: string, sha256: string): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash('sha256')
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>) {
      hash.update(chunk)
      yield chunk
    }
  } catch (error) {
    throw fileError(error, path)
  }
  if (hash.digest('hex') !== sha256) throw changed(path)
}

/** Lines taken together. */
const ROWS_AT_ONCE = 500

/** Rows that could not be represented, some at a time. */
export async function* rejectedRowsOf(
  folder: string,
  file: ExportedFile,
): AsyncGenerator<RejectedRow[], void, undefined> {
  if (file.rejected === null) return
  const path = join(folder, file.rejected.file)
  let rows: RejectedRow[] = []
  let count = 0
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    rows.push(JSON.parse(line) as RejectedRow)
    count += 1
    if (rows.length < ROWS_AT_ONCE) continue
    yield rows
    rows = []
  }
  if (rows.length > 0) yield rows
  if (count !== file.rejected.rows) throw changed(path)
}
